/**
 * What the desk asks all day must find its rows by an index, however large the tables grow: the plans that PostgreSQL
 * really runs, as the plugin's own role behind the tenant wall, where an index is easily lost.
 */
import { expect } from "chai";
import type { Knex } from "knex";

import { seed } from "../../bench/seed/mod.ts";
import { databaseFor, type Trx } from "../../core/db/database.ts";
import { openPool } from "../../core/db/pool.ts";
import { addDays } from "../../core/mod.ts";
import { loginRole, urlAs } from "../../core/db/role_names.ts";
import { createTestDatabase, sendPlans, type TestDatabase, testSecret } from "#testing/mod.ts";
import { countFreeRooms } from "./desk/type_calendar.ts";
import { readChart } from "./desk/tape_chart.ts";
import { freeRooms } from "./allocation/free_rooms.ts";
import { findPlanFaults, plansFor, runsPerQuery } from "./testing/plan_check.ts";
import {
  type QueriedHotel,
  findQueriedHotel,
  bookings,
  guests,
  type ReadQuery,
  readQueries,
} from "./testing/read_queries.ts";

/** Rows that one step of a plan may look at; the hotel has 10,000 bookings. */
const mostRows = 3000;
/** Where it is another. */
const otherLimits: Readonly<Record<string, number>> = {
  // These answer with little.
  "a booking of a room": 200,
  "a booking of a room type": 200,
  "the look-up of a known guest": 10,
  "the choice of a room": 200,
  "one guest": 50,
  "one booking": 50,
  "bookings of a guest": 100,
  "the board": 200,
};
/** An answer of a list. */
interface Answered {
  readonly body: { readonly items: readonly Record<string, unknown>[] };
}

const limitOf = (name: string): number => otherLimits[name] ?? mostRows;

/**
 * Which query is lost without which indexes; that it is shows that these tests can fail. Where there are several, one
 * stands in for the other.
 */
const needed: readonly (readonly [query: string, ...indexes: string[]])[] = [
  ["availability", "occupancies_short", "occupancies_room", "occupancies_booking", "one_party_a_night"],
  ["a booking of a room", "occupancies_room", "one_party_a_night"],
  ["the look-up of a known guest", "guests_email"],
  ["a booking of a room type", "guests_phone"],
  ["guests by a rare name", "guests_search"],
  ["guests by a former name", "guest_contacts_search"],
  ["the look-up of a known guest", "guest_contacts_email"],
  ["the first page of all bookings", "bookings_arrival"],
  ["bookings by departure", "bookings_departure"],
  ["bookings of a room", "bookings_room"],
  ["one guest", "bookings_guest"],
  ["the board", "bookings_status"],
  ["the board", "bookings_ended"],
  ["the board", "bookings_guest"],
  ["the chart", "occupancies_short", "occupancies_room", "occupancies_booking", "one_party_a_night"],
  [
    "the calendar of the room types",
    "occupancies_short",
    "occupancies_room",
    "occupancies_booking",
    "one_party_a_night",
  ],
  ["bookings of a guest", "bookings_guest"],
  ["the rooms for a move", "occupancies_room", "one_party_a_night"],
  ["the quotes of a stay", "occupancies_room", "one_party_a_night"],
  ["the preview of the close", "bookings_status"],
  ["the close of the day", "bookings_ended"],
  ["the close of the day", "bookings_checked_in"],
  ["one booking", "booking_nights_pkey"],
  ["the history of a booking", "booking_history_booking"],
];

describe("the plans of what the desk asks", function () {
  this.timeout(120_000);
  let database: TestDatabase;
  let owner: Knex;
  let gate: Knex;
  let hotel: QueriedHotel;
  before(async () => {
    database = await createTestDatabase();
    // Three hotels of 100 rooms with 10,000 bookings each, and one of 30 rooms with 15,000.
    await seed({ url: database.url, scale: 0.015, day: "2026-11-05", say: () => undefined });
    owner = openPool({ url: database.url, max: 1, name: "plans test owner" });
    // A former contact of each guest: of a small table, PostgreSQL reads all of the hotel rather than the trigram index.
    await owner.raw(`INSERT INTO pms.guest_contacts (hotel_id, guest_id, name, email, phone)
      SELECT hotel_id, guest_id, 'Former ' || reverse(name), 'former.' || email, NULL FROM pms.guests`);
    await owner.raw("ANALYZE pms.guest_contacts");
    await sendPlans(owner);
    gate = openPool({ url: urlAs(database.url, loginRole, testSecret), max: 1, name: "plans test" });
    hotel = await findQueriedHotel(owner, "Seed hotel 1");
  });
  after(async () => {
    await gate?.destroy();
    await owner?.destroy();
    await database?.drop();
  });

  /** Drops indexes, or the constraints that have them. @returns how they are made again */
  const takeAway = async (indexes: readonly string[]): Promise<string[]> => {
    const { rows } = await owner.raw(
      `SELECT 'DROP INDEX pms.' || indexname AS drop, indexdef AS create FROM pg_indexes
         WHERE schemaname = 'pms' AND indexname = ANY(?)
           AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)
       UNION ALL SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || conname,
         'ALTER TABLE ' || conrelid::regclass || ' ADD CONSTRAINT ' || conname || ' ' || pg_get_constraintdef(oid)
         FROM pg_constraint WHERE conname = ANY(?)`,
      [[...indexes], [...indexes]],
    );
    const parts = rows as { drop: string; create: string }[];
    expect(parts.length).to.equal(indexes.length);
    for (const { drop } of parts) await owner.raw(drop);
    return parts.map(({ create }) => create);
  };

  for (const [name, query] of Object.entries(readQueries)) {
    it(`${name}: by an index, and few rows`, async () => {
      const plans = await plansFor(gate, hotel, query);
      expect(plans.length).to.be.at.least(runsPerQuery);
      expect(findPlanFaults(plans, limitOf(name))).to.deep.equal([]);
    });
  }

  for (const [name, ...indexes] of needed) {
    it(`notices where ${indexes.join(", ")} ${indexes.length === 1 ? "is" : "are"} gone: ${name}`, async () => {
      const back = await takeAway(indexes);
      try {
        expect(
          findPlanFaults(await plansFor(gate, hotel, readQueries[name] as ReadQuery), limitOf(name)),
        ).not.to.deep.equal([]);
      } finally {
        for (const sql of back) await owner.raw(sql);
      }
    });
  }

  it("asks for the board and for the chart in a few statements, whatever the size of the hotel", async () => {
    for (const name of ["the board", "the chart"]) {
      expect((await plansFor(gate, hotel, readQueries[name] as ReadQuery)).length / runsPerQuery, name).to.be.at.most(
        3,
      );
    }
  });

  it("closes a day in a few statements, however many guests stay on", async () => {
    const { rows } = await owner.raw(
      "SELECT FROM pms.bookings WHERE hotel_id = ? AND status = 'in_house' AND departure <= ?",
      [hotel.hotelId, hotel.today],
    );
    const most = 24;
    expect(rows.length, "who stay on").to.be.greaterThan(most);
    const plans = await plansFor(gate, hotel, readQueries["the close of the day"] as ReadQuery);
    // Without what PostgreSQL asks itself of foreign keys, row by row.
    const asked = plans.filter(({ statement }) => !statement.startsWith("SELECT 1 FROM ONLY"));
    expect(asked.length / runsPerQuery).to.be.at.most(most);
  });

  const ask = <T>(query: (trx: Trx) => Promise<T>): Promise<T> =>
    databaseFor(gate, "pms", false).tenant(hotel.hotelId, query, { readOnly: true });
  const idsOf = async (sql: string, values: readonly string[]): Promise<string[]> => {
    const { rows } = (await owner.raw(sql, values)) as { rows: { id: string }[] };
    return rows.map(({ id }) => id);
  };

  for (const text of [
    "barabe",
    "müller",
    "thorsteinsson",
    "example.com",
    "zo",
    "z",
    "@",
    "o'b",
    "anna m",
    "muller Anna",
    "jose",
    "o’brien",
    "former",
    "former annam",
    "0000012",
    "nobody at all",
  ]) {
    it(`finds by "${text}" the guests and bookings that a look at each row finds`, async () => {
      // Each guest is folded again, whatever the columns say. One or two letters count at the beginning of a word.
      const shown = `pms.fold_text(concat_ws(' ', name, email, regexp_replace(phone, '[^0-9]', '', 'g')))`;
      const words = text.split(" ");
      const occurs = words
        .map((word) =>
          /^\p{L}{1,2}$/u.test(word) ? `${shown} ~ ('\\m' || ?)` : `position(pms.fold_text(?) in ${shown}) > 0`,
        )
        .join(" AND ");
      const people = (await ask((trx) => guests({ query: text, limit: "200" })(trx, hotel))) as Answered;
      const contacts = `(SELECT hotel_id, guest_id, name, email, phone FROM pms.guests
        UNION ALL SELECT hotel_id, guest_id, name, email, phone FROM pms.guest_contacts) AS contacts`;
      const found = `SELECT DISTINCT guest_id AS id FROM ${contacts} WHERE hotel_id = ? AND ${occurs}`;
      const expected = await idsOf(`${found} ORDER BY id LIMIT 200`, [hotel.hotelId, ...words]);
      expect(people.body.items.map(({ guest_id }) => guest_id)).to.deep.equal(expected);
      const stays = (await ask((trx) => bookings({ guest: text, limit: "200" })(trx, hotel))) as Answered;
      const booked = `SELECT booking_id AS id FROM pms.bookings WHERE hotel_id = ? AND guest_id IN (${found})`;
      expect(stays.body.items.map(({ booking_id }) => booking_id)).to.deep.equal(
        await idsOf(`${booked} ORDER BY arrival, booking_id LIMIT 200`, [hotel.hotelId, hotel.hotelId, ...words]),
      );
    });
  }

  it("finds the rooms free that a look at each night finds", async () => {
    for (const days of [-20, 0, 10, 60]) {
      const [arrival, departure] = [addDays(hotel.today, days), addDays(hotel.today, days + 3)];
      const free = await ask((trx) =>
        freeRooms(trx, { hotelId: hotel.hotelId, arrival, departure, guests: 1, limit: 200 }),
      );
      const expected = await idsOf(
        `SELECT room_id AS id FROM pms.rooms r WHERE hotel_id = ? AND status <> 'out_of_order' AND NOT EXISTS (
           SELECT FROM pms.occupancies o WHERE o.hotel_id = r.hotel_id AND o.room_id = r.room_id
             AND o.nights && daterange(?::date, ?::date))
           AND NOT EXISTS (SELECT FROM pms.rates d WHERE d.hotel_id = r.hotel_id AND d.room_type_id = r.room_type_id
             AND d.date = ?::date AND (d.closed_to_arrival OR d.minimum_stay > 3)) ORDER BY sort_key, room_id`,
        [hotel.hotelId, arrival, departure, arrival],
      );
      expect(free.map(({ room_id }) => room_id)).to.deep.equal(expected);
    }
  });

  it("Counts the rooms as free that a look at each night finds", async () => {
    const types = await idsOf("SELECT room_type_id AS id FROM pms.room_types WHERE hotel_id = ?", [hotel.hotelId]);
    const [from, to] = [addDays(hotel.today, -3), addDays(hotel.today, 40)];
    const free = await ask((trx) => countFreeRooms(trx, hotel.hotelId, { from, to, roomTypeIds: types }, hotel.today));
    const expected = await idsOf(
      `SELECT concat_ws(' ', t.room_type_id, day::date, (SELECT count(*) FROM pms.rooms r
         WHERE r.hotel_id = t.hotel_id AND r.room_type_id = t.room_type_id AND status <> 'out_of_order'
           AND (status <> 'out_of_service' OR day > ?::date) AND coalesce(retired_from > day, true)
           AND NOT EXISTS (SELECT FROM pms.occupancies o WHERE o.hotel_id = r.hotel_id AND o.room_id = r.room_id
             AND o.nights @> day::date))) AS id
       FROM pms.room_types t, generate_series(?::date, ?::date - 1, interval '1 day') AS day WHERE t.hotel_id = ?`,
      [hotel.today, from, to, hotel.hotelId],
    );
    const counted = [...free].flatMap(([id, days]) =>
      days.map((rooms, index) => `${id} ${addDays(from, index)} ${rooms}`),
    );
    expect(expected.length).to.equal(types.length * 43);
    expect(counted.sort()).to.deep.equal(expected.sort());
  });

  it("charts every stay and closure that touches the days", async () => {
    const [from, to] = [addDays(hotel.today, -3), addDays(hotel.today, 28)];
    const chart = await ask((trx) => readChart(trx, { hotelId: hotel.hotelId, from, to, limit: 200 }));
    const shown = chart.flatMap(({ room }) => [
      ...room.stays.map(
        (stay) => `${room.room_id} ${stay.booking_id} ${stay.from} ${stay.to} ${stay.status} ${stay.guest_name}`,
      ),
      ...room.closures.map(
        (closure) => `${room.room_id} ${closure.closure_id} ${closure.from} ${closure.to} ${closure.reason}`,
      ),
    ]);
    const expected = await idsOf(
      `SELECT concat_ws(' ', o.room_id, coalesce(o.booking_id, o.occupancy_id), o.arrival, o.departure, b.status,
         coalesce(b.guest_name, o.reason)) AS id FROM pms.occupancies o LEFT JOIN pms.bookings b USING (hotel_id, booking_id)
       WHERE o.hotel_id = ? AND o.nights && daterange(?::date, ?::date)`,
      [hotel.hotelId, from, to],
    );
    expect(chart.length).to.equal(100);
    expect(shown.length).to.be.greaterThan(500);
    expect(shown.sort()).to.deep.equal(expected.sort());
  });
});

/**
 * Checks the plans of the desk's frequent queries. Each query must find its rows by an index, however large the tables
 * grow. The queries run as the plugin's role with row-level security, where PostgreSQL easily stops using an index.
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

/** The most rows that one step of a plan can read. The hotel has 10,000 bookings. */
const mostRows = 3000;
/** Queries with another limit. */
const otherLimits: Readonly<Record<string, number>> = {
  // These queries return few rows.
  "a booking of a room": 200,
  "a booking of a room type": 200,
  "the look-up of a known guest": 10,
  "the choice of a room": 200,
  "one guest": 50,
  "one booking": 50,
  "bookings of a guest": 100,
  "the board": 200,
  "the list of housekeeping": 200,
};
/** The answer of a route that lists. */
interface Answered {
  readonly body: { readonly items: readonly Record<string, unknown>[] };
}

const limitOf = (name: string): number => otherLimits[name] ?? mostRows;

/**
 * The indexes without which a query reads too many rows. The tests drop them to show that the checks can fail. If a
 * query has several, each of them can replace the others, so all are dropped.
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
  ["the list of housekeeping", "bookings_status"],
  ["the list of housekeeping", "occupancies_room", "one_party_a_night", "occupancies_short", "occupancies_booking"],
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

describe("The plans of the desk's queries", function () {
  this.timeout(120_000);
  let database: TestDatabase;
  let owner: Knex;
  let pool: Knex;
  let hotel: QueriedHotel;
  before(async () => {
    database = await createTestDatabase();
    // Three hotels of 100 rooms with 10,000 bookings each, and one of 30 rooms with 15,000.
    await seed({ url: database.url, scale: 0.015, day: "2026-11-05", say: () => undefined });
    owner = openPool({ url: database.url, max: 1, name: "plans test owner" });
    // Adds a former contact of each guest. PostgreSQL would not use the trigram index of a small table.
    await owner.raw(`INSERT INTO pms.guest_contacts (hotel_id, guest_id, name, email, phone)
      SELECT hotel_id, guest_id, 'Former ' || reverse(name), 'former.' || email, NULL FROM pms.guests`);
    await owner.raw("ANALYZE pms.guest_contacts");
    await sendPlans(owner);
    pool = openPool({ url: urlAs(database.url, loginRole, testSecret), max: 1, name: "plans test" });
    hotel = await findQueriedHotel(owner, "Seed hotel 1");
  });
  after(async () => {
    await pool?.destroy();
    await owner?.destroy();
    await database?.drop();
  });

  /** Drops indexes, or the constraints that own them. @returns the SQL that creates them again */
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
    it(`The query "${name}" uses an index and reads few rows`, async () => {
      const plans = await plansFor(pool, hotel, query);
      expect(plans.length).to.be.at.least(runsPerQuery);
      expect(findPlanFaults(plans, limitOf(name))).to.deep.equal([]);
    });
  }

  for (const [name, ...indexes] of needed) {
    it(`The check of "${name}" fails without ${indexes.join(", ")}`, async () => {
      const back = await takeAway(indexes);
      try {
        expect(
          findPlanFaults(await plansFor(pool, hotel, readQueries[name] as ReadQuery), limitOf(name)),
        ).not.to.deep.equal([]);
      } finally {
        for (const sql of back) await owner.raw(sql);
      }
    });
  }

  it("The board and the chart need at most 3 statements, whatever the size of the hotel", async () => {
    for (const name of ["the board", "the chart"]) {
      expect((await plansFor(pool, hotel, readQueries[name] as ReadQuery)).length / runsPerQuery, name).to.be.at.most(
        3,
      );
    }
  });

  it("The close of the day needs at most 24 statements, however many guests stay longer", async () => {
    const { rows } = await owner.raw(
      "SELECT FROM pms.bookings WHERE hotel_id = ? AND status = 'in_house' AND departure <= ?",
      [hotel.hotelId, hotel.today],
    );
    const most = 24;
    expect(rows.length, "guests who stay longer").to.be.greaterThan(most);
    const plans = await plansFor(pool, hotel, readQueries["the close of the day"] as ReadQuery);
    // Ignores PostgreSQL's own queries, which check foreign keys row by row.
    const asked = plans.filter(({ statement }) => !statement.startsWith("SELECT 1 FROM ONLY"));
    expect(asked.length / runsPerQuery).to.be.at.most(most);
  });

  const ask = <T>(query: (trx: Trx) => Promise<T>): Promise<T> =>
    databaseFor(pool, "pms", false).tenant(hotel.hotelId, query, { readOnly: true });
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
    it(`A search for "${text}" finds the guests and bookings that a check of each row finds`, async () => {
      // Folds each guest's texts again instead of reading the columns. One or two letters must begin a word.
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

  it("The search for free rooms finds the rooms that a check of each night finds", async () => {
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

  it("The calendar counts the free rooms that a check of each night finds", async () => {
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

  it("The chart shows every stay and closure that overlaps its days", async () => {
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
         coalesce(b.guest_name, o.reason)) AS id
       FROM pms.occupancies o LEFT JOIN pms.bookings b USING (hotel_id, booking_id)
       WHERE o.hotel_id = ? AND o.nights && daterange(?::date, ?::date)`,
      [hotel.hotelId, from, to],
    );
    expect(chart.length).to.equal(100);
    expect(shown.length).to.be.greaterThan(500);
    expect(shown.sort()).to.deep.equal(expected.sort());
  });
});

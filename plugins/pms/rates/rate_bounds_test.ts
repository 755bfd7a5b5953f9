/** Each call reads a limited number of rates, however many a hotel has stored. */
import { expect } from "chai";
import type { Knex } from "knex";

import { openPool } from "../../../core/db/pool.ts";
import { addDays } from "../../../core/mod.ts";
import { loginRole, urlAs } from "../../../core/db/role_names.ts";
import {
  nodesOf,
  plansOf,
  rowsRead,
  sendPlans,
  startTestPlatform,
  type TestPlatform,
  testSecret,
} from "#testing/mod.ts";
import { type Desk, openDesk } from "../testing/desk.ts";
import { type Call, directDesk, type Outcome } from "../testing/model_tests/direct_desk.ts";

const types = 30;
/** The number of rates of each room type, from the business date on. */
const days = 400;
/** The number of rates of the first room type (eleven years). */
const daysOfFirst = 4000;

describe("The number of rates that a call reads", () => {
  let platform: TestPlatform;
  let pool: Knex;
  let desk: Desk;
  let call: (call: Call) => Promise<Outcome>;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    desk = await openDesk(platform, { rooms: 2 });
    const { hotelId, roomTypeId } = desk;
    await platform.owner.raw(
      `INSERT INTO pms.room_types (hotel_id, room_type_id, name, capacity, rate)
       SELECT ?, gen_random_uuid(), 'Type ' || i, 2, 100 FROM generate_series(2, ?::int) AS i`,
      [hotelId, types],
    );
    await platform.owner.raw(
      `INSERT INTO pms.rates (hotel_id, room_type_id, date, rate)
       SELECT hotel_id, room_type_id, ?::date + i, 100 + i % 50 FROM pms.room_types,
         generate_series(0, CASE room_type_id WHEN ? THEN ?::int ELSE ?::int END - 1) AS i WHERE hotel_id = ?`,
      [desk.day(0), roomTypeId, daysOfFirst, days, hotelId],
    );
    await platform.owner.raw("ANALYZE pms.room_types, pms.rates");
    await sendPlans(platform.owner);
    pool = openPool({ url: urlAs(platform.databaseUrl, loginRole, testSecret), max: 1, name: "rate bounds test" });
    call = directDesk(pool, hotelId);
  });
  after(async () => {
    await pool?.destroy();
    await platform?.close();
  });

  /** Runs a call. @returns its outcome, and the number of rates that it read */
  async function readBy(one: Call) {
    let outcome: Outcome = { code: "", body: undefined };
    const plans = await plansOf(pool, async () => {
      outcome = await call(one);
      // PostgreSQL sends the plan of a statement when the next one arrives.
      await pool.raw("SELECT 1");
    });
    const scans = plans.flatMap(({ root }) => nodesOf(root)).filter((node) => node["Relation Name"] === "rates");
    return { ...outcome, rows: scans.map(rowsRead).reduce((sum, rows) => sum + rows, 0) };
  }

  const stay = (nights: number) => ({
    guest: { name: "Ada Lovelace" },
    check_in_at: desk.day(1),
    expected_check_out_at: desk.day(1 + nights),
  });

  it("Free rooms for a year are priced by the rates of their own types", async () => {
    const { body, rows } = await readBy({
      id: "findFreeRooms",
      query: { check_in: desk.day(1), check_out: desk.day(367) },
    });
    expect(body.items).to.have.length(2);
    expect(body.items[0].nights[0].rate).to.equal("101.00");
    expect(rows).to.be.within(366, 2 * 366);
  });

  it("A booking of thousands of years is refused before the rates of more than a year are read", async () => {
    for (const wish of [{ room_type_id: desk.roomTypeId }, { room_id: desk.roomIds[0] }]) {
      const body = { ...stay(1), ...wish, expected_check_out_at: "9999-12-30" };
      const { code, rows } = await readBy({ id: "createBooking", body });
      expect(code).to.equal("VALIDATION_FAILED");
      expect(rows).to.be.below(400);
    }
  });

  it("A booking and an amendment of the longest stay read each rate of its nights at most twice", async () => {
    const booked = await readBy({ id: "createBooking", body: { ...stay(366), room_type_id: desk.roomTypeId } });
    expect(booked.code).to.equal("OK");
    const { nights, booking_id } = booked.body as { nights: { rate: string }[]; booking_id: string };
    expect([nights.length, nights[0]?.rate, nights.at(-1)?.rate]).to.deep.equal([366, "101.00", "116.00"]);
    const amended = await readBy({
      id: "amendBooking",
      params: { booking_id },
      body: { expected_check_out_at: desk.day(366) },
    });
    expect(amended.code).to.equal("OK");
    // The call reads once the rates of the days, and once the restrictions of the arrival.
    for (const { rows } of [booked, amended]) expect(rows).to.be.below(2 * 400);
  });

  it("The pages of the list contain all rates of the range in their order", async () => {
    const query = { from: desk.day(0), to: desk.day(399) };
    const all: { room_type_id: string; date: string }[] = [];
    let cursor: string | null = null;
    do {
      const { body } = await call({ id: "listRates", query: cursor === null ? query : { ...query, cursor } });
      expect(body.items).to.have.length.at.most(2000);
      all.push(...body.items);
      cursor = body.next_cursor;
    } while (cursor !== null);
    expect(all).to.have.length(types * days);
    expect(all).to.deep.equal([...all].sort((a, b) => (a.date + a.room_type_id < b.date + b.room_type_id ? -1 : 1)));
    expect(new Set(all.map(({ date, room_type_id }) => date + room_type_id)).size).to.equal(types * days);
    const one = await call({ id: "listRates", query: { ...query, room_type_id: desk.roomTypeId, limit: "150" } });
    expect(one.body.items.at(-1).date).to.equal(addDays(query.from, 149));
    expect(one.body.next_cursor).to.be.a("string");
  });
});

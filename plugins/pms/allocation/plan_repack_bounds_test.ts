/** The search for a repacking is bounded in the rows that it reads and in the allocations that it looks at. */
import { expect } from "chai";
import type { Knex } from "knex";

import { openPool } from "../../../core/db/pool.ts";
import { addDays } from "../../../core/mod.ts";
import { loginRole, urlAs } from "../../../core/db/role_names.ts";
import { nodesOf, plansOf, rowsRead, tellPlans } from "../../../testing/plans.ts";
import { testSecret } from "../../../testing/postgres.ts";
import { databaseFor } from "../../../core/db/database.ts";
import { startTestPlatform, type TestPlatform } from "../../../testing/platform.ts";
import { type Desk, openDesk } from "../testing/desk.ts";
import { fillHotel } from "../testing/full_hotel.ts";
import { mostLooks, offerRepacking, planRepack } from "./plan_repack.ts";
import { maxAllocations, readAllocations, type RoomAllocation } from "./room_allocations.ts";

const day = (days: number): string => addDays("2030-01-01", days);

/** Tenures that count how often their days are read: each look at one reads one of them or both. */
function countedAllocations(
  rooms: readonly string[],
  nights: number,
): { allocations: RoomAllocation[]; reads: () => number } {
  let reads = 0;
  const counted = (room: string, from: number, to: number): RoomAllocation => ({
    booking_id: `${room} ${from}`,
    room_id: room,
    movable: true,
    get arrival() {
      reads += 1;
      return day(from);
    },
    get departure() {
      reads += 1;
      return day(to);
    },
  });
  const allocations = rooms.flatMap((room, index) =>
    index === 0 ? [counted(room, 0, nights)] : Array.from({ length: nights }, (_, at) => counted(room, at, at + 1)),
  );
  return { allocations, reads: () => reads };
}

describe("the bounds of the search for a repacking", () => {
  for (const [rooms, nights] of [
    [10, 200],
    [100, 30],
    [500, 6],
  ] as const) {
    it(`looks at a bounded number of allocations: ${rooms} rooms full for ${nights} nights, all of them movable`, () => {
      const { allocations, reads } = countedAllocations(
        Array.from({ length: rooms }, (_, index) => `room ${index}`),
        nights,
      );
      for (const length of [1, 2, 5]) {
        const before = reads();
        const from = nights >> 1;
        expect(
          planRepack([...new Set(allocations.map(({ room_id }) => room_id))], allocations, {
            arrival: day(from),
            departure: day(Math.min(from + length, nights)),
          }),
        ).to.equal(undefined);
        // Two days of a allocation for each look, and what sorting takes of allocations that come in their order.
        expect(reads() - before).to.be.lessThan(2 * mostLooks + 4 * allocations.length + 2_000);
      }
    });
  }

  it("finds its way in a large hotel where one room holds a stay that fits elsewhere", () => {
    const rooms = Array.from({ length: 200 }, (_, index) => `room ${index}`);
    const { allocations } = countedAllocations(rooms, 14);
    // Room 199 is free on night 7; night 6 of room 0 and all others are taken.
    const taken = allocations.filter(({ booking_id }) => booking_id !== "room 199 7" && booking_id !== "room 198 8");
    expect(planRepack(rooms, taken, { arrival: day(7), departure: day(9) })?.moves).to.have.length(1);
  });

  describe("in the database", () => {
    let platform: TestPlatform;
    let gate: Knex;
    let desk: Desk;
    before(async () => {
      platform = await startTestPlatform({ worker: false });
      desk = await openDesk(platform);
      await fillHotel(platform.owner, { ...desk, from: desk.day(1), rooms: 60, nights: 120 });
      await tellPlans(platform.owner);
      gate = openPool({ url: urlAs(platform.databaseUrl, loginRole, testSecret), max: 1, name: "bounds test" });
    });
    after(async () => {
      await gate?.destroy();
      await platform?.close();
    });

    const question = () => ({ ...desk, arrival: desk.day(60), departure: desk.day(62) });

    it("reads few rows of a hotel that is full for months, where one stay has a room for all of them", async () => {
      // The stay of 120 nights would have all 7,200 allocations read.
      const db = databaseFor(gate, "pms", false);
      const read = await db.tenant(desk.hotelId, (trx) => readAllocations(trx, question(), desk.day(0)));
      expect(read?.rooms.length).to.equal(61);
      expect(read?.allocations.length).to.be.within(100, maxAllocations);
      const plans = await plansOf(gate, async () => {
        // PostgreSQL thinks about a plan for all values after the fifth run of a prepared statement.
        for (let run = 0; run < 7; run += 1) {
          await db.tenant(desk.hotelId, (trx) => offerRepacking(trx, question(), desk.day(0)), { readOnly: true });
        }
      });
      const most = Math.max(...plans.flatMap(({ root }) => nodesOf(root)).map(rowsRead));
      expect(most).to.be.lessThan(maxAllocations + 100);
    });

    it("still answers a refused booking with the way where there is one next to the stay", async () => {
      // Room 101 is free but for one night: the stay of that night fits into the night that is given back.
      await desk.booked(60, 61);
      const { rows } = (await platform.owner.raw(
        `SELECT b.booking_id FROM pms.bookings b JOIN pms.rooms r USING (hotel_id, room_id)
         WHERE b.hotel_id = ? AND b.arrival = ? AND r.room_number = 'F00007'`,
        [desk.hotelId, desk.day(60)],
      )) as { rows: { booking_id: string }[] };
      expect((await desk.operate("cancel", rows[0]?.booking_id ?? "")).status).to.equal(200);
      const refused = await desk.book(60, 62, { room_type_id: desk.roomTypeId });
      expect(refused.body.code).to.equal("NO_ROOM_FREE");
      expect(refused.body.repack.moves).to.have.length(1);
    });

    it("offers nothing where even the nights next to the stay have too many allocations", async () => {
      const read = await databaseFor(gate, "pms", false).tenant(desk.hotelId, (trx) =>
        readAllocations(trx, { ...question(), departure: desk.day(118) }, desk.day(0)),
      );
      expect(read).to.equal(undefined);
      const refused = await desk.book(60, 118, { room_type_id: desk.roomTypeId });
      // Room 101 has a guest on one of the nights by now.
      expect(refused.body).to.include({ code: "NO_ROOM_FREE" });
      expect(refused.body).not.to.have.property("repack");
    });
  });
});

/** A search for a repacking reads a bounded number of rows and looks at a bounded number of allocations. */
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
import { databaseFor } from "../../../core/db/database.ts";
import { type Desk, openDesk } from "../testing/desk.ts";
import { fillHotel } from "../testing/full_hotel.ts";
import { maxLooks, offerRepacking, planRepack } from "./plan_repack.ts";
import { maxAllocations, readAllocations, type RoomAllocation } from "./room_allocations.ts";

const day = (days: number): string => addDays("2030-01-01", days);

/** Makes allocations that count the reads of their days. Each look reads one or both days of an allocation. */
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

describe("The bounds of the search for a repacking", () => {
  for (const [rooms, nights] of [
    [10, 200],
    [100, 30],
    [500, 6],
  ] as const) {
    it(`The search takes a bounded number of looks at ${rooms} rooms that are full for ${nights} nights`, () => {
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
        // Two days for each look, and the reads of sorting allocations that are already in order.
        expect(reads() - before).to.be.lessThan(2 * maxLooks + 4 * allocations.length + 2_000);
      }
    });
  }

  it("The search finds a plan in a large hotel where one stay fits into another room", () => {
    const rooms = Array.from({ length: 200 }, (_, index) => `room ${index}`);
    const { allocations } = countedAllocations(rooms, 14);
    // Room 199 is free on night 7, and room 198 on night 8. All other nights are taken.
    const remaining = allocations.filter(({ booking_id: id }) => id !== "room 199 7" && id !== "room 198 8");
    expect(planRepack(rooms, remaining, { arrival: day(7), departure: day(9) })?.moves).to.have.length(1);
  });

  describe("In the database", () => {
    let platform: TestPlatform;
    let gate: Knex;
    let desk: Desk;
    before(async () => {
      platform = await startTestPlatform({ worker: false });
      desk = await openDesk(platform);
      await fillHotel(platform.owner, { ...desk, from: desk.day(1), rooms: 60, nights: 120 });
      await sendPlans(platform.owner);
      gate = openPool({ url: urlAs(platform.databaseUrl, loginRole, testSecret), max: 1, name: "bounds test" });
    });
    after(async () => {
      await gate?.destroy();
      await platform?.close();
    });

    const question = () => ({ ...desk, arrival: desk.day(60), departure: desk.day(62) });

    it("The search reads few rows of a full hotel, even if one stay has a room for 120 nights", async () => {
      // Without the bound, the stay of 120 nights would make the search read all 7,200 allocations.
      const db = databaseFor(gate, "pms", false);
      const read = await db.tenant(desk.hotelId, (trx) => readAllocations(trx, question(), desk.day(0)));
      expect(read?.rooms.length).to.equal(61);
      expect(read?.allocations.length).to.be.within(100, maxAllocations);
      const plans = await plansOf(gate, async () => {
        // PostgreSQL considers a generic plan after the fifth run of a prepared statement.
        for (let run = 0; run < 7; run += 1) {
          await db.tenant(desk.hotelId, (trx) => offerRepacking(trx, question(), desk.day(0)), { readOnly: true });
        }
      });
      const most = Math.max(...plans.flatMap(({ root }) => nodesOf(root)).map(rowsRead));
      expect(most).to.be.lessThan(maxAllocations + 100);
    });

    it("A refused booking gets a plan if one exists next to the stay", async () => {
      // Room 101 is free except for one night. The stay of that night fits into the night that is canceled.
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

    it("A refused booking gets no plan if the nights next to the stay have too many allocations", async () => {
      const read = await databaseFor(gate, "pms", false).tenant(desk.hotelId, (trx) =>
        readAllocations(trx, { ...question(), departure: desk.day(118) }, desk.day(0)),
      );
      expect(read).to.equal(undefined);
      const refused = await desk.book(60, 118, { room_type_id: desk.roomTypeId });
      // Since the test before, room 101 has a guest on one of the nights.
      expect(refused.body).to.include({ code: "NO_ROOM_FREE" });
      expect(refused.body).not.to.have.property("repack");
    });
  });
});

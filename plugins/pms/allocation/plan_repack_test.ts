import { expect } from "chai";

import { addDays } from "../../../core/mod.ts";
import { startTestPlatform, type TestPlatform, withoutUndo } from "#testing/mod.ts";
import { openDesk } from "../testing/desk.ts";
import { planRepack } from "./plan_repack.ts";
import type { RoomAllocation } from "./room_allocations.ts";

const day = (days: number): string => addDays("2030-01-01", days);

/** Reads `"a 0-3 x"` as room a, nights 0 to 3, booking x. An exclamation mark makes the booking immovable. */
const allocations = (...lines: string[]): RoomAllocation[] =>
  lines.map((line) => {
    const [room = "", range = "", booking = ""] = line.split(" ");
    const [from = "0", to = "0"] = range.split("-");
    return {
      room_id: room,
      arrival: day(Number(from)),
      departure: day(Number(to)),
      booking_id: booking.replace("!", ""),
      movable: !booking.endsWith("!"),
    };
  });

const stay = (from: number, to: number) => ({ arrival: day(from), departure: day(to) });

const movesOf = (rooms: string[], taken: RoomAllocation[], from: number, to: number): string[] | undefined =>
  planRepack(rooms, taken, stay(from, to))?.moves.map(
    (move) => `${move.booking_id} ${move.from_room_id}>${move.to_room_id}`,
  );

describe("A repacking", () => {
  it("A plan has no moves if a room is free", () => {
    expect(movesOf(["a", "b"], allocations("a 0-3 x"), 1, 2)).to.deep.equal([]);
  });

  it("A plan moves one stay that is in the way", () => {
    expect(movesOf(["a", "b"], allocations("a 0-2 x", "b 2-4 y"), 0, 4)).to.have.length(1);
  });

  it("A plan moves two stays out of one room, each into a room where it fits", () => {
    const taken = allocations("a 0-2 x", "a 4-6 y", "b 3-4 w!", "b 5-6 v!", "c 0-1 z!");
    expect(movesOf(["a", "b", "c"], taken, 0, 6)).to.deep.equal(["x a>b", "y a>c"]);
  });

  it("A plan moves a stay that is in the way of another move", () => {
    const taken = allocations("a 0-4 x", "b 2-4 y", "b 4-9 v!", "c 0-2 w!", "c 4-9 u!");
    expect(movesOf(["a", "b", "c"], taken, 1, 5)).to.deep.equal(["x a>b", "y b>c"]);
  });

  it("A plan does not move an immovable stay", () => {
    expect(movesOf(["a", "b"], allocations("a 0-2 x!", "b 2-4 y!"), 0, 4)).to.equal(undefined);
  });

  it("A plan never puts two bookings into one room and night", () => {
    let random = 7;
    const next = (below: number): number => {
      random = (random * 1103515245 + 12345) % 2147483648;
      return random % below;
    };
    let found = 0;
    for (let round = 0; round < 400; round += 1) {
      const rooms = ["a", "b", "c", "d"];
      const taken: RoomAllocation[] = [];
      for (const room of rooms) {
        for (let at = next(3); at < 14;) {
          const to = at + 1 + next(4);
          taken.push(...allocations(`${room} ${at}-${to} ${room}${at}${next(4) === 0 ? "!" : ""}`));
          at = to + next(4);
        }
      }
      const from = next(8);
      const wanted = stay(from, from + 1 + next(5));
      const plan = planRepack(rooms, taken, wanted);
      if (plan === undefined) continue;
      found += 1;
      const after = taken.map((one) => {
        const move = plan.moves.find((each) => each.booking_id === one.booking_id);
        expect(move === undefined || one.movable, `${one.booking_id} must not move`).to.equal(true);
        return move === undefined ? one : { ...one, room_id: move.to_room_id };
      });
      after.push({ ...wanted, room_id: plan.room_id, booking_id: "new", movable: false });
      for (const [index, one] of after.entries()) {
        for (const other of after.slice(index + 1)) {
          const meet = one.room_id === other.room_id && one.arrival < other.departure && other.arrival < one.departure;
          expect(meet, `${one.booking_id} meets ${other.booking_id}`).to.equal(false);
        }
      }
    }
    expect(found).to.be.greaterThan(100);
  });

  describe("Over HTTP", () => {
    let platform: TestPlatform;
    before(async () => {
      platform = await startTestPlatform({ worker: false });
    });
    after(() => platform.close());

    it("A refusal offers a plan, a preview shows it, one request applies it, and the stay can be booked", async () => {
      const desk = await openDesk(platform, { rooms: 2 });
      const [first, second] = desk.roomIds;
      await desk.booked(0, 1, { room_id: first, guest: { name: "Past" } });
      const x = await desk.booked(2, 4, { room_id: first });
      await desk.booked(4, 6, { room_id: second, guest: { name: "Grace" }, room_locked: true });
      const refused = await desk.book(2, 6, { room_type_id: desk.roomTypeId });
      expect(refused.body.code).to.equal("NO_ROOM_FREE");
      expect(refused.body.repack).to.include({ room_id: first });
      const question = { room_type_id: desk.roomTypeId, check_in: desk.day(2), check_out: desk.day(6) };
      const repack = (more = {}) =>
        platform.client.post("/rooms/repack", { ...question, ...more }, { token: desk.receptionistToken });
      const preview = await repack();
      expect(withoutUndo(preview.body)).to.deep.equal({
        plan: refused.body.repack.plan,
        room_id: first,
        moves: [{ booking_id: x.booking_id, from_room_id: first, to_room_id: second }],
        applied: false,
      });
      expect((await desk.get(`/bookings/${x.booking_id}`)).body.room_id, "a preview moves no booking").to.equal(first);
      expect((await repack({ apply: true, plan: "another" })).body.code).to.equal("REPACK_CHANGED");
      expect((await repack({ apply: true, plan: preview.body.plan })).body.applied).to.equal(true);
      expect((await desk.get(`/bookings/${x.booking_id}`)).body).to.include({
        room_id: second,
        total_amount: "200.00",
      });
      expect((await desk.book(2, 6, { room_type_id: desk.roomTypeId })).body.room_id).to.equal(first);
    });

    it("A repacking is refused for the same restrictions as a booking, and ignores If-Match", async () => {
      const desk = await openDesk(platform, { rooms: 2 });
      const [first, second] = desk.roomIds;
      await desk.booked(2, 4, { room_id: first });
      await desk.booked(4, 6, { room_id: second, room_locked: true });
      const repack = (from: number, more = {}) =>
        platform.client.post(
          "/rooms/repack",
          { room_type_id: desk.roomTypeId, check_in: desk.day(from), check_out: desk.day(6), ...more },
          { token: desk.receptionistToken, headers: { "if-match": '"17"' } },
        );
      expect((await repack(-1)).body.errors?.[0].pointer).to.equal("/check_in");
      const rates = { room_type_id: desk.roomTypeId, from: desk.day(2), to: desk.day(2) };
      await desk.manage("PUT", "/rates", { ...rates, minimum_stay: 5 });
      expect((await repack(2)).body.code).to.equal("MINIMUM_STAY");
      await desk.manage("PUT", "/rates", { ...rates, minimum_stay: null, closed_to_arrival: true });
      expect((await repack(2)).body.code).to.equal("CLOSED_TO_ARRIVAL");
      await desk.manage("PUT", "/rates", { ...rates, closed_to_arrival: false });
      expect((await repack(2, { apply: true })).body.moves).to.have.length(1);
    });

    it("A repacking without a plan answers NO_ROOM_FREE", async () => {
      const desk = await openDesk(platform, { rooms: 1 });
      await desk.booked(0, 3);
      const question = { room_type_id: desk.roomTypeId, check_in: desk.day(0), check_out: desk.day(1) };
      const none = await platform.client.post("/rooms/repack", question, { token: desk.receptionistToken });
      expect([none.status, none.body.code]).to.deep.equal([409, "NO_ROOM_FREE"]);
      expect((await desk.book(0, 1, { room_type_id: desk.roomTypeId })).body).not.to.have.property("repack");
    });
  });

  describe("The choice of a room keeps repackings rare", () => {
    let platform: TestPlatform;
    before(async () => {
      platform = await startTestPlatform({ worker: false });
    });
    after(() => platform.close());

    it("A booking by type fills the smallest gap and keeps the long ones whole", async () => {
      const desk = await openDesk(platform, { rooms: 3 });
      const [first, second, third] = desk.roomIds;
      await desk.booked(0, 2, { room_id: second });
      await desk.booked(5, 7, { room_id: second });
      await desk.booked(0, 2, { room_id: third });
      await desk.booked(4, 7, { room_id: third });
      const any = { room_type_id: desk.roomTypeId };
      expect((await desk.booked(2, 4, any)).room_id, "an exact fit").to.equal(third);
      expect((await desk.booked(2, 4, any)).room_id, "then the gap of three").to.equal(second);
      expect((await desk.booked(2, 4, any)).room_id, "the empty room last").to.equal(first);
    });
  });
});

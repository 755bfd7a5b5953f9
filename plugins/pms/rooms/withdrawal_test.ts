import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "../../../workers/testing/platform.ts";
import { type Desk, openDesk } from "../testing/desk.ts";

describe("taking a room away", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const change = (desk: Desk, body: object, room = 0) => desk.manage("PATCH", `/rooms/${desk.roomIds[room]}`, body);
  const numbers = (items: { room_number: string }[]) => items.map(({ room_number }) => room_number);
  const free = async (desk: Desk, from: number, to: number) =>
    numbers((await desk.get(`/rooms/available?check_in=${desk.day(from)}&check_out=${desk.day(to)}`)).body.items);

  describe("out of order, while it is booked", () => {
    it("is refused with the bookings, and done by force", async () => {
      const desk = await openDesk(platform);
      const booking = await desk.booked(3, 5);
      const refused = await change(desk, { status: "out_of_order" });
      expect([refused.status, refused.body.code, refused.body.booking_count]).to.deep.equal([
        409,
        "ROOM_HAS_BOOKINGS",
        1,
      ]);
      expect(refused.body.bookings).to.deep.equal([
        { booking_id: booking.booking_id, guest_name: "Ada Lovelace", arrival: desk.day(3), departure: desk.day(5) },
      ]);
      expect((await desk.get(`/rooms/${desk.roomIds[0]}`)).body.status).to.equal("available");
      expect((await change(desk, { status: "out_of_order", force: true })).body.status).to.equal("out_of_order");
      // What is out of order already may be changed otherwise.
      expect((await change(desk, { status: "out_of_order", housekeeping: "dirty" })).status).to.equal(200);
    });

    it("is refused for a guest who is in it on the day of the departure, and for one who should have left", async () => {
      const desk = await openDesk(platform, { rooms: 2 });
      await desk.manage("PATCH", "/policies", { overstays: "leave" });
      const { booking_id: id } = await desk.booked(0, 1);
      await desk.operate("check-in", id);
      for (let day = 0; day < 2; day += 1) {
        await desk.closeDay();
        for (const status of ["out_of_order", "out_of_service"])
          expect((await change(desk, { status })).body.code, `${status} on day ${day + 1}`).to.equal(
            "ROOM_HAS_BOOKINGS",
          );
      }
      await desk.operate("check-out", id);
      expect((await change(desk, { status: "out_of_order" })).status).to.equal(200);
    });

    it("is not refused for stays that are over, canceled, or in another room; out of service not for later ones", async () => {
      const desk = await openDesk(platform, { rooms: 2 });
      const canceled = await desk.booked(2, 3);
      await desk.operate("cancel", canceled.booking_id);
      await desk.booked(0, 4, { room_id: desk.roomIds[1] });
      expect((await change(desk, { status: "out_of_order" })).status).to.equal(200);
      await change(desk, { status: "available" });
      await desk.booked(1, 2);
      expect((await change(desk, { status: "out_of_service" })).status).to.equal(200);
      const entry = (await desk.get("/operations/today")).body.arrivals[0];
      expect(entry).to.include({ room_number: "102", room_status: "available" });
    });
  });

  describe("for good, from a day on", () => {
    it("leaves offers, bookings, moves and extensions from that day on, and stays in them before it", async () => {
      const desk = await openDesk(platform, { rooms: 2 });
      expect((await change(desk, { retired_from: desk.day(3) })).body.retired_from).to.equal(desk.day(3));
      expect(await free(desk, 0, 3)).to.deep.equal(["101", "102"]);
      expect(await free(desk, 2, 4)).to.deep.equal(["102"]);
      const refused = await desk.book(2, 4);
      expect([refused.status, refused.body.code]).to.deep.equal([409, "ROOM_RETIRED"]);
      expect(refused.body.retired_from).to.equal(desk.day(3));
      expect(numbers(refused.body.free_rooms)).to.deep.equal(["102"]);
      const stay = await desk.booked(1, 3);
      const longer = await desk.amend(stay.booking_id, { expected_check_out_at: desk.day(4) });
      expect([longer.status, longer.body.code]).to.deep.equal([409, "ROOM_RETIRED"]);
      const other = await desk.booked(3, 5, { room_type_id: desk.roomTypeId });
      expect(other.room_number).to.equal("102");
      const moved = await desk.operate("move", other.booking_id, { room_id: desk.roomIds[0] });
      expect(moved.body.code).to.equal("ROOM_RETIRED");
      expect((await desk.book(3, 5, { room_type_id: desk.roomTypeId })).body.code).to.equal("NO_ROOM_FREE");
    });

    it("is refused before the last of its stays, whatever is forced, and for days that are over", async () => {
      const desk = await openDesk(platform);
      await desk.booked(3, 5);
      for (const [day, code] of [
        [4, "ROOM_HAS_BOOKINGS"],
        [0, "ROOM_HAS_BOOKINGS"],
        [-1, "VALIDATION_FAILED"],
      ] as const) {
        const answer = await change(desk, { retired_from: desk.day(day), force: true });
        expect(answer.body.code, String(day)).to.equal(code);
      }
      expect((await change(desk, { retired_from: desk.day(5) })).status).to.equal(200);
    });

    it("leaves the figures, the board and the chart from that day on, keeps history, and can be taken back", async () => {
      const desk = await openDesk(platform, { rooms: 3 });
      const guest = await desk.booked(0, 1);
      await desk.operate("check-in", guest.booking_id);
      await change(desk, { retired_from: desk.day(1) });
      const first = (await desk.closeDay()).body;
      expect([first.rooms, first.sold]).to.deep.equal([3, 1]);
      await desk.operate("check-out", guest.booking_id);
      const board = (await desk.get("/operations/today")).body;
      expect(board.dirty_rooms).to.deep.equal([]);
      const chart = (from: number) => desk.get(`/rooms/chart?from=${desk.day(from)}&to=${desk.day(from + 2)}`);
      expect(numbers((await chart(0)).body.rooms)).to.deep.equal(["101", "102", "103"]);
      expect(numbers((await chart(1)).body.rooms)).to.deep.equal(["102", "103"]);
      await desk.closeDay();
      const [second] = (await desk.manage("GET", "/operations/closed-days?limit=1")).body.items;
      expect([second.rooms, second.sold]).to.deep.equal([2, 0]);
      expect((await desk.get(`/bookings/${guest.booking_id}`)).body.room_number).to.equal("101");
      expect((await change(desk, { retired_from: null })).body.retired_from).to.equal(null);
      expect(await free(desk, 2, 3)).to.deep.equal(["101", "102", "103"]);
    });

    it("and a booking exclude each other in a race", async () => {
      for (let round = 0; round < 5; round += 1) {
        const desk = await openDesk(platform);
        const [retired, booked] = await Promise.all([change(desk, { retired_from: desk.day(1) }), desk.book(1, 2)]);
        expect(
          [retired.status, booked.status].sort((a, b) => a - b),
          `round ${round}`,
        ).to.deep.equal(retired.status === 200 ? [200, 409] : [201, 409]);
      }
    });
  });
});

import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { type Desk, openDesk } from "../testing/desk.ts";

describe("A room that has bookings", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const change = (desk: Desk, body: object, room = 0) => desk.manage("PATCH", `/rooms/${desk.roomIds[room]}`, body);
  const broken = { status: "out_of_order" };

  it("A room with bookings goes out of order only with force, and the refusal lists the bookings", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const ahead = await desk.booked(5, 7);
    const refused = await change(desk, { ...broken, rate: "1.00" });
    expect([refused.status, refused.body.code]).to.deep.equal([409, "ROOM_HAS_BOOKINGS"]);
    const { booking_id, arrival, departure } = ahead;
    expect(refused.body.bookings).to.deep.equal([
      { booking_id, guest_name: "Ada Lovelace", status: "confirmed", arrival, departure },
    ]);
    expect(refused.body.bookings_count).to.equal(1);
    expect((await desk.get(`/rooms/${desk.roomIds[0]}`)).body).to.include({ status: "available", rate: null });
    expect((await change(desk, { status: "out_of_service" })).status).to.equal(200);
    expect((await change(desk, { ...broken, force: true })).body.status).to.equal("out_of_order");
    // A room that is already out of order can be changed without force.
    expect((await change(desk, { ...broken, rate: "90.00" })).status).to.equal(200);
  });

  it("A room with an arrival today or a guest in house goes out of service only with force", async () => {
    const desk = await openDesk(platform, { rooms: 3 });
    const resting = { status: "out_of_service" };
    const today = await desk.booked(0, 2);
    await desk.booked(5, 6);
    const refused = await change(desk, resting);
    expect([refused.status, refused.body.code]).to.deep.equal([409, "ROOM_HAS_BOOKINGS"]);
    expect(refused.body.detail).to.include(`Room 101 has a booking for ${desk.day(0)}.`);
    expect(refused.body.bookings.map(({ booking_id: id }: { booking_id: string }) => id)).to.deep.equal([
      today.booking_id,
    ]);
    await desk.operate("check-in", today.booking_id);
    expect((await change(desk, resting)).body.bookings_count).to.equal(1);
    expect((await change(desk, { ...resting, force: true })).body.status).to.equal("out_of_service");
    expect((await change(desk, { ...resting, rate: "90.00" })).status).to.equal(200);
    // A room that is out of order goes out of service without force.
    await change(desk, { ...broken, force: true });
    expect((await change(desk, resting)).status).to.equal(200);
    await desk.operate("check-out", today.booking_id);
    await change(desk, { status: "available" });
    expect((await change(desk, resting)).status, "only bookings of later days").to.equal(200);
  });

  it("A booking of a closed day that is still confirmed counts as a booking of the room", async () => {
    for (const status of ["out_of_service", "out_of_order"]) {
      const desk = await openDesk(platform);
      const { booking_id: id } = await desk.booked(0, 1);
      await desk.closeDay();
      expect((await desk.operate("reinstate", id)).body.status).to.equal("confirmed");
      expect((await change(desk, { status })).body.bookings?.[0].booking_id, status).to.equal(id);
      await desk.operate("cancel", id);
      expect((await change(desk, { status })).status).to.equal(200);
    }
  });

  it("A room goes out of order without force after its bookings were moved, canceled or have ended", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const moved = await desk.booked(1, 3);
    const canceled = await desk.booked(3, 4);
    const past = await desk.booked(0, 1);
    await desk.operate("check-in", past.booking_id);
    expect((await change(desk, broken)).body.bookings_count).to.equal(3);
    await desk.operate("move", moved.booking_id, { room_id: desk.roomIds[1] });
    await desk.operate("cancel", canceled.booking_id);
    await desk.operate("check-out", past.booking_id);
    expect((await change(desk, broken)).status).to.equal(200);
  });

  it("An overdue guest in house counts as a booking of the room", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id } = await desk.booked(0, 1);
    await desk.operate("check-in", id);
    await desk.manage("PATCH", "/policies", { overstays: "leave" });
    await desk.closeDay();
    await desk.closeDay();
    expect((await change(desk, broken)).body.bookings?.[0].booking_id).to.equal(id);
  });

  it("The refusal lists at most 20 bookings, counts all, and shows only the own hotel", async () => {
    const desk = await openDesk(platform);
    const other = await openDesk(platform);
    await other.booked(0, 1);
    for (let day = 0; day < 21; day += 1) await desk.booked(day, day + 1);
    const refused = await change(desk, broken);
    expect([refused.body.bookings.length, refused.body.bookings_count]).to.deep.equal([20, 21]);
    const foreign = await desk.manage("PATCH", `/rooms/${other.roomIds[0]}`, broken);
    expect([foreign.status, foreign.body.bookings]).to.deep.equal([404, undefined]);
  });

  it("A room with bookings changes its type only with force", async () => {
    const desk = await openDesk(platform);
    const suite = await desk.manage("POST", "/room-types/", { name: "Suite", capacity: 4, rate: "300.00" });
    const type = { room_type_id: suite.body.room_type_id as string };
    await desk.booked(2, 3);
    expect((await change(desk, { room_type_id: desk.roomTypeId })).status).to.equal(200);
    expect((await change(desk, type)).body.code).to.equal("ROOM_HAS_BOOKINGS");
    expect((await change(desk, { ...type, force: true })).body).to.include(type);
  });

  it("The board shows a room with its status", async () => {
    const desk = await openDesk(platform);
    await desk.booked(0, 1);
    const status = async () => (await desk.get("/operations/today")).body.arrivals[0].room_status as string;
    expect(await status()).to.equal("available");
    await change(desk, { ...broken, force: true });
    expect(await status()).to.equal("out_of_order");
  });

  it("A guest in house can stay longer in a room out of order, and no other booking gets it", async () => {
    const desk = await openDesk(platform);
    const { booking_id: here } = await desk.booked(0, 1);
    await desk.operate("check-in", here);
    const { booking_id: later } = await desk.booked(4, 5);
    await change(desk, { ...broken, force: true });
    const longer = await desk.amend(here, { expected_check_out_at: desk.day(2) });
    expect([longer.status, longer.body.departure]).to.deep.equal([200, desk.day(2)]);
    const refused = await desk.amend(later, { expected_check_out_at: desk.day(6) });
    expect(refused.body.code).to.equal("ROOM_OUT_OF_ORDER");
  });

  it("Two concurrent requests never both book a room and take it out of order", async () => {
    const desk = await openDesk(platform, { rooms: 6 });
    for (const [room, id] of desk.roomIds.entries()) {
      const [booked, changed] = await Promise.all([desk.book(0, 2, { room_id: id }), change(desk, broken, room)]);
      expect(
        [booked.status, changed.status].sort((a, b) => a - b),
        booked.text + changed.text,
      ).to.satisfy(([good, bad]: number[]) => bad === 409 && (good === 200 || good === 201));
    }
  });
});

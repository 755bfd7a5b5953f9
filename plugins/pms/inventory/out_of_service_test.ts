import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { type Desk, openDesk } from "../testing/desk.ts";

describe("A room that is out of service", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  /** A desk whose first room is out of service. */
  const open = async (rooms: number): Promise<Desk> => {
    const desk = await openDesk(platform, { rooms });
    await desk.manage("PATCH", `/rooms/${desk.roomIds[0]}`, { status: "out_of_service" });
    return desk;
  };
  const offered = async (desk: Desk, from: number, to: number): Promise<string[]> => {
    const { body } = await desk.get(`/rooms/available?check_in=${desk.day(from)}&check_out=${desk.day(to)}`);
    return body.items.map(({ room_number }: { room_number: string }) => room_number);
  };

  it("A room out of service is offered and sold for later days, but not for a stay that begins today", async () => {
    const desk = await open(2);
    expect(await offered(desk, 0, 2)).to.deep.equal(["102"]);
    expect(await offered(desk, 1, 2)).to.deep.equal(["101", "102"]);
    const named = await desk.book(0, 2);
    expect([named.status, named.body.code]).to.deep.equal([409, "ROOM_NOT_READY"]);
    expect(named.body.detail).to.include(`Room 101 is out of service, so no guest can have it on the business date`);
    const any = { room_type_id: desk.roomTypeId };
    expect((await desk.booked(0, 2, any)).room_id).to.equal(desk.roomIds[1]);
    const none = await desk.book(0, 1, any);
    expect([none.status, none.body.code, none.body.repack]).to.deep.equal([409, "NO_ROOM_FREE", undefined]);
    expect((await desk.booked(1, 3)).room_id).to.equal(desk.roomIds[0]);
    await desk.closeDay();
    expect(await offered(desk, 3, 4)).to.deep.equal(["101", "102"]);
    expect(await offered(desk, 1, 2), "the day of its booking").to.deep.equal(["102"]);
  });

  it("A room out of service is not offered in place of a taken room tonight", async () => {
    const desk = await open(3);
    await desk.booked(0, 1, { room_id: desk.roomIds[1] });
    const taken = await desk.book(0, 1, { room_id: desk.roomIds[1] });
    const numbers = taken.body.free_rooms.map(({ room_number: number }: { room_number: string }) => number);
    expect([taken.body.code, numbers]).to.deep.equal(["ROOM_TAKEN", ["103"]]);
  });

  it("A stay of today can't be moved, swapped, amended or reinstated into a room out of service", async () => {
    const desk = await open(2);
    const [resting, other] = desk.roomIds;
    const today = await desk.booked(0, 2, { room_id: other });
    const later = await desk.booked(3, 5, { room_id: resting });
    const to = { room_id: resting };
    const before = (await desk.get(`/bookings/${today.booking_id}`)).body;
    for (const answer of [
      await desk.operate("move", today.booking_id, to),
      await desk.operate("swap", today.booking_id, { other_booking_id: later.booking_id }),
      await desk.operate("swap", later.booking_id, { other_booking_id: today.booking_id }),
      await desk.amend(today.booking_id, to),
      await desk.amend(later.booking_id, { check_in_at: desk.day(0) }),
    ])
      expect([answer.status, answer.body.code], answer.text).to.deep.equal([409, "ROOM_NOT_READY"]);
    expect((await desk.get(`/bookings/${today.booking_id}`)).body).to.deep.equal(before);
    await desk.operate("cancel", today.booking_id);
    expect((await desk.operate("reinstate", today.booking_id, to)).body.code).to.equal("ROOM_NOT_READY");
    expect((await desk.operate("reinstate", today.booking_id)).body.room_id).to.equal(other);
    const tomorrow = await desk.booked(2, 3, { room_id: other, guest: { name: "Tomorrow" } });
    expect((await desk.operate("move", tomorrow.booking_id, to)).body.room_id).to.equal(resting);
  });

  it("A booking that already has the room keeps it, and can be shortened, extended and reinstated", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const { booking_id: id } = await desk.booked(0, 2);
    await desk.manage("PATCH", `/rooms/${desk.roomIds[0]}`, { status: "out_of_service", force: true });
    for (const day of [1, 3])
      expect((await desk.amend(id, { expected_check_out_at: desk.day(day) })).body.departure).to.equal(desk.day(day));
    await desk.operate("cancel", id);
    expect((await desk.operate("reinstate", id)).body.status).to.equal("confirmed");
    expect((await desk.operate("move", id, { room_id: desk.roomIds[0] })).status, "where it is").to.equal(200);
    expect((await desk.operate("check-in", id)).body.code).to.equal("ROOM_NOT_READY");
    expect((await desk.operate("move", id, { room_id: desk.roomIds[1] })).status).to.equal(200);
    expect((await desk.operate("check-in", id)).body.status).to.equal("in_house");
  });

  it("A repacking uses a room out of service for later days, but not for tonight", async () => {
    const desk = await open(2);
    const [resting, other] = desk.roomIds;
    const repack = (from: number, to: number) =>
      platform.client.post(
        "/rooms/repack",
        { room_type_id: desk.roomTypeId, check_in: desk.day(from), check_out: desk.day(to) },
        { token: desk.receptionistToken },
      );
    // Tonight's guest would have to go to the room out of service.
    await desk.booked(0, 1, { room_id: other });
    await desk.booked(2, 4, { room_id: resting });
    expect((await repack(0, 3)).body.code).to.equal("NO_ROOM_FREE");
    const free = await repack(1, 2);
    expect([free.status, free.body.moves]).to.deep.equal([200, []]);
    await desk.booked(1, 2, { room_id: resting });
    await desk.booked(2, 3, { room_id: other });
    await desk.booked(4, 5, { room_id: other });
    const moved = await repack(3, 5);
    expect([moved.status, moved.body.moves?.length], moved.text).to.deep.equal([200, 1]);
  });
});

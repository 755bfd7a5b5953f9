import { expect } from "chai";

import { startTestPlatform, type TestAnswer, type TestPlatform } from "#testing/mod.ts";
import { type Desk, openDesk } from "../testing/desk.ts";
import { checkInvariants } from "../testing/model_tests/invariants.ts";

describe("A booking whose room was given away", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const roomsOf = (desk: Desk, { body }: TestAnswer): number[] =>
    (body.nights as { room_id: string }[]).map(({ room_id: room }) => desk.roomIds.indexOf(room));
  const freeRooms = (desk: Desk, { body }: TestAnswer): number[] =>
    (body.free_rooms as { room_id: string }[]).map(({ room_id: room }) => desk.roomIds.indexOf(room));
  /**
   * Marks a booking as a no-show on the first day. A walk-in then sleeps the first night in its room.
   * @param slept indexes of more rooms, in which other walk-ins sleep that night
   * @returns the id of the no-show
   */
  const missed = async (desk: Desk, to: number, ...slept: number[]): Promise<string> => {
    const { booking_id: id } = await desk.booked(0, to);
    await desk.operate("no-show", id);
    for (const room of [0, ...slept]) {
      const more = { room_id: desk.roomIds[room], guest: { name: `Walk-in ${room}` } };
      const { booking_id: other } = await desk.booked(0, 1, more);
      await desk.operate("check-in", other);
    }
    return id as string;
  };

  it("A booking can be reinstated in a room that the refusal names, at its old prices", async () => {
    const desk = await openDesk(platform, { rooms: 3, rate: "100.00" });
    const id = await missed(desk, 2, 1);
    await desk.manage("PATCH", `/rooms/${desk.roomIds[2]}`, { rate: "250.00" });
    const refused = await desk.operate("reinstate", id);
    expect(refused.body).to.deep.include({ code: "ROOM_TAKEN", nights: [desk.day(0)] });
    expect(refused.body.detail).to.include("send its room_id");
    expect(freeRooms(desk, refused)).to.deep.equal([2]);
    const taken = await desk.operate("reinstate", id, { room_id: desk.roomIds[1] });
    expect(taken.body).to.deep.include({ code: "ROOM_TAKEN", nights: [desk.day(0)] });
    const back = await desk.operate("reinstate", id, { room_id: desk.roomIds[2] });
    expect(back.status, back.text).to.equal(200);
    expect(back.body).to.include({ status: "confirmed", room_id: desk.roomIds[2], total_amount: "200.00" });
    expect(roomsOf(desk, back)).to.deep.equal([2, 2]);
    const { items } = (await desk.get(`/bookings/${id}/history`)).body;
    expect(items.at(-1)).to.deep.include({ action: "reinstate" });
    expect(items.at(-1).after.room_id).to.equal(desk.roomIds[2]);
    expect((await desk.operate("check-in", id)).status).to.equal(200);
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("After the close, a stay moves as a whole if another guest slept in its room", async () => {
    const desk = await openDesk(platform, { rooms: 3, rate: "100.00" });
    const id = await missed(desk, 3, 1);
    await desk.closeDay();
    const refused = await desk.operate("reinstate", id);
    expect(refused.body).to.deep.include({ code: "ROOM_TAKEN", nights: [desk.day(0)] });
    expect(freeRooms(desk, refused), "a room that is free on the night that is over too").to.deep.equal([2]);
    const back = await desk.operate("reinstate", id, { room_id: desk.roomIds[2] });
    expect(back.status, back.text).to.equal(200);
    expect(roomsOf(desk, back)).to.deep.equal([2, 2, 2]);
    await checkInvariants(platform.owner, desk.hotelId);
    expect((await desk.operate("check-in", id)).status).to.equal(200);
  });

  it("A night that is over keeps its room if only the nights ahead were given away", async () => {
    const desk = await openDesk(platform, { rooms: 2, rate: "100.00" });
    const { booking_id: id } = await desk.booked(0, 3);
    const other = await desk.booked(0, 1, { room_id: desk.roomIds[1], guest: { name: "Slept there" } });
    await desk.operate("check-in", other.booking_id);
    await desk.closeDay();
    await desk.operate("check-out", other.booking_id);
    await desk.booked(2, 4, { guest: { name: "Next" } });
    const refused = await desk.operate("reinstate", id);
    expect(refused.body).to.deep.include({ code: "ROOM_TAKEN", nights: [desk.day(2)] });
    expect(freeRooms(desk, refused)).to.deep.equal([1]);
    const back = await desk.operate("reinstate", id, { room_id: desk.roomIds[1] });
    expect(back.status, back.text).to.equal(200);
    expect(roomsOf(desk, back)).to.deep.equal([0, 1, 1]);
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("A canceled booking can be reinstated in another room if its own was given away", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const { booking_id: id } = await desk.booked(1, 3);
    await desk.operate("cancel", id);
    await desk.booked(1, 3, { guest: { name: "Next" } });
    const back = await desk.operate("reinstate", id, { room_id: desk.roomIds[1] });
    expect(roomsOf(desk, back)).to.deep.equal([1, 1]);
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("A room that is too small, out of order, unknown, or not the locked room is refused", async () => {
    const desk = await openDesk(platform, { rooms: 3, capacity: 2 });
    const { booking_id: id } = await desk.booked(1, 3, { adults: 2, room_locked: true });
    await desk.operate("cancel", id);
    const reinstate = async (room: string | undefined) =>
      (await desk.operate("reinstate", id, { room_id: room })).body.code as string;
    expect(await reinstate(desk.roomIds[1])).to.equal("ROOM_LOCKED");
    expect((await desk.amend(id, { room_locked: false })).status).to.equal(200);
    const single = await desk.manage("POST", "/room-types/", { name: "Single", capacity: 1, rate: "50.00" });
    const small = await desk.manage("POST", "/rooms/", { room_number: "1", room_type_id: single.body.room_type_id });
    expect(await reinstate(small.body.room_id)).to.equal("TOO_MANY_GUESTS");
    await desk.manage("PATCH", `/rooms/${desk.roomIds[1]}`, { status: "out_of_order" });
    expect(await reinstate(desk.roomIds[1])).to.equal("ROOM_OUT_OF_ORDER");
    expect(await reinstate(desk.hotelId)).to.equal("NOT_FOUND");
    expect((await desk.get(`/bookings/${id}`)).body).to.include({ status: "canceled", room_id: desk.roomIds[0] });
    const own = await desk.operate("reinstate", id, { room_id: desk.roomIds[0] });
    expect(own.status, own.text).to.equal(200);
    await checkInvariants(platform.owner, desk.hotelId);
  });
});

import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { type Desk, openDesk } from "../testing/desk.ts";
import { checkInvariants } from "../testing/model_tests/invariants.ts";

describe("A guest who stays on while the own room is sold", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  /**
   * Checks a guest into the first room for one night, and books that room for another guest from the second night on.
   * @returns the id of the first booking
   */
  const inSoldRoom = async (desk: Desk): Promise<string> => {
    const { booking_id: id } = await desk.booked(0, 1);
    await desk.operate("check-in", id);
    await desk.booked(1, 3, { guest: { name: "Next" } });
    return id as string;
  };
  const roomsOf = (body: { nights: { room_id: string }[] }): string[] => body.nights.map(({ room_id }) => room_id);

  it("One amendment extends the stay into another room, and each refusal names this amendment", async () => {
    const desk = await openDesk(platform, { rooms: 2, rate: "100.00" });
    const [first, second] = desk.roomIds;
    const id = await inSoldRoom(desk);
    await desk.closeDay();
    const alone = await desk.amend(id, { expected_check_out_at: desk.day(2) });
    expect(alone.body).to.deep.include({ code: "ROOM_TAKEN", nights: [desk.day(1)] });
    expect(alone.body.detail).to.include("send its room_id with the amendment");
    expect(alone.body.free_rooms.map(({ room_id }: { room_id: string }) => room_id)).to.deep.equal([second]);
    const move = await desk.operate("move", id, { room_id: second });
    expect(move.body.code).to.equal("WRONG_DAY");
    expect(move.body.detail).to.include("expected_check_out_at and room_id to PATCH /bookings/");
    const without = await desk.amend(id, { room_id: second });
    expect(without.body.code, "no night is added").to.equal("WRONG_DAY");
    await platform.owner("pms.rooms").where({ hotel_id: desk.hotelId }).update({ housekeeping: "clean" });
    const extended = await desk.amend(id, { expected_check_out_at: desk.day(2), room_id: second });
    expect(extended.status, extended.text).to.equal(200);
    expect(extended.body).to.include({ status: "in_house", room_id: second, departure: desk.day(2) });
    expect(extended.body.total_amount).to.equal("200.00");
    expect(roomsOf(extended.body)).to.deep.equal([first, second]);
    const dirty = (await desk.get("/operations/today")).body.dirty_rooms;
    expect(
      dirty.map(({ room_id }: { room_id: string }) => room_id),
      "the room that was left",
    ).to.deep.equal([first]);
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("A slept night keeps its room, even on the morning before its day is closed", async () => {
    const desk = await openDesk(platform, { rooms: 2, rate: "100.00" });
    const [first, second] = desk.roomIds;
    // Another guest sleeps in the second room that night, and checks out in the morning.
    const before = await desk.booked(0, 1, { room_id: second, guest: { name: "Before" } });
    await desk.operate("check-in", before.booking_id);
    const id = await inSoldRoom(desk);
    await desk.operate("check-out", before.booking_id);
    const dear = await desk.manage("PATCH", `/rooms/${second}`, { rate: "130.00" });
    expect(dear.status).to.equal(200);
    const extended = await desk.amend(id, { expected_check_out_at: desk.day(2), room_id: second });
    expect(extended.status, extended.text).to.equal(200);
    expect(roomsOf(extended.body)).to.deep.equal([first, second]);
    expect(extended.body.total_amount, "the added night costs what its room costs").to.equal("230.00");
    expect((await desk.closeDay()).body).to.include({ sold: 2, guests: 2, room_revenue: "200.00" });
    expect((await desk.closeDay()).body).to.include({ room_revenue: "130.00", departures: 0 });
  });

  it("An extension into an unfit room is refused, and so is an extension of a locked booking", async () => {
    const desk = await openDesk(platform, { rooms: 3, rate: "100.00" });
    const [first, second, third] = desk.roomIds;
    const id = await inSoldRoom(desk);
    const other = await desk.booked(0, 1, { room_id: second, guest: { name: "Other" } });
    await desk.operate("check-in", other.booking_id);
    await desk.closeDay();
    const until = { expected_check_out_at: desk.day(2) };
    const { version: _version, ...before } = (await desk.get(`/bookings/${id}`)).body;
    const codeOf = async (more: object): Promise<string> => (await desk.amend(id, { ...until, ...more })).body.code;
    expect(await codeOf({ room_id: second })).to.equal("ROOM_NOT_READY");
    expect(await codeOf({ room_id: first })).to.equal("ROOM_TAKEN");
    await desk.manage("PATCH", `/rooms/${third}`, { status: "out_of_order" });
    expect(await codeOf({ room_id: third })).to.equal("ROOM_OUT_OF_ORDER");
    await desk.manage("PATCH", `/rooms/${third}`, { status: "available" });
    expect(await codeOf({ room_id: third, adults: 3 })).to.equal("TOO_MANY_GUESTS");
    expect(await codeOf({ room_id: desk.hotelId })).to.equal("NOT_FOUND");
    expect(await codeOf({ room_id: third, room_type_id: desk.roomTypeId })).to.equal("VALIDATION_FAILED");
    await desk.amend(id, { room_locked: true });
    expect(await codeOf({ room_id: third })).to.equal("ROOM_LOCKED");
    await desk.amend(id, { room_locked: false });
    expect((await desk.get(`/bookings/${id}`)).body).to.deep.include(before);
    expect(await codeOf({ room_id: third })).to.equal(undefined);
  });

  it("Before the arrival, an amendment can change room and dates, and booked nights keep their prices", async () => {
    const desk = await openDesk(platform, { rooms: 2, rate: "100.00" });
    const [, second] = desk.roomIds;
    const { booking_id: id } = await desk.booked(1, 3);
    await desk.manage("PATCH", `/rooms/${second}`, { rate: "130.00" });
    const moved = await desk.amend(id, { expected_check_out_at: desk.day(4), room_id: second });
    expect(moved.status, moved.text).to.equal(200);
    expect(roomsOf(moved.body)).to.deep.equal([second, second, second]);
    expect(moved.body.total_amount).to.equal("330.00");
    await checkInvariants(platform.owner, desk.hotelId);
  });
});

import { expect } from "chai";

import { instantOf } from "../../../core/mod.ts";
import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { moveAt } from "../testing/close_at.ts";
import { openDesk } from "../testing/desk.ts";

describe("Moving a booking", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  it("A stay that has not begun moves as a whole, at its booked price", async () => {
    const desk = await openDesk(platform, { rooms: 2, rate: "100.00" });
    const { booking_id: id } = await desk.booked(0, 2);
    await desk.manage("PATCH", `/rooms/${desk.roomIds[1]}`, { rate: "250.00" });
    const moved = await desk.operate("move", id, { room_id: desk.roomIds[1] });
    expect(moved.body).to.include({ room_number: "102", total_amount: "200.00" });
    expect((await desk.book(0, 2)).status).to.equal(201);
  });

  it("A late arrival moves from tonight on, and the night that was not slept keeps its room", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const [first, second] = desk.roomIds;
    const { booking_id: id } = await desk.booked(0, 3);
    const other = await desk.booked(0, 1, { room_id: second, guest: { name: "Slept there" } });
    await desk.operate("check-in", other.booking_id);
    await desk.closeDay();
    await desk.operate("check-out", other.booking_id);
    await desk.operate("reinstate", id);
    const moved = await desk.operate("move", id, { room_id: second });
    expect(moved.status, moved.text).to.equal(200);
    expect(moved.body.nights.map((night: { room_id: string }) => night.room_id)).to.deep.equal([first, second, second]);
    expect((await desk.operate("check-in", id)).status).to.equal(200);
  });

  it("A move to the booking's own room changes nothing and adds no history", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id } = await desk.booked(0, 2);
    const options = { token: desk.receptionistToken, headers: { "if-match": '"1"' } };
    const body = { room_id: desk.roomIds[0] };
    for (let time = 0; time < 2; time += 1) {
      expect((await platform.client.patch(`/operations/move/${id}`, body, options)).status).to.equal(200);
    }
    expect((await desk.get(`/bookings/${id}/history`)).body.items).to.have.length(1);
  });

  it("A move keeps the rooms of slept nights, and marks the old room dirty", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const { booking_id: id } = await desk.booked(0, 3);
    await desk.operate("check-in", id);
    await desk.closeDay();
    const [first = "", second = ""] = desk.roomIds;
    await moveAt(platform, desk.hotelId, id, { room: second, now: instantOf(desk.day(1), "12:00", "Europe/Berlin") });
    const moved = await desk.get(`/bookings/${id}`);
    expect(moved.body.nights.map((night: { room_id: string }) => night.room_id)).to.deep.equal([first, second, second]);
    expect((await desk.get(`/rooms/${first}`)).body.housekeeping).to.equal("dirty");
    expect((await desk.book(1, 3)).status, "the old room is free from tonight on").to.equal(201);
    expect((await desk.book(1, 2, { room_id: second })).body.code).to.equal("ROOM_TAKEN");
    const left = await desk.operate("check-out", id, { left_on: desk.day(1) });
    expect(left.body).to.include({ status: "checked_out", departure: desk.day(1) });
  });

  it("A move to a room that is taken on any night, out of order or too small is refused", async () => {
    const desk = await openDesk(platform, { rooms: 3, capacity: 2 });
    const [first, second, third] = desk.roomIds;
    const { booking_id: id } = await desk.booked(0, 3, { adults: 2 });
    await desk.booked(2, 4, { room_id: second, guest: { name: "Grace" } });
    const taken = await desk.operate("move", id, { room_id: second });
    expect(taken.body).to.deep.include({ code: "ROOM_TAKEN", nights: [desk.day(2)] });
    await desk.manage("PATCH", `/rooms/${third}`, { status: "out_of_order" });
    expect((await desk.operate("move", id, { room_id: third })).body.code).to.equal("ROOM_OUT_OF_ORDER");
    const single = await desk.manage("POST", "/room-types/", { name: "Single", capacity: 1, rate: "50.00" });
    const small = await desk.manage("POST", "/rooms/", { room_number: "1", room_type_id: single.body.room_type_id });
    expect((await desk.operate("move", id, { room_id: small.body.room_id })).body.code).to.equal("TOO_MANY_GUESTS");
    expect((await desk.get(`/bookings/${id}`)).body.room_id).to.equal(first);
  });

  it("A booking that is locked to its room can't move until it is unlocked", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const { booking_id: id } = await desk.booked(0, 3, { room_locked: true });
    expect((await desk.operate("move", id, { room_id: desk.roomIds[1] })).body.code).to.equal("ROOM_LOCKED");
    await desk.amend(id, { room_locked: false });
    expect((await desk.operate("move", id, { room_id: desk.roomIds[1] })).status).to.equal(200);
  });

  it("A swap exchanges the rooms of two guests in house", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const [first, second] = desk.roomIds;
    const ada = await desk.booked(0, 30);
    const grace = await desk.booked(0, 29, { room_id: second, guest: { name: "Grace" } });
    await desk.operate("check-in", ada.booking_id);
    await desk.operate("check-in", grace.booking_id);
    const swapped = await desk.operate("swap", ada.booking_id, { other_booking_id: grace.booking_id });
    expect(swapped.status, swapped.text).to.equal(200);
    expect(swapped.body.room_id).to.equal(second);
    expect((await desk.get(`/bookings/${grace.booking_id}`)).body.room_id).to.equal(first);
    expect((await desk.book(29, 30)).status).to.equal(201);
  });

  it("A swap is refused if one of the two bookings would overlap a third", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const ada = await desk.booked(0, 3);
    const grace = await desk.booked(0, 1, { room_id: desk.roomIds[1], guest: { name: "Grace" } });
    await desk.booked(2, 4, { room_id: desk.roomIds[1], guest: { name: "Third" } });
    const refused = await desk.operate("swap", ada.booking_id, { other_booking_id: grace.booking_id });
    expect(refused.body).to.deep.include({ code: "ROOM_TAKEN", nights: [desk.day(2)] });
    expect((await desk.get(`/bookings/${grace.booking_id}`)).body.room_id).to.equal(desk.roomIds[1]);
    const itself = await desk.operate("swap", ada.booking_id, { other_booking_id: ada.booking_id });
    expect(itself.status).to.equal(400);
  });

  it("A guest in house can't move into a room that another guest has not left", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const ada = await desk.booked(0, 30);
    const grace = await desk.booked(0, 1, { room_id: desk.roomIds[1], guest: { name: "Grace" } });
    await desk.operate("check-in", ada.booking_id);
    await desk.operate("check-in", grace.booking_id);
    await desk.closeDay();
    const refused = await desk.operate("move", ada.booking_id, { room_id: desk.roomIds[1] });
    expect(refused.body).to.include({ code: "ROOM_NOT_READY", occupied_by: grace.booking_id });
  });
});

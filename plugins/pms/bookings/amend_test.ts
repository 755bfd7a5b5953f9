import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { openDesk } from "../testing/desk.ts";

describe("Amending a booking", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const rates = (booking: { nights: { rate: string }[] }): string[] => booking.nights.map(({ rate }) => rate);

  it("An extension prices only the added nights, and a shorter stay keeps its old prices", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    const { booking_id: id } = await desk.booked(1, 3);
    await desk.manage("PATCH", `/room-types/${desk.roomTypeId}`, { rate: "150.00" });
    const longer = await desk.amend(id, { expected_check_out_at: desk.day(4), check_in_at: desk.day(0) });
    expect(rates(longer.body)).to.deep.equal(["150.00", "100.00", "100.00", "150.00"]);
    expect(longer.body.total_amount).to.equal("500.00");
    const shorter = await desk.amend(id, { expected_check_out_at: desk.day(2) });
    expect(rates(shorter.body)).to.deep.equal(["150.00", "100.00"]);
    expect((await desk.book(2, 4)).status, "the nights are free at once").to.equal(201);
    const again = await desk.amend(id, { expected_check_out_at: desk.day(3) });
    expect(again.body).to.deep.include({ code: "ROOM_TAKEN", nights: [desk.day(2)] });
  });

  it("An extension over another booking's night answers ROOM_TAKEN with free rooms, and changes nothing", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const { booking_id: id } = await desk.booked(0, 2);
    await desk.booked(3, 4, { guest: { name: "Grace Hopper" } });
    const refused = await desk.amend(id, { expected_check_out_at: desk.day(5) });
    expect(refused.status).to.equal(409);
    expect(refused.body).to.deep.include({ code: "ROOM_TAKEN", nights: [desk.day(3)] });
    expect(refused.body.free_rooms).to.deep.equal([
      { room_id: desk.roomIds[1], room_number: "102", room_type_id: desk.roomTypeId },
    ]);
    expect((await desk.get(`/bookings/${id}`)).body.departure).to.equal(desk.day(2));
  });

  it("Another room type prices the whole stay at its own rates", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    const suite = await desk.manage("POST", "/room-types/", { name: "Suite", capacity: 4, rate: "300.00" });
    const room = await desk.manage("POST", "/rooms/", { room_number: "900", room_type_id: suite.body.room_type_id });
    const { booking_id: id } = await desk.booked(0, 2);
    const changed = await desk.amend(id, { room_type_id: suite.body.room_type_id, adults: 3 });
    expect(changed.body).to.include({
      room_id: room.body.room_id,
      room_number: "900",
      total_amount: "600.00",
      adults: 3,
    });
    expect((await desk.book(0, 2)).status).to.equal(201);
    const none = await desk.book(1, 2, { room_type_id: suite.body.room_type_id });
    expect(none.body.code).to.equal("NO_ROOM_FREE");
  });

  it("If the other type has no free room, the refusal offers the same moves as for a new booking", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    const suite = await desk.manage("POST", "/room-types/", { name: "Suite", capacity: 2, rate: "300.00" });
    const type = { room_type_id: suite.body.room_type_id };
    for (const number of ["901", "902"]) await desk.manage("POST", "/rooms/", { room_number: number, ...type });
    const { booking_id: id } = await desk.booked(0, 4);
    const { items } = (await desk.get("/rooms/?limit=10")).body as {
      items: { room_id: string; room_number: string }[];
    };
    const suites = items.filter(({ room_number: number }) => number.startsWith("9")).map(({ room_id }) => room_id);
    await desk.booked(0, 2, { room_id: suites[0] });
    await desk.booked(2, 4, { room_id: suites[1] });
    const refused = await desk.amend(id, type);
    expect(refused.body.code).to.equal("NO_ROOM_FREE");
    expect(refused.body.repack.moves).to.have.length(1);
    const beside = await desk.book(0, 4, type);
    expect(refused.body.repack).to.deep.equal(beside.body.repack);
    const stay = {
      ...type,
      check_in: desk.day(0),
      check_out: desk.day(4),
      apply: true,
      plan: refused.body.repack.plan,
    };
    expect((await desk.manage("POST", "/rooms/repack", stay)).status).to.equal(200);
    expect((await desk.amend(id, type)).body).to.include({ total_amount: "1200.00" });
    const many = await desk.amend(id, { room_type_id: desk.roomTypeId, adults: 3 });
    expect(many.body.detail).to.equal("A Double sleeps 2, and you have 3 guests.");
  });

  it("A guest in house can leave earlier or later, but the arrival can't change", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    const { booking_id: id } = await desk.booked(0, 3);
    await desk.operate("check-in", id);
    expect((await desk.amend(id, { check_in_at: desk.day(1) })).body.code).to.equal("WRONG_DAY");
    await desk.closeDay();
    expect((await desk.amend(id, { expected_check_out_at: desk.day(1) })).body.total_amount).to.equal("100.00");
    expect((await desk.amend(id, { expected_check_out_at: desk.day(2) })).body.total_amount).to.equal("200.00");
    expect((await desk.amend(id, { expected_check_out_at: desk.day(0) })).status).to.equal(400);
  });

  it("Notes can change in every state, and dates in no end state", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id } = await desk.booked(0, 1);
    await desk.operate("cancel", id);
    expect((await desk.amend(id, { notes: "wept" })).body.notes).to.equal("wept");
    const refused = await desk.amend(id, { expected_check_out_at: desk.day(3) });
    expect(refused.body).to.deep.include({ code: "ILLEGAL_TRANSITION", allowed_transitions: ["reinstate"] });
  });

  it("An amendment to more guests than the room sleeps answers TOO_MANY_GUESTS", async () => {
    const desk = await openDesk(platform, { capacity: 2 });
    const { booking_id: id } = await desk.booked(0, 1);
    expect((await desk.amend(id, { children: 2 })).body.code).to.equal("TOO_MANY_GUESTS");
  });

  it("The minimum stay applies to a shorter stay that has not begun, and not to a guest in house", async () => {
    const desk = await openDesk(platform);
    await desk.manage("PUT", "/rates", {
      room_type_id: desk.roomTypeId,
      from: desk.day(0),
      to: desk.day(0),
      minimum_stay: 3,
    });
    const { booking_id: id } = await desk.booked(0, 4);
    expect((await desk.amend(id, { expected_check_out_at: desk.day(3) })).status).to.equal(200);
    const refused = await desk.amend(id, { expected_check_out_at: desk.day(1) });
    expect([refused.status, refused.body.code]).to.deep.equal([409, "MINIMUM_STAY"]);
    await desk.operate("check-in", id);
    const left = await desk.amend(id, { expected_check_out_at: desk.day(1) });
    expect(left.status, "a guest in house can leave").to.equal(200);
  });

  it("An amendment to the present values adds no history and keeps the version", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id } = await desk.booked(0, 2, { notes: "late" });
    const options = { token: desk.receptionistToken, headers: { "if-match": '"1"' } };
    for (const body of [{}, { notes: "late" }, { expected_check_out_at: desk.day(2) }, { adults: 1 }]) {
      const answer = await platform.client.patch(`/bookings/${id}`, body, options);
      expect(answer.status, answer.text).to.equal(200);
    }
    expect((await desk.get(`/bookings/${id}/history`)).body.items).to.have.length(1);
  });

  it("A second amendment with the same If-Match answers 412, and an unknown field answers 400", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id } = await desk.booked(0, 1);
    const options = { token: desk.receptionistToken, headers: { "if-match": '"1"' } };
    expect((await platform.client.patch(`/bookings/${id}`, { notes: "a" }, options)).status).to.equal(200);
    expect((await platform.client.patch(`/bookings/${id}`, { notes: "b" }, options)).status).to.equal(412);
    expect((await desk.amend(id, { total_amount: "1.00" })).status).to.equal(400);
  });

  it("A lapsed hotel can change the notes of a booking, but not its dates", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id } = await desk.booked(0, 1);
    await platform
      .owner("identity.hotels")
      .where({ hotel_id: desk.hotelId })
      .update({ valid_to: new Date(0) });
    expect((await desk.amend(id, { notes: "a" })).status).to.equal(200);
    expect((await desk.amend(id, { expected_check_out_at: desk.day(2) })).status).to.equal(402);
    expect((await desk.operate("cancel", id)).status).to.equal(200);
    expect((await desk.operate("reinstate", id)).status).to.equal(402);
  });
});

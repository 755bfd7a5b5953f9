import { expect } from "chai";

import { addDays, instantOf } from "../../../core/mod.ts";
import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { closeAt, closeByClock, moveAt } from "../testing/close_at.ts";
import { type Desk, openDesk } from "../testing/desk.ts";
import { checkInvariants } from "../testing/model_tests/invariants.ts";

describe("Guests due out that are still in house at the close of the day", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const close = (desk: Desk, day: number) =>
    desk.manage("POST", "/operations/close-day", { business_date: desk.day(day) });
  /** Books a room from the first day on, and checks the guest in. @returns the booking's id */
  const checkInGuest = async (desk: Desk, room = 0, nights = 1): Promise<string> => {
    const guest = { name: `Guest of ${room}` };
    const { booking_id: id } = await desk.booked(0, nights, { room_id: desk.roomIds[room], guest });
    expect((await desk.operate("check-in", id)).status).to.equal(200);
    return id as string;
  };
  const read = async (desk: Desk, id: string) => (await desk.get(`/bookings/${id}`)).body;

  it("The close gives an overstay the night at the price of an extension, and counts it as sold", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    const id = await checkInGuest(desk);
    await close(desk, 0);
    await desk.manage("PATCH", `/room-types/${desk.roomTypeId}`, { rate: "150.00" });
    const closed = await close(desk, 1);
    expect(closed.body).to.include({ sold: 1, guests: 1, overdue: 0, overstays: 1, room_revenue: "150.00" });
    const booking = await read(desk, id);
    expect(booking).to.include({ status: "in_house", departure: desk.day(2), total_amount: "250.00" });
    expect(booking.nights.map(({ rate }: { rate: string }) => rate)).to.deep.equal(["100.00", "150.00"]);
    const { items } = (await desk.get(`/bookings/${id}/history`)).body;
    expect(items.at(-1)).to.deep.include({ action: "overstay", by_user: closed.body.closed_by });
    expect([items.at(-1).before.departure, items.at(-1).after.departure]).to.deep.equal([desk.day(1), desk.day(2)]);
    const { body: board } = await desk.get("/operations/today");
    expect([board.departures.length, board.overdue.length], "the guest is due out today").to.deep.equal([1, 0]);
    expect((await desk.operate("check-out", id)).body.total_amount).to.equal("250.00");
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("A guest stays overdue under the policy leave, and gets all missed nights under extend", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    expect((await desk.get("/policies")).body.overstays).to.equal("extend");
    expect((await desk.manage("PATCH", "/policies", { overstays: "leave" })).body).to.include({
      no_show_charge: "first_night",
      overstays: "leave",
      day_closes_at: null,
    });
    const id = await checkInGuest(desk);
    await close(desk, 0);
    expect((await close(desk, 1)).body).to.include({ sold: 0, overdue: 1, overstays: 0, room_revenue: "0.00" });
    expect(await read(desk, id)).to.include({ departure: desk.day(1), total_amount: "100.00" });
    await desk.manage("PATCH", "/policies", { overstays: "extend" });
    const closed = await close(desk, 2);
    expect(closed.body, "the figures count the night of the day itself only").to.include({
      sold: 1,
      overdue: 0,
      overstays: 1,
      room_revenue: "100.00",
    });
    expect(await read(desk, id)).to.include({ departure: desk.day(3), total_amount: "300.00" });
  });

  it("A guest without a free room stays overdue and does not stop the extension of other guests", async () => {
    const desk = await openDesk(platform, { rooms: 3, rate: "100.00" });
    const [closedRoom, brokenRoom, third] = [
      await checkInGuest(desk, 0),
      await checkInGuest(desk, 1),
      await checkInGuest(desk, 2),
    ];
    await close(desk, 0);
    const closure = { from: desk.day(1), to: desk.day(2), reason: "new carpet" };
    expect((await desk.manage("POST", `/rooms/${desk.roomIds[0]}/closures`, closure)).status).to.equal(201);
    await desk.manage("PATCH", `/rooms/${desk.roomIds[1]}`, { status: "out_of_order", force: true });
    const closed = await close(desk, 1);
    expect(closed.body).to.include({ sold: 2, overdue: 1, overstays: 2, room_revenue: "200.00" });
    expect((await read(desk, closedRoom)).departure).to.equal(desk.day(1));
    expect((await read(desk, brokenRoom)).departure, "a guest keeps a room that is out of order").to.equal(desk.day(2));
    expect((await read(desk, third)).departure).to.equal(desk.day(2));
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("An overstay gets the night in its room if the next guest is a no-show", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    const id = await checkInGuest(desk);
    await close(desk, 0);
    const next = await desk.booked(1, 3, { guest: { name: "Next" } });
    expect((await close(desk, 1)).body).to.include({ no_shows: 1, overstays: 1, no_show_revenue: "100.00" });
    expect((await read(desk, id)).departure).to.equal(desk.day(2));
    const back = await desk.operate("reinstate", next.booking_id);
    expect(back.body).to.deep.include({ code: "ROOM_TAKEN", nights: [desk.day(1)] });
  });

  it("The close extends a stay in the guest's present room, not in the room of the last booked night", async () => {
    const desk = await openDesk(platform, { rooms: 2, rate: "100.00" });
    const id = await checkInGuest(desk, 0, 3);
    await close(desk, 0);
    const [, room = ""] = desk.roomIds;
    await moveAt(platform, desk.hotelId, id, { room, now: instantOf(desk.day(1), "12:00", "Europe/Berlin") });
    await desk.amend(id, { expected_check_out_at: desk.day(1) });
    await close(desk, 1);
    const { nights } = await read(desk, id);
    expect(nights.map(({ room_id }: { room_id: string }) => room_id)).to.deep.equal(desk.roomIds);
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("The close extends a stay up to 366 nights, and then leaves it overdue", async () => {
    const desk = await openDesk(platform);
    const setDay = (days: number) =>
      platform
        .owner("identity.hotels")
        .where({ hotel_id: desk.hotelId })
        .update({ business_date: desk.day(days) });
    await setDay(-366);
    const { booking_id: id } = await desk.booked(-366, -1);
    await desk.operate("check-in", id);
    await setDay(-1);
    expect((await close(desk, -1)).body).to.include({ overstays: 1, overdue: 0 });
    expect((await read(desk, id)).nights).to.have.length(366);
    expect((await close(desk, 0)).body).to.include({ overstays: 0, overdue: 1, sold: 0 });
    expect((await read(desk, id)).departure).to.equal(desk.day(0));
  });

  it("Ten concurrent closes extend a stay by one night", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    const id = await checkInGuest(desk);
    await close(desk, 0);
    const answers = await Promise.all(Array.from({ length: 10 }, () => close(desk, 1)));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).to.equal(1);
    expect(await read(desk, id)).to.include({ departure: desk.day(2), total_amount: "200.00" });
    expect((await desk.get(`/bookings/${id}/history`)).body.items).to.have.length(3);
  });

  it("A check-out that races with the close happens before or after the extension", async () => {
    const desk = await openDesk(platform, { rate: "100.00", rooms: 6 });
    const ids: string[] = [];
    for (const room of desk.roomIds.keys()) ids.push(await checkInGuest(desk, room));
    await close(desk, 0);
    const [closed, ...left] = await Promise.all([close(desk, 1), ...ids.map((id) => desk.operate("check-out", id))]);
    expect([closed.status, ...left.map(({ status }) => status)]).to.deep.equal([closed, ...left].map(() => 200));
    const stayed = left.filter(({ body }) => body.total_amount === "200.00" && body.departure === desk.day(2));
    const gone = left.filter(({ body }) => body.total_amount === "100.00" && body.departure === desk.day(1));
    expect([stayed.length, gone.length]).to.deep.equal([closed.body.overstays, closed.body.departures]);
    expect(stayed.length + gone.length).to.equal(6);
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("The close extends stays in a lapsed hotel too", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    await checkInGuest(desk);
    await close(desk, 0);
    await platform
      .owner("identity.hotels")
      .where({ hotel_id: desk.hotelId })
      .update({ valid_to: new Date(0) });
    const closed = await close(desk, 1);
    expect(closed.status, closed.text).to.equal(200);
    expect(closed.body).to.include({ overstays: 1, room_revenue: "100.00" });
  });

  for (const [currency, rate, total] of [
    ["JPY", "12345", "24690"],
    ["KWD", "10.125", "20.250"],
  ] as const) {
    it(`The price of an extension is exact in ${currency}`, async () => {
      const desk = await openDesk(platform, { rate, settings: { currency } });
      const id = await checkInGuest(desk);
      await close(desk, 0);
      expect((await close(desk, 1)).body).to.include({ overstays: 1, room_revenue: rate });
      expect((await read(desk, id)).total_amount).to.equal(total);
    });
  }

  it("The schedule extends stays when it closes overdue days", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    const id = await checkInGuest(desk);
    await desk.manage("PATCH", "/policies", { day_closes_at: "00:00" });
    await closeByClock(platform);
    expect(await read(desk, id)).to.include({ departure: desk.day(9), total_amount: "900.00" });
    const { items } = (await desk.get(`/bookings/${id}/history`)).body;
    expect(items).to.have.length(10);
    expect(items.at(-1)).to.include({ action: "overstay", by_user: "the clock" });
  });

  for (const [zone, day, usual, due] of [
    // On the next day, daylight saving begins in Berlin and ends in Auckland.
    ["Europe/Berlin", "2030-03-30", "11:00", "2030-03-31T09:00:00.000Z"],
    ["Pacific/Auckland", "2030-04-06", "10:30", "2030-04-06T22:30:00.000Z"],
    ["Pacific/Honolulu", "2030-03-30", "11:00", "2030-03-31T21:00:00.000Z"],
  ] as const) {
    it(`An extended guest in ${zone} is expected out at the usual time on the day after ${day}`, async () => {
      const desk = await openDesk(platform, { settings: { time_zone: zone } });
      const setDay = (date: string) =>
        platform.owner("identity.hotels").where({ hotel_id: desk.hotelId }).update({ business_date: date });
      await setDay(addDays(day, -1));
      const { booking_id: id } = await desk.booked(0, 0, { check_in_at: addDays(day, -1), expected_check_out_at: day });
      await desk.operate("check-in", id);
      await setDay(day);
      await desk.manage("PATCH", "/hotels/me", { check_out_time: usual });
      await closeAt(platform, desk.hotelId, day, new Date(`${addDays(day, 2)}T00:00:00Z`));
      expect(await read(desk, id)).to.include({ departure: addDays(day, 1), expected_check_out_at: due });
    });
  }
});

import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { type Desk, openDesk } from "../testing/desk.ts";
import { checkInvariants } from "../testing/model_tests/invariants.ts";

describe("A check-out of a guest who left on an earlier day", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const hereFor = async (desk: Desk, nights: number, days: number): Promise<string> => {
    const { booking_id: id } = await desk.booked(0, nights);
    await desk.operate("check-in", id);
    for (let day = 0; day < days; day += 1) await desk.closeDay();
    return id as string;
  };

  it("`left_on` removes the later nights from the bill, also those that the close of the day added", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    const id = await hereFor(desk, 2, 5);
    const forgotten = (await desk.get(`/bookings/${id}`)).body;
    expect(forgotten).to.include({ departure: desk.day(5), total_amount: "500.00" });
    const closed = (await desk.manage("GET", "/operations/closed-days")).body;
    const left = await desk.operate("check-out", id, { left_on: desk.day(1) });
    expect(left.status, left.text).to.equal(200);
    expect(left.body).to.include({ status: "checked_out", departure: desk.day(1), total_amount: "100.00" });
    expect((await desk.manage("GET", "/operations/closed-days")).body, "closed days do not change").to.deep.equal(
      closed,
    );
    const chart = await desk.get(`/rooms/chart?from=${desk.day(0)}&to=${desk.day(6)}`);
    expect(chart.body.rooms[0].stays).to.have.length(1);
    expect(chart.body.rooms[0].stays[0]).to.include({ from: desk.day(0), to: desk.day(1) });
    const back = await desk.operate("undo-check-out", id);
    const { version: _before, ...restored } = { ...forgotten, status: "in_house" };
    expect(back.body).to.deep.include(restored);
    await checkInvariants(platform.owner, desk.hotelId);
    expect((await desk.closeDay()).body.departures).to.equal(0);
  });

  it("A check-out with `left_on` counts as a departure of the business date of the check-out", async () => {
    const desk = await openDesk(platform);
    const id = await hereFor(desk, 1, 2);
    await desk.operate("check-out", id, { left_on: desk.day(1) });
    expect((await desk.closeDay()).body).to.include({ departures: 1, sold: 0, overstays: 0 });
  });

  it("A guest who left on the day of arrival pays the first night, and the room is free", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    const id = await hereFor(desk, 3, 2);
    const left = await desk.operate("check-out", id, { left_on: desk.day(0) });
    expect(left.body).to.include({ departure: desk.day(1), total_amount: "100.00" });
    expect(await platform.owner("pms.occupancies").where({ hotel_id: desk.hotelId })).to.deep.equal([]);
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("A day after the departure is refused, and an extended stay is charged up to that day", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    await desk.manage("PATCH", "/policies", { overstays: "leave" });
    const id = await hereFor(desk, 1, 4);
    const before = (await desk.get(`/bookings/${id}`)).body;
    for (const day of [2, 3, 4]) {
      const refused = await desk.operate("check-out", id, { left_on: desk.day(day) });
      expect([refused.status, refused.body.code], String(day)).to.deep.equal([409, "WRONG_DAY"]);
      expect(refused.body.errors[0].pointer).to.equal("/left_on");
      expect(refused.body.errors[0].detail).to.match(
        new RegExp(`^is after the departure on ${desk.day(1)}. To charge the nights since, extend the stay first`),
      );
    }
    expect((await desk.get(`/bookings/${id}`)).body).to.deep.equal(before);
    expect((await desk.amend(id, { expected_check_out_at: desk.day(4) })).status).to.equal(200);
    const left = await desk.operate("check-out", id, { left_on: desk.day(3) });
    expect(left.body).to.include({ status: "checked_out", departure: desk.day(3), total_amount: "300.00" });
  });

  it("A check-out with the day of departure, or with no day, charges no night after the departure", async () => {
    for (const body of [{}, { left_on: 1 }]) {
      const desk = await openDesk(platform, { rate: "100.00" });
      await desk.manage("PATCH", "/policies", { overstays: "leave" });
      const id = await hereFor(desk, 1, 4);
      const given = "left_on" in body ? { left_on: desk.day(1) } : {};
      const left = await desk.operate("check-out", id, given);
      expect(left.body).to.include({ status: "checked_out", departure: desk.day(1), total_amount: "100.00" });
    }
  });

  it("`left_on` can be the business date, even if the calendar is days ahead", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    const id = await hereFor(desk, 4, 2);
    const left = await desk.operate("check-out", id, { left_on: desk.day(2) });
    expect(left.body).to.include({ departure: desk.day(2), total_amount: "200.00" });
  });

  it("A day on which the guest was not in house is refused, and the booking does not change", async () => {
    const desk = await openDesk(platform);
    await desk.manage("PATCH", "/policies", { no_show_charge: "full_stay" });
    const { booking_id: id } = await desk.booked(0, 4);
    await desk.closeDay();
    await desk.operate("reinstate", id);
    const early = await desk.operate("check-out", id, { left_on: desk.day(1) });
    expect(early.body.code, "the guest never arrived").to.equal("ILLEGAL_TRANSITION");
    await desk.operate("check-in", id);
    await desk.closeDay();
    const before = (await desk.get(`/bookings/${id}`)).body;
    for (const [day, detail] of [
      [0, new RegExp(`^is before the check-in on ${desk.day(1)}$`)],
      [20, /^is after \d{4}-\d\d-\d\d, the latest day at the hotel$/],
    ] as const) {
      const refused = await desk.operate("check-out", id, { left_on: desk.day(day) });
      expect(refused.status).to.equal(409);
      expect(refused.body).to.include({ code: "WRONG_DAY", business_date: desk.day(2) });
      expect(refused.body.errors[0]).to.include({ in: "body", pointer: "/left_on" });
      expect(refused.body.errors[0].detail).to.match(detail);
    }
    expect((await desk.operate("check-out", id, { left_on: "yesterday" })).status).to.equal(400);
    expect((await desk.get(`/bookings/${id}`)).body).to.deep.equal(before);
  });
});

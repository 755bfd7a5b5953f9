import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { checkOutAt, closeAt } from "../testing/close_at.ts";
import { type Desk, openDesk } from "../testing/desk.ts";
import { checkInvariants } from "../testing/model_tests/invariants.ts";

// The calendar of these desks is days ahead of their business date: the guests have slept nights of open days.
describe("A departure after midnight and before the close of the day", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const here = async (desk: Desk, nights: number): Promise<string> => {
    const { booking_id: id } = await desk.booked(0, nights);
    await desk.operate("check-in", id);
    return id as string;
  };

  it("A departure after midnight keeps the last night on the bill, and the close of its day counts it", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    const id = await here(desk, 2);
    await desk.closeDay();
    const left = await desk.operate("check-out", id);
    expect(left.status, left.text).to.equal(200);
    expect(left.body).to.include({ status: "checked_out", departure: desk.day(2), total_amount: "200.00" });
    const figures = { sold: 1, guests: 1, departures: 1, overstays: 0, room_revenue: "100.00" };
    expect((await desk.closeDay()).body).to.include(figures);
    expect((await desk.closeDay()).body).to.include({ sold: 0, departures: 0, room_revenue: "0.00" });
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("A departure keeps all nights of days that are not closed, and their room stays allocated", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    const id = await here(desk, 3);
    const left = await desk.operate("check-out", id);
    expect(left.body).to.include({ departure: desk.day(3), total_amount: "300.00" });
    expect((await desk.book(2, 3)).body.code, "a night that was slept").to.equal("ROOM_TAKEN");
    for (let day = 0; day < 3; day += 1) {
      expect((await desk.closeDay()).body).to.include({ sold: 1, room_revenue: "100.00" });
    }
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("`left_on` can be any day up to the calendar's, and an undone check-out restores all nights", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    const id = await here(desk, 4);
    await desk.closeDay();
    const left = await desk.operate("check-out", id, { left_on: desk.day(3) });
    expect(left.body).to.include({ departure: desk.day(3), total_amount: "300.00" });
    const back = await desk.operate("undo-check-out", id);
    expect(back.body).to.include({ status: "in_house", departure: desk.day(4), total_amount: "400.00" });
    const again = await desk.operate("check-out", id);
    expect(again.body).to.include({ departure: desk.day(4), total_amount: "400.00" });
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("A check-out adds no night to the stay of an overdue guest: only the close of the day does", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    const id = await here(desk, 1);
    await desk.closeDay();
    expect((await desk.operate("check-out", id)).body).to.include({ departure: desk.day(1), total_amount: "100.00" });
    await desk.operate("undo-check-out", id);
    expect((await desk.closeDay()).body).to.include({ overstays: 1, room_revenue: "100.00" });
    expect((await desk.operate("check-out", id)).body).to.include({ departure: desk.day(2), total_amount: "200.00" });
    await checkInvariants(platform.owner, desk.hotelId);
  });

  describe("By the calendar in the hotel's own time zone", () => {
    for (const [zone, now, departure] of [
      // The business date is 2030-03-30. In another time zone, the same instant is on another day.
      ["Europe/Berlin", "2030-03-30T22:59:00Z", "2030-03-30"],
      ["Europe/Berlin", "2030-03-30T23:01:00Z", "2030-03-31"],
      // 03:59, although midnight was only three hours ago: summer time begins.
      ["Europe/Berlin", "2030-03-31T01:59:00Z", "2030-03-31"],
      ["Pacific/Honolulu", "2030-03-31T09:59:00Z", "2030-03-30"],
      ["Pacific/Honolulu", "2030-03-31T10:01:00Z", "2030-03-31"],
      ["Pacific/Kiritimati", "2030-03-30T10:01:00Z", "2030-03-31"],
    ] as const) {
      it(`${zone} at ${now}: the guest has slept until ${departure}`, async () => {
        const desk = await openDesk(platform, { settings: { time_zone: zone }, rate: "100.00" });
        const hotel = () => platform.owner("identity.hotels").where({ hotel_id: desk.hotelId });
        await hotel().update({ business_date: "2030-03-29", valid_to: "2100-01-01" });
        const stay = { check_in_at: "2030-03-29", expected_check_out_at: "2030-04-02" };
        const { booking_id: id } = await desk.booked(0, 1, stay);
        await desk.operate("check-in", id);
        await closeAt(platform, desk.hotelId, "2030-03-29", new Date(now));
        await checkOutAt(platform, desk.hotelId, id as string, { now: new Date(now) });
        const left = (await desk.get(`/bookings/${id}`)).body;
        const total = departure === "2030-03-30" ? "100.00" : "200.00";
        expect(left).to.include({ status: "checked_out", departure, total_amount: total });
        await checkInvariants(platform.owner, desk.hotelId);
      });
    }

    it("A check-out uses the hotel's present time zone, but no day before the business date", async () => {
      const desk = await openDesk(platform, { settings: { time_zone: "Pacific/Auckland" }, rate: "100.00" });
      const hotel = () => platform.owner("identity.hotels").where({ hotel_id: desk.hotelId });
      await hotel().update({ business_date: "2030-03-29", valid_to: "2100-01-01" });
      const stay = { check_in_at: "2030-03-29", expected_check_out_at: "2030-04-02" };
      const { booking_id: id } = await desk.booked(0, 1, stay);
      await desk.operate("check-in", id);
      // At the closes, it is 2030-03-31 in Auckland, and so is the business date afterwards. At the check-out, it is
      // 2030-03-29 in Honolulu.
      await closeAt(platform, desk.hotelId, "2030-03-29", new Date("2030-03-30T12:00:00Z"));
      await closeAt(platform, desk.hotelId, "2030-03-30", new Date("2030-03-30T12:00:00Z"));
      await hotel().update({ time_zone: "Pacific/Honolulu" });
      await checkOutAt(platform, desk.hotelId, id as string, { now: new Date("2030-03-30T09:00:00Z") });
      const left = (await desk.get(`/bookings/${id}`)).body;
      expect(left).to.include({ departure: "2030-03-31", total_amount: "200.00" });
    });
  });
});

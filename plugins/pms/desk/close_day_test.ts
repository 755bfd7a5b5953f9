import { expect } from "chai";

import { addDays } from "../../../core/mod.ts";
import { startTestPlatform, type TestPlatform, withoutUndo } from "#testing/mod.ts";
import { closeAt, closeByClock, closePageByPage } from "../testing/close_at.ts";
import { type Desk, openDesk } from "../testing/desk.ts";
import { furnishHotel } from "../testing/hotel.ts";

describe("The close of the day", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const close = (desk: Desk, day: number) =>
    desk.manage("POST", "/operations/close-day", { business_date: desk.day(day), early: day >= 9 });

  it("The close marks no-shows, writes the figures of the day and begins the next day", async () => {
    const desk = await openDesk(platform, { rooms: 6, rate: "100.00" });
    const [, second, third, fourth, fifth, sixth] = desk.roomIds;
    const stays = await desk.booked(0, 3, { adults: 2 });
    const leaves = await desk.booked(0, 2, { room_id: second, guest: { name: "Leaves at once" } });
    const absent = await desk.booked(0, 2, { room_id: third, guest: { name: "Absent" } });
    const canceled = await desk.booked(0, 2, { room_id: fourth, guest: { name: "Canceled" } });
    await desk.operate("cancel", canceled.booking_id);
    await desk.manage("PATCH", `/rooms/${fifth}`, { status: "out_of_order" });
    const body = { from: desk.day(0), to: desk.day(1), reason: "paint" };
    await desk.manage("POST", `/rooms/${sixth}/closures`, body);
    await desk.operate("check-in", stays.booking_id);
    await desk.operate("check-in", leaves.booking_id);
    await desk.operate("check-out", leaves.booking_id);
    const closed = await close(desk, 0);
    expect(closed.status, closed.text).to.equal(200);
    expect(closed.body).to.deep.include({
      business_date: desk.day(0),
      rooms: 6,
      out_of_order: 2,
      sold: 2,
      guests: 3,
      arrivals: 2,
      departures: 1,
      no_shows: 1,
      cancellations: 1,
      overdue: 0,
      room_revenue: "200.00",
      no_show_revenue: "100.00",
      currency: "EUR",
    });
    expect(closed.body.closed_by).to.match(/^manager-/);
    expect((await desk.get("/hotels/me")).body.business_date).to.equal(desk.day(1));
    expect((await desk.get(`/bookings/${absent.booking_id}`)).body).to.include({
      status: "no_show",
      total_amount: "100.00",
    });
    expect((await desk.book(1, 2, { room_id: third })).status, "the nights are free").to.equal(201);
  });

  it("The revenue of a day can exceed the largest price of one night", async () => {
    const desk = await openDesk(platform, { rooms: 2, rate: "5000000000.00", settings: { currency: "IRR" } });
    for (const room of desk.roomIds) {
      const { booking_id: id } = await desk.booked(0, 1, { room_id: room });
      await desk.operate("check-in", id);
    }
    const closed = await close(desk, 0);
    expect(closed.status, closed.text).to.equal(200);
    expect(closed.body.room_revenue).to.equal("10000000000.00");
  });

  it("A no-show counts on its arrival day only, even if it is reinstated and missed again", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id } = await desk.booked(0, 3);
    expect((await close(desk, 0)).body.no_shows).to.equal(1);
    await desk.operate("reinstate", id);
    expect((await close(desk, 1)).body.no_shows).to.equal(0);
    expect((await desk.get(`/bookings/${id}`)).body.status).to.equal("no_show");
  });

  it("A room counts as sold once, even if two parties pay for it on the same day", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    for (const name of ["By day", "By night"]) {
      const { booking_id: id } = await desk.booked(0, 1, { guest: { name } });
      await desk.operate("check-in", id);
      if (name === "By day") await desk.operate("check-out", id, { left_on: desk.day(0) });
    }
    const closed = await close(desk, 0);
    expect(closed.body).to.include({ rooms: 1, sold: 1, guests: 2, arrivals: 2, room_revenue: "200.00" });
  });

  it("One close marks several no-shows, each with a history entry and the charge of the policy", async () => {
    const desk = await openDesk(platform, { rooms: 3, rate: "100.00" });
    await desk.manage("PATCH", "/policies", { no_show_charge: "none" });
    const missing = [];
    for (const room of desk.roomIds) missing.push(await desk.booked(0, 2, { room_id: room }));
    await close(desk, 0);
    for (const { booking_id: id } of missing) {
      expect((await desk.get(`/bookings/${id}`)).body).to.deep.include({ total_amount: "0.00", nights: [] });
      const { items } = (await desk.get(`/bookings/${id}/history`)).body;
      expect(items.map(({ action }: { action: string }) => action)).to.deep.equal(["book", "no_show"]);
      expect(items[1].after).to.include({ status: "no_show" });
    }
  });

  it("A second close of a day returns the same figures and closes nothing", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id } = await desk.booked(0, 2);
    await desk.operate("check-in", id);
    const first = await close(desk, 0);
    await desk.operate("check-out", id);
    const again = await close(desk, 0);
    expect(again.body).to.deep.equal(first.body);
    expect((await desk.get("/hotels/me")).body.business_date).to.equal(desk.day(1));
    const list = await desk.manage("GET", "/operations/closed-days");
    expect(list.body.items).to.deep.equal([withoutUndo(first.body)]);
  });

  it("Ten concurrent closes of a day close it once and get the same answer", async () => {
    const desk = await openDesk(platform);
    const answers = await Promise.all(Array.from({ length: 10 }, () => close(desk, 0)));
    expect(answers.map(({ status }) => status)).to.deep.equal(Array.from({ length: 10 }, () => 200));
    expect(new Set(answers.map(({ text }) => text)).size).to.equal(1);
    expect((await desk.get("/hotels/me")).body.business_date).to.equal(desk.day(1));
  });

  it("A close of another day than the business date, or of a day that has not begun, answers WRONG_DAY", async () => {
    const desk = await openDesk(platform);
    expect((await close(desk, 1)).body).to.include({ code: "WRONG_DAY", business_date: desk.day(0) });
    for (let day = 0; day < 10; day += 1) expect((await close(desk, day)).status, `day ${day}`).to.equal(200);
    expect((await close(desk, 10)).body.code).to.equal("WRONG_DAY");
  });

  it("PostgreSQL refuses to change the figures of a closed day, even for the owner", async () => {
    const desk = await openDesk(platform);
    await close(desk, 0);
    for (const sql of ["UPDATE pms.daily_figures SET sold = 7", "DELETE FROM pms.daily_figures"]) {
      const error = await platform.owner.raw(`${sql} WHERE hotel_id = ?`, [desk.hotelId]).then(
        () => undefined,
        (reason: Error) => reason,
      );
      expect(error?.message).to.match(/A closed day is not changed/);
    }
  });

  it("The desk can reinstate a no-show on the morning after the close", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    const { booking_id: id } = await desk.booked(0, 3);
    await close(desk, 0);
    const back = await desk.operate("reinstate", id);
    expect(back.body).to.include({ status: "confirmed", total_amount: "300.00" });
    expect((await desk.operate("check-in", id)).body.status).to.equal("in_house");
  });

  it("A receptionist can close the day unless the policy allows only managers", async () => {
    const desk = await openDesk(platform);
    const asReceptionist = (day: number) =>
      platform.client.post(
        "/operations/close-day",
        { business_date: desk.day(day) },
        { token: desk.receptionistToken },
      );
    expect((await asReceptionist(0)).status).to.equal(200);
    await desk.manage("PATCH", "/policies", { receptionists_close_day: false });
    const refused = await asReceptionist(1);
    expect([refused.status, refused.body.code]).to.deep.equal([403, "FORBIDDEN"]);
    expect((await desk.get("/hotels/me")).body.business_date).to.equal(desk.day(1));
    expect((await asReceptionist(0)).status, "the figures of a closed day").to.equal(403);
    expect((await close(desk, 1)).status).to.equal(200);
  });

  it("An HTTP request to close a day that is not over answers 409, and 200 with early", async () => {
    // At any moment, the local time is before 20:00 in at least one of these two zones.
    const isEvening = Number(new Date().toLocaleTimeString("en-GB", { timeZone: "Asia/Tokyo" }).slice(0, 2)) >= 20;
    const hotel = await furnishHotel(platform.client, {
      settings: { time_zone: isEvening ? "Pacific/Honolulu" : "Asia/Tokyo" },
    });
    const token = hotel.receptionistToken;
    const stay = { check_in_at: hotel.day(0), expected_check_out_at: hotel.day(1) };
    await platform.client.post("/bookings/", { room_id: hotel.roomIds[0], guest: { name: "Ada" }, ...stay }, { token });
    await platform.client.patch("/policies", { day_closes_from: "23:59" }, { token: hotel.managerToken });
    const close = (body: Record<string, unknown>) =>
      platform.client.post("/operations/close-day", { business_date: hotel.day(0), ...body }, { token });
    const refused = await close({});
    expect([refused.status, refused.body.code, refused.body.no_shows_count]).to.deep.equal([409, "DAY_NOT_OVER", 1]);
    expect(refused.headers.get("content-type")).to.match(/^application\/problem\+json/);
    for (const early of ["yes", 1, null]) expect((await close({ early })).status, `early ${early}`).to.equal(400);
    expect((await close({ early: true })).body).to.include({ no_shows: 1, no_show_revenue: "100.00" });
  });

  describe("by the schedule", () => {
    it("The schedule closes days of a new hotel by default, and not of a hotel that turned it off", async () => {
      const [withDefaults, turnedOff] = [await furnishHotel(platform.client), await furnishHotel(platform.client)];
      await platform.client.patch("/policies", { day_closes_at: null }, { token: turnedOff.managerToken });
      const ids = [withDefaults.hotelId, turnedOff.hotelId];
      await platform
        .owner("identity.hotels")
        .whereIn("hotel_id", ids)
        .update({ business_date: withDefaults.day(-2) });
      await closeByClock(platform);
      const closed = await platform
        .owner("pms.daily_figures")
        .whereIn("hotel_id", ids)
        .where({ business_date: withDefaults.day(-2) })
        .select("hotel_id", "closed_by");
      expect(closed).to.deep.equal([{ hotel_id: withDefaults.hotelId, closed_by: "the clock" }]);
    });

    it("The schedule closes an overdue day regardless of the policy day_closes_from", async () => {
      const desk = await openDesk(platform);
      await desk.manage("PATCH", "/policies", { day_closes_at: "00:00", day_closes_from: "23:59" });
      await closeByClock(platform);
      expect((await desk.get("/hotels/me")).body.business_date).to.equal(desk.day(9));
    });

    it("The schedule closes all overdue days, only in hotels with the policy day_closes_at", async () => {
      const [withSchedule, withoutSchedule] = [await openDesk(platform), await openDesk(platform)];
      await withSchedule.manage("PATCH", "/policies", { day_closes_at: "00:00" });
      await closeByClock(platform);
      const { business_date: today } = (await withSchedule.get("/hotels/me")).body;
      expect(today).to.equal(withSchedule.day(9));
      expect((await withoutSchedule.get("/hotels/me")).body.business_date).to.equal(withoutSchedule.day(0));
      const list = await withSchedule.manage("GET", "/operations/closed-days");
      expect(list.body.items).to.have.length(9);
      expect(list.body.items[0].closed_by).to.equal("the clock");
    });

    it("A hotel with an unknown time zone does not stop the closes of other hotels", async () => {
      const desks: Desk[] = [];
      for (let count = 0; count < 5; count += 1) desks.push(await openDesk(platform));
      desks.sort((left, right) => (left.hotelId < right.hotelId ? -1 : 1));
      for (const desk of desks) await desk.manage("PATCH", "/policies", { day_closes_at: "00:00" });
      const [first, bad, good, worse, last] = desks as [Desk, Desk, Desk, Desk, Desk];
      const setZone = (desk: Desk, zone: string) =>
        platform.owner("identity.hotels").where({ hotel_id: desk.hotelId }).update({ time_zone: zone });
      // Neither PostgreSQL nor JavaScript knows "Nowhere/Land". Only JavaScript's `Intl` knows "AET".
      await setZone(bad, "AET");
      await setZone(worse, "Nowhere/Land");
      await closeByClock(platform);
      const dayOf = async ({ hotelId }: Desk) =>
        (await platform.owner("identity.hotels").where({ hotel_id: hotelId }).first("business_date")).business_date;
      for (const desk of [first, good, last]) expect(await dayOf(desk)).to.equal(desk.day(9));
      expect(await dayOf(worse)).to.equal(worse.day(0));
      for (const desk of [bad, worse]) await setZone(desk, "Europe/Berlin");
      await closeByClock(platform);
      for (const desk of [bad, worse]) expect(await dayOf(desk)).to.equal(desk.day(9));
    });

    it("Each round of the schedule closes one day of each overdue hotel, page by page", async () => {
      const desks = [await openDesk(platform), await openDesk(platform), await openDesk(platform)];
      for (const desk of desks) await desk.manage("PATCH", "/policies", { day_closes_at: "00:00" });
      await closePageByPage(platform);
      const ids = desks.map(({ hotelId }) => hotelId);
      const closed = (await platform
        .owner("pms.daily_figures")
        .whereIn("hotel_id", ids)
        .orderBy("closed_at")
        .select("hotel_id")) as { hotel_id: string }[];
      expect(closed).to.have.length(27);
      for (let round = 0; round < 9; round += 1) {
        const served = closed.slice(3 * round, 3 * round + 3).map(({ hotel_id: id }) => id);
        expect(served, `round ${round}`).to.have.members(ids);
      }
    });
  });

  describe("in the hotel's own time zone", () => {
    for (const [zone, now, days] of [
      // The same moment is the 1st in Honolulu and the 2nd in Auckland.
      ["Pacific/Honolulu", "2030-03-02T02:00:00Z", ["2030-03-01"]],
      ["Pacific/Auckland", "2030-03-02T02:00:00Z", ["2030-03-01", "2030-03-02"]],
      // Both ends of daylight saving: a day of 23 hours and one of 25.
      ["Europe/Berlin", "2030-03-31T21:59:00Z", ["2030-03-30", "2030-03-31"]],
      ["Europe/Berlin", "2030-10-27T22:59:00Z", ["2030-10-26", "2030-10-27"]],
      ["America/New_York", "2030-11-04T04:30:00Z", ["2030-11-02", "2030-11-03"]],
    ] as const) {
      it(`At ${now} in ${zone}, ${days.at(-1)} can be closed and the next day has not begun`, async () => {
        const desk = await openDesk(platform, { settings: { time_zone: zone } });
        const first = days[0];
        await platform.owner("identity.hotels").where({ hotel_id: desk.hotelId }).update({ business_date: first });
        const closing = (day: string) => closeAt(platform, desk.hotelId, day, new Date(now));
        for (const day of days) expect((await closing(day)).business_date).to.equal(day);
        const early = await closing(addDays(days.at(-1) ?? "", 1)).then(
          () => undefined,
          (error: { code: string }) => error.code,
        );
        expect(early).to.equal("WRONG_DAY");
      });
    }
  });
});

import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { furnishHotel } from "../testing/hotel.ts";

describe("A stay in the hotel's time zone", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const bookedIn = async (zone: string, checkIn: string, checkOut: string) => {
    const hotel = await furnishHotel(platform.client, { settings: { time_zone: zone } });
    const booking = await platform.client.post(
      "/bookings/",
      { room_id: hotel.roomIds[0], guest: { name: "Ada" }, check_in_at: checkIn, expected_check_out_at: checkOut },
      { token: hotel.receptionistToken },
    );
    return booking.body as Record<string, unknown> & { nights: { date: string }[] };
  };

  it("The same instants are different nights in Auckland and in Honolulu", async () => {
    const [from, to] = ["2031-06-10T01:00:00Z", "2031-06-12T21:00:00Z"];
    expect(await bookedIn("Pacific/Auckland", from, to)).to.include({ arrival: "2031-06-10", departure: "2031-06-13" });
    expect(await bookedIn("Pacific/Honolulu", from, to)).to.include({ arrival: "2031-06-09", departure: "2031-06-12" });
  });

  it("Prices and restrictions follow the days at the hotel, not the days that the request names", async () => {
    const hotel = await furnishHotel(platform.client, { settings: { time_zone: "Pacific/Pago_Pago" } });
    const options = { token: hotel.managerToken };
    const rates = (from: string, to: string, more: object) =>
      platform.client.call("PUT", "/rates", { room_type_id: hotel.roomTypeId, from, to, ...more }, options);
    const book = (checkIn: string, checkOut: string) =>
      platform.client.post(
        "/bookings/",
        { room_id: hotel.roomIds[0], guest: { name: "Ada" }, check_in_at: checkIn, expected_check_out_at: checkOut },
        options,
      );
    // 00:30 on June 12 in Kiritimati is 23:30 on June 10 in Pago Pago.
    expect((await rates("2031-06-10", "2031-06-10", { rate: "7.00" })).status).to.equal(200);
    const [from, to] = ["2031-06-12T00:30:00+14:00", "2031-06-14T00:30:00+14:00"];
    const booked = await book(from, to);
    expect(booked.body).to.include({ arrival: "2031-06-10", departure: "2031-06-12", total_amount: "107.00" });
    await platform.client.patch(`/operations/cancel/${booked.body.booking_id}`, {}, options);
    await rates("2031-06-10", "2031-06-10", { closed_to_arrival: true });
    expect((await book(from, to)).body.code).to.equal("CLOSED_TO_ARRIVAL");
  });

  it("An unknown stored time zone answers TIME_ZONE_UNKNOWN to requests that need the clock", async () => {
    const hotel = await furnishHotel(platform.client);
    const options = { token: hotel.managerToken };
    const stay = { check_in_at: hotel.day(0), expected_check_out_at: hotel.day(2) };
    const book = () =>
      platform.client.post("/bookings/", { room_id: hotel.roomIds[0], guest: { name: "Ada" }, ...stay }, options);
    await platform.owner("identity.hotels").where({ hotel_id: hotel.hotelId }).update({ time_zone: "AET" });
    for (const call of [
      book,
      () => platform.client.post("/operations/close-day", { business_date: hotel.day(0) }, options),
      () => platform.client.post("/reports/schedules", { kind: "occupancy", every: "night" }, options),
      () => platform.client.post("/reports/bookings", { by: "created", from: hotel.day(0) }, options),
    ]) {
      const { status, body } = await call();
      expect([status, body.code], call.toString()).to.deep.equal([409, "TIME_ZONE_UNKNOWN"]);
      expect(body.detail).to.include('"AET" is not known. Remedy: set it to an IANA time zone');
    }
    expect((await platform.client.patch("/hotels/me", { time_zone: "Australia/Sydney" }, options)).status).to.equal(
      200,
    );
    expect((await book()).status).to.equal(201);
  });

  it("A stay can end on the last possible day, but it can't be longer than the limit", async () => {
    expect(await bookedIn("Europe/Berlin", "9999-12-28", "9999-12-30")).to.include({ departure: "9999-12-30" });
    const far = await bookedIn("Europe/Berlin", "2031-12-28", "9999-12-30");
    expect(far).to.include({ code: "VALIDATION_FAILED" });
  });

  it("A stay over a change of summer time has its usual nights, and the hotel's usual times", async () => {
    const spring = await bookedIn("Europe/Berlin", "2031-03-29", "2031-03-31");
    expect(spring.nights.map(({ date }) => date)).to.deep.equal(["2031-03-29", "2031-03-30"]);
    // The check-in is at 14:00 in winter time, and the check-out at 11:00 in summer time.
    expect(spring).to.include({
      check_in_at: "2031-03-29T13:00:00.000Z",
      expected_check_out_at: "2031-03-31T09:00:00.000Z",
    });
    const autumn = await bookedIn("Europe/Berlin", "2031-10-25", "2031-10-27");
    expect(autumn.nights.map(({ date }) => date)).to.deep.equal(["2031-10-25", "2031-10-26"]);
    expect(autumn).to.include({
      check_in_at: "2031-10-25T12:00:00.000Z",
      expected_check_out_at: "2031-10-27T10:00:00.000Z",
    });
  });

  it("Both instants of an hour that comes twice in autumn are on the same day", async () => {
    // 02:30 in summer time and 02:30 in winter time are both on October 26 in Berlin.
    for (const checkIn of ["2031-10-26T02:30:00+02:00", "2031-10-26T02:30:00+01:00"])
      expect((await bookedIn("Europe/Berlin", checkIn, "2031-10-27")).arrival).to.equal("2031-10-26");
  });
});

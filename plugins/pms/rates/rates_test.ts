import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { type Desk, openDesk } from "../testing/desk.ts";

describe("Rates", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const setRates = (desk: Desk, from: number, to: number, change: object) =>
    desk.manage("PUT", "/rates/", { room_type_id: desk.roomTypeId, from: desk.day(from), to: desk.day(to), ...change });
  const quote = (desk: Desk, from: number, to: number) =>
    desk.get(`/rooms/available?check_in=${desk.day(from)}&check_out=${desk.day(to)}`);

  it("A rate sets the price of one night, and a quote has the exact price of the booking", async () => {
    const desk = await openDesk(platform, { rate: "100.00", rooms: 2 });
    await desk.manage("PATCH", `/rooms/${desk.roomIds[1]}`, { rate: "130.00" });
    const set = await setRates(desk, 1, 2, { rate: "199.90" });
    expect(set.body.items).to.deep.equal(
      [1, 2].map((day) => ({
        room_type_id: desk.roomTypeId,
        date: desk.day(day),
        rate: "199.90",
        minimum_stay: null,
        closed_to_arrival: false,
      })),
    );
    const quoted = await quote(desk, 0, 4);
    expect(quoted.body.items.map((room: { total_amount: string }) => room.total_amount)).to.deep.equal([
      "599.80",
      "659.80",
    ]);
    for (const room of quoted.body.items as { room_id: string; nights: object[]; total_amount: string }[]) {
      const booking = await desk.booked(0, 4, { room_id: room.room_id });
      expect(booking.total_amount).to.equal(room.total_amount);
      expect(booking.nights).to.deep.equal(room.nights.map((night) => ({ ...night, room_id: room.room_id })));
    }
  });

  it("A new rate does not change the price of a booked night", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    const { booking_id: id } = await desk.booked(0, 2);
    await setRates(desk, 0, 5, { rate: "1.00" });
    expect((await desk.get(`/bookings/${id}`)).body.total_amount).to.equal("200.00");
    expect((await desk.amend(id, { expected_check_out_at: desk.day(3) })).body.total_amount).to.equal("201.00");
  });

  it("A day closed to arrival and a minimum stay restrict quotes and bookings alike", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    await setRates(desk, 1, 1, { closed_to_arrival: true });
    await setRates(desk, 2, 2, { minimum_stay: 3 });
    expect((await desk.book(1, 3)).body).to.include({ code: "CLOSED_TO_ARRIVAL", date: desk.day(1) });
    expect((await quote(desk, 1, 3)).body.items).to.deep.equal([]);
    expect((await desk.book(2, 4)).body).to.include({ code: "MINIMUM_STAY", minimum_stay: 3 });
    expect((await quote(desk, 2, 4)).body.items).to.deep.equal([]);
    expect((await quote(desk, 2, 5)).body.items).to.have.length(2);
    expect((await desk.book(2, 5)).status).to.equal(201);
    // A stay can include a day that is closed to arrival, if it does not begin on it.
    expect((await desk.book(0, 2)).status).to.equal(201);
    const { booking_id: id } = await desk.booked(0, 1, { room_id: desk.roomIds[1] });
    expect((await desk.amend(id, { check_in_at: desk.day(1), expected_check_out_at: desk.day(2) })).body.code).to.equal(
      "CLOSED_TO_ARRIVAL",
    );
  });

  it("A change keeps the values that it leaves out, and removes a day without values", async () => {
    const desk = await openDesk(platform);
    await setRates(desk, 0, 0, { rate: "50.00", minimum_stay: 2 });
    const kept = await setRates(desk, 0, 0, { closed_to_arrival: true });
    expect(kept.body.items[0]).to.include({ rate: "50.00", minimum_stay: 2, closed_to_arrival: true });
    const plain = await setRates(desk, 0, 0, { rate: null, minimum_stay: null, closed_to_arrival: false });
    expect(plain.body.items).to.deep.equal([]);
  });

  it("Rates can be set for some days of the week", async () => {
    const desk = await openDesk(platform);
    const set = await setRates(desk, 0, 13, { rate: "80.00", weekdays: [6, 7] });
    const days = (set.body.items as { date: string }[]).map(({ date }) => new Date(`${date}T12:00:00Z`).getUTCDay());
    expect(days).to.have.length(4);
    expect(new Set(days)).to.deep.equal(new Set([6, 0]));
  });

  it("Rates are refused with too many decimals, for too many days, and from a receptionist", async () => {
    const desk = await openDesk(platform, { rate: "9000", settings: { currency: "JPY", time_zone: "Asia/Tokyo" } });
    expect((await setRates(desk, 0, 1, { rate: "10.5" })).body.errors[0].pointer).to.equal("/rate");
    expect((await setRates(desk, 0, 1000, { rate: "10" })).status).to.equal(400);
    expect((await setRates(desk, 1, 0, { rate: "10" })).status).to.equal(400);
    const body = { room_type_id: desk.roomTypeId, from: desk.day(0), to: desk.day(0), rate: "1" };
    const refused = await platform.client.call("PUT", "/rates", body, { token: desk.receptionistToken });
    expect(refused.status).to.equal(403);
  });
});

import { expect } from "chai";

import { startTestPlatform, type TestPlatform, withoutUndo } from "#testing/mod.ts";
import { openDesk } from "../testing/desk.ts";
import { closableFrom } from "./close_day.ts";

describe("The preview of the close of the day", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const path = "/operations/close-day";

  it("The preview shows the charges and figures of the close that follows, and changes nothing", async () => {
    const desk = await openDesk(platform, { rooms: 5, rate: "100.00" });
    const guest = (name: string, room: number) => ({ guest: { name }, room_id: desk.roomIds[room] });
    const staying = await desk.booked(0, 3, guest("Staying", 0));
    const overstay = await desk.booked(0, 1, guest("Overstay", 1));
    const blocked = await desk.booked(0, 1, guest("Blocked", 2));
    for (const { booking_id: id } of [staying, overstay, blocked]) await desk.operate("check-in", id);
    await desk.closeDay();
    await desk.manage("PUT", "/rates", {
      room_type_id: desk.roomTypeId,
      from: desk.day(1),
      to: desk.day(1),
      rate: "130",
    });
    const missing = await desk.booked(1, 4, guest("Missing", 3));
    // The room is closed that night, so the guest in it stays overdue.
    const reason = "a leak";
    await desk.manage("POST", `/rooms/${desk.roomIds[2]}/closures`, { from: desk.day(1), to: desk.day(2), reason });
    const before = await platform.owner("pms.bookings").where({ hotel_id: desk.hotelId }).orderBy("booking_id");
    const { status, body: preview } = await desk.get(path);
    expect(status).to.equal(200);
    const after = await platform.owner("pms.bookings").where({ hotel_id: desk.hotelId }).orderBy("booking_id");
    expect(after).to.deep.equal(before);
    const entry = ({ booking_id, guest, room_id, room_number, arrival, departure }: typeof missing) => ({
      booking_id,
      guest_name: guest.name,
      room_id,
      room_number,
      arrival,
      departure,
    });
    const { figures, ...effects } = preview;
    expect(effects).to.deep.equal({
      business_date: desk.day(1),
      closable_from: null,
      no_shows: [{ ...entry(missing), charge: "130.00" }],
      overstays: [{ ...entry(overstay), charge: "130.00" }],
      overdue: [entry(blocked)],
    });
    expect((await desk.get(path)).body, "a second preview").to.deep.equal(preview);
    const { closed_at: _at, closed_by: _by, ...closed } = withoutUndo((await desk.closeDay()).body);
    expect(figures).to.deep.equal(closed);
    expect(figures).to.include({ sold: 2, no_shows: 1, overstays: 1, overdue: 1, no_show_revenue: "130.00" });
  });

  it("The policies decide the charges, and whether a receptionist can see the preview", async () => {
    const desk = await openDesk(platform, { rooms: 2, rate: "100.00" });
    const { booking_id: id } = await desk.booked(0, 1);
    await desk.operate("check-in", id);
    await desk.closeDay();
    await desk.booked(1, 4, { room_id: desk.roomIds[1] });
    await desk.manage("PATCH", "/policies", { no_show_charge: "full_stay", overstays: "leave" });
    const { body } = await desk.get(path);
    expect(body.no_shows.map(({ charge }: { charge: string }) => charge)).to.deep.equal(["300.00"]);
    expect([body.overstays.length, body.overdue.length]).to.deep.equal([0, 1]);
    await desk.manage("PATCH", "/policies", { receptionists_close_day: false });
    expect((await desk.get(path)).body.code).to.equal("FORBIDDEN");
    expect((await desk.manage("GET", path)).status).to.equal(200);
  });

  it("A business date that has not begun at the hotel answers WRONG_DAY", async () => {
    const desk = await openDesk(platform);
    await platform
      .owner("identity.hotels")
      .where({ hotel_id: desk.hotelId })
      .update({ business_date: desk.day(30) });
    expect((await desk.get(path)).body.code).to.equal("WRONG_DAY");
  });

  it("A day can be closed from the time of the policy on its own date, and at any time after it", () => {
    const settings = { business_date: "2026-11-05", time_zone: "Europe/Berlin" };
    const from = (time: string | null, now: string) =>
      closableFrom(settings, { day_closes_from: time }, new Date(now))?.toISOString();
    expect(from("18:00", "2026-11-05T16:59:59Z")).to.equal("2026-11-05T17:00:00.000Z");
    expect(from("18:00", "2026-11-05T17:00:00Z")).to.equal(undefined);
    expect(from("18:00", "2026-11-06T02:00:00Z")).to.equal(undefined);
    expect(from(null, "2026-11-05T10:00:00Z")).to.equal(undefined);
  });
});

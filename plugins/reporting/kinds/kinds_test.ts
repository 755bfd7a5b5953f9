import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { type Desk, openDesk } from "../../pms/testing/desk.ts";
import { readCsv } from "../testing/bookings.ts";

describe("the kinds of reports", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const csv = async (desk: Desk, kind: string, body: object, token = desk.managerToken) => {
    const answer = await platform.client.post(`/reports/${kind}`, body, { token, headers: { accept: "text/csv" } });
    if (answer.status !== 200) throw new Error(`${kind} answered ${answer.status}: ${answer.text}`);
    return readCsv(answer.text);
  };

  it("Occupancy shows closed days as they were closed and other days as booked, by both denominators", async () => {
    const desk = await openDesk(platform, { rooms: 4, rate: "100.00" });
    const [, second, third, fourth] = desk.roomIds;
    const ada = await desk.booked(0, 3);
    await desk.booked(1, 2, { room_id: second, guest: { name: "Grace" } });
    await desk.manage("PATCH", `/rooms/${third}`, { status: "out_of_order" });
    await desk.manage("POST", `/rooms/${fourth}/closures`, { from: desk.day(1), to: desk.day(2), reason: "paint" });
    await desk.operate("check-in", ada.booking_id);
    await desk.closeDay();
    // A later change does not change the closed day.
    await desk.manage("PATCH", `/rooms/${third}`, { status: "available" });
    const rows = await csv(desk, "occupancy", { from: desk.day(0), to: desk.day(3) });
    expect(rows.map(({ date }) => date)).to.deep.equal([0, 1, 2, 3].map((day) => desk.day(day)));
    expect(rows[0]).to.deep.equal({
      date: desk.day(0),
      closed: "true",
      rooms: "4",
      out_of_order: "1",
      sold: "1",
      occupancy: "25.00",
      occupancy_in_order: "33.33",
      room_revenue: "100.00",
      adr: "100.00",
      revpar: "25.00",
      revpar_in_order: "33.33",
      currency: "EUR",
    });
    expect(rows[1]).to.include({ closed: "false", out_of_order: "1", sold: "2", occupancy: "50.00", revpar: "50.00" });
    expect(rows[1]).to.include({ occupancy_in_order: "66.67", revpar_in_order: "66.67" });
    expect(rows[3]).to.include({ sold: "0", occupancy: "0.00", room_revenue: "0.00", adr: "" });
  });

  it("Occupancy counts a room once that two parties pay for on one day, before and after the close", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    const byDay = await desk.booked(0, 1, { guest: { name: "By day" } });
    await desk.operate("check-in", byDay.booking_id);
    await desk.operate("check-out", byDay.booking_id, { left_on: desk.day(0) });
    const byNight = await desk.booked(0, 1, { guest: { name: "By night" } });
    await desk.operate("check-in", byNight.booking_id);
    const day = { from: desk.day(0), to: desk.day(0) };
    const figures = { sold: "1", occupancy: "100.00", room_revenue: "200.00", adr: "200.00" };
    expect((await csv(desk, "occupancy", day))[0]).to.include({ ...figures, closed: "false" });
    await desk.closeDay();
    expect((await csv(desk, "occupancy", day))[0]).to.include({ ...figures, closed: "true" });
  });

  it("Occupancy of three years of a large hotel comes quickly", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    const [first, last] = [desk.day(0), desk.day(1099)];
    await platform.owner.raw(
      `INSERT INTO pms.rooms (hotel_id, room_id, room_number, room_type_id)
       SELECT ?::uuid, gen_random_uuid(), 'x' || i, ?::uuid FROM generate_series(1, 299) AS i`,
      [desk.hotelId, desk.roomTypeId],
    );
    await platform.owner.raw(
      `INSERT INTO pms.occupancies (hotel_id, occupancy_id, room_id, arrival, departure, reason)
       SELECT hotel_id, gen_random_uuid(), room_id, ?::date + i * 6, ?::date + i * 6 + 2, 'paint'
       FROM pms.rooms, generate_series(0, 182) AS i WHERE hotel_id = ? AND room_number LIKE 'x%'`,
      [first, first, desk.hotelId],
    );
    const started = performance.now();
    const rows = await csv(desk, "occupancy", { from: first, to: last });
    expect(performance.now() - started).to.be.lessThan(8000);
    expect(rows).to.have.length(1100);
    expect(rows.slice(5, 9).map((row) => [row["rooms"], row["out_of_order"]])).to.deep.equal([
      ["300", "0"],
      ["300", "299"],
      ["300", "299"],
      ["300", "0"],
    ]);
  });

  it("Revenue counts a night under the type that was sold, also after its room gets another type", async () => {
    const desk = await openDesk(platform, { rooms: 2, rate: "100.00" });
    const suite = await desk.manage("POST", "/room-types/", { name: "Suite", capacity: 2, rate: "300.00" });
    const suiteId = suite.body.room_type_id as string;
    const [first, second] = desk.roomIds;
    const slept = await desk.booked(0, 1);
    await desk.operate("check-in", slept.booking_id);
    await desk.closeDay();
    const ahead = await desk.booked(2, 3);
    const changed = await desk.manage("PATCH", `/rooms/${first}`, { room_type_id: suiteId, force: true });
    expect(changed.status).to.equal(200);
    await desk.manage("PATCH", `/rooms/${second}`, { room_type_id: suiteId });
    // A stay that is extended after the change gets a night of the new type beside the one that was sold.
    await desk.amend(ahead.booking_id, { expected_check_out_at: desk.day(4) });
    const rows = await csv(desk, "revenue", { from: desk.day(0), to: desk.day(3) });
    const sums = new Map<string, number>();
    for (const { room_type: type, room_revenue: revenue } of rows) {
      sums.set(String(type), (sums.get(String(type)) ?? 0) + Number(revenue));
    }
    expect(Object.fromEntries(sums)).to.deep.equal({ Double: 200, Suite: 300 });
    // No room has this type now, but nights were sold under it.
    const refused = await desk.manage("DELETE", `/room-types/${desk.roomTypeId}`);
    expect([refused.status, refused.body.code]).to.deep.equal([409, "IN_USE"]);
    const unsold = await desk.manage("POST", "/room-types/", { name: "Single", capacity: 1, rate: "50.00" });
    expect((await desk.manage("DELETE", `/room-types/${unsold.body.room_type_id}`)).status).to.equal(200);
  });

  it("Arrivals lists arrivals and departures, and is the only report for receptionists", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    await desk.booked(0, 2, { guest: { name: "=Ada" }, notes: "late" });
    const canceled = await desk.booked(0, 1, { room_id: desk.roomIds[1], guest: { name: "Nobody" } });
    await desk.operate("cancel", canceled.booking_id);
    const token = desk.receptionistToken;
    const rows = await csv(desk, "arrivals", { from: desk.day(0), to: desk.day(2) }, token);
    expect(rows.map(({ movement, date, guest_name: name }) => [movement, date, name])).to.deep.equal([
      ["arrival", desk.day(0), "'=Ada"],
      ["departure", desk.day(2), "'=Ada"],
    ]);
    expect(rows[0]).to.include({ room_number: "101", nights: "2", status: "confirmed", notes: "late" });
    const today = await platform.client.post("/reports/arrivals", {}, { token });
    expect([today.status, today.headers.get("content-type")]).to.deep.equal([
      200,
      "text/csv; charset=utf-8; header=present",
    ]);
    expect(readCsv(today.text)).to.have.length(1);
    for (const kind of ["bookings", "occupancy", "revenue"])
      expect((await platform.client.post(`/reports/${kind}`, {}, { token })).status, kind).to.equal(403);
  });

  it("Revenue is grouped by month and room type, with no-shows apart", async () => {
    const desk = await openDesk(platform, { rooms: 2, rate: "100.00" });
    await desk.manage("PATCH", `/room-types/${desk.roomTypeId}`, { name: "Double" });
    const suite = await desk.manage("POST", "/room-types/", { name: "Suite", capacity: 4, rate: "300.00" });
    const { body: room } = await desk.manage("POST", "/rooms/", {
      room_number: "900",
      room_type_id: suite.body.room_type_id,
    });
    const ada = await desk.booked(0, 2);
    await desk.operate("check-in", ada.booking_id);
    await desk.booked(0, 3, { room_id: room.room_id, guest: { name: "Grace" } });
    const absent = await desk.booked(0, 2, { room_id: desk.roomIds[1], guest: { name: "Absent" } });
    await desk.operate("no-show", absent.booking_id);
    const rows = await csv(desk, "revenue", { from: desk.day(0), to: desk.day(60) });
    const sum = (type: string, column: string): number =>
      rows.filter((row) => row["room_type"] === type).reduce((total, row) => total + Number(row[column]), 0);
    expect([sum("Double", "nights"), sum("Double", "room_revenue"), sum("Double", "no_show_revenue")]).to.deep.equal([
      2, 200, 100,
    ]);
    expect([sum("Suite", "nights"), sum("Suite", "room_revenue"), sum("Suite", "no_show_revenue")]).to.deep.equal([
      3, 900, 0,
    ]);
    expect(new Set(rows.map(({ month }) => month))).to.deep.equal(
      new Set([0, 1, 2].map((day) => desk.day(day).slice(0, 7))),
    );
  });

  it("The last columns show the rate before an agreed price, and the waived charge", async () => {
    const desk = await openDesk(platform, { rooms: 2, rate: "100.00" });
    const agreed = await desk.booked(0, 2);
    const agreed_price = { total: "150.00", reason: "contract" };
    await desk.manage("PATCH", `/bookings/${agreed.booking_id}`, { agreed_price });
    await desk.operate("check-in", agreed.booking_id);
    const absent = await desk.booked(0, 2, { room_id: desk.roomIds[1], guest: { name: "Absent" } });
    await desk.operate("no-show", absent.booking_id);
    await desk.manage("PATCH", `/operations/waive-charge/${absent.booking_id}`, { reason: "in hospital" });
    const plain = await desk.booked(3, 4);
    const days = { from: desk.day(0), to: desk.day(5) };
    const rows = await csv(desk, "bookings", days);
    expect(Object.keys(rows[0] ?? {}).slice(-3)).to.deep.equal(["created_at", "rack_amount", "waived_amount"]);
    const amounts = new Map(
      rows.map((row) => [row["booking_id"], [row["total_amount"], row["rack_amount"], row["waived_amount"]]]),
    );
    expect(amounts.get(agreed.booking_id)).to.deep.equal(["150.00", "200.00", ""]);
    expect(amounts.get(absent.booking_id)).to.deep.equal(["0.00", "0.00", "100.00"]);
    expect(amounts.get(plain.booking_id), "nothing was agreed").to.deep.equal(["100.00", "100.00", ""]);
    const months = await csv(desk, "revenue", days);
    expect(Object.keys(months[0] ?? {}).slice(-2)).to.deep.equal(["currency", "rack_revenue"]);
    const sum = (column: string): number => months.reduce((total, row) => total + Number(row[column]), 0);
    expect([sum("nights"), sum("room_revenue"), sum("rack_revenue"), sum("no_show_revenue")]).to.deep.equal([
      3, 250, 300, 0,
    ]);
  });

  it("The default range is the month, and invalid ranges are refused", async () => {
    const desk = await openDesk(platform);
    const rows = await csv(desk, "occupancy", {});
    expect(rows[0]?.["date"]).to.equal(`${desk.day(0).slice(0, 7)}-01`);
    expect(rows.length).to.be.within(28, 31);
    const wrong = [
      { from: desk.day(1), to: desk.day(0) },
      { from: "2020-01-01", to: "2026-01-01" },
    ];
    for (const body of wrong)
      expect((await desk.manage("POST", "/reports/occupancy", body)).status, JSON.stringify(body)).to.equal(400);
  });
});

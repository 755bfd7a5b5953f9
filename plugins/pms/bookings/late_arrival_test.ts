import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { type Desk, openDesk } from "../testing/desk.ts";
import { checkInvariants } from "../testing/model_tests/invariants.ts";

describe("A guest who arrives after the close of the day", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  /** Books the first night, and closes that day without a check-in. @returns the id of the booking */
  const missedBy = async (desk: Desk): Promise<string> => {
    const { booking_id: id } = await desk.booked(0, 1);
    expect((await desk.closeDay()).body).to.include({ no_shows: 1, no_show_revenue: "100.00" });
    return id as string;
  };
  const revenueOf = async (desk: Desk): Promise<string> => {
    const body = { from: desk.day(0), to: desk.day(3) };
    const options = { token: desk.managerToken, headers: { accept: "text/csv" } };
    const [, line = ""] = (await platform.client.post("/reports/revenue", body, options)).text.split("\r\n");
    // The nights, the room revenue, and the charges of no-shows.
    const [, , nights, roomRevenue, , noShowRevenue] = line.split(",");
    return [nights, roomRevenue, noShowRevenue].join(" ");
  };

  it("A late guest can be reinstated and checked in for one night, which is sold and paid for once", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    const id = await missedBy(desk);
    expect(await revenueOf(desk)).to.equal("0 0.00 100.00");
    const back = await desk.operate("reinstate", id);
    expect(back.status, back.text).to.equal(200);
    expect(back.body).to.include({ status: "confirmed", departure: desk.day(1), total_amount: "100.00" });
    const board = (await desk.get("/operations/today")).body;
    expect(board.overdue.map(({ booking_id }: { booking_id: string }) => booking_id)).to.deep.equal([id]);
    const here = await desk.operate("check-in", id);
    expect(here.status, here.text).to.equal(200);
    expect(await revenueOf(desk)).to.equal("1 100.00 0.00");
    const left = await desk.operate("check-out", id);
    expect(left.body).to.include({ status: "checked_out", departure: desk.day(1), total_amount: "100.00" });
    const closed = await desk.closeDay();
    expect(closed.body).to.include({ arrivals: 1, departures: 1, sold: 0, no_shows: 0 });
    expect(closed.body).to.include({ room_revenue: "0.00", no_show_revenue: "0.00" });
    expect(await revenueOf(desk)).to.equal("1 100.00 0.00");
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("A reinstated guest gets the night back at its price, even if a no-show pays nothing", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    await desk.manage("PATCH", "/policies", { no_show_charge: "none" });
    const { booking_id: id } = await desk.booked(0, 1);
    await desk.closeDay();
    await desk.manage("PATCH", `/room-types/${desk.roomTypeId}`, { rate: "150.00" });
    expect((await desk.operate("reinstate", id)).body).to.include({ total_amount: "100.00" });
  });

  it("A no-show that the desk marked before the close can be reinstated too", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id } = await desk.booked(0, 2);
    await desk.operate("no-show", id);
    await desk.closeDay();
    const back = await desk.operate("reinstate", id);
    expect(back.status, back.text).to.equal(200);
    expect((await desk.operate("check-in", id)).status).to.equal(200);
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("A reinstated guest who does not check in is a no-show after the next close, and is counted once", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    const id = await missedBy(desk);
    await desk.operate("reinstate", id);
    expect((await desk.closeDay()).body).to.include({ no_shows: 0, no_show_revenue: "0.00" });
    const booking = (await desk.get(`/bookings/${id}`)).body;
    expect(booking).to.include({ status: "no_show", total_amount: "100.00" });
    const late = await desk.operate("reinstate", id);
    expect([late.status, late.body.code]).to.deep.equal([409, "WRONG_DAY"]);
    expect(late.body.detail).to.include(`The stay ended on ${desk.day(1)}`);
    expect(await revenueOf(desk)).to.equal("0 0.00 100.00");
  });

  it("A reinstated guest can be moved for that night to a ready room, but not after the check-in", async () => {
    const desk = await openDesk(platform, { rooms: 2, rate: "100.00" });
    const [first, second] = desk.roomIds;
    const id = await missedBy(desk);
    await desk.manage("PATCH", `/rooms/${first}`, { status: "out_of_service" });
    await desk.operate("reinstate", id);
    expect((await desk.operate("check-in", id)).body.code).to.equal("ROOM_NOT_READY");
    const moved = await desk.operate("move", id, { room_id: second });
    expect(moved.status, moved.text).to.equal(200);
    expect(moved.body.nights).to.have.length(1);
    expect(moved.body.nights[0]).to.include({ date: desk.day(0), room_id: second, rate: "100.00" });
    const here = await desk.operate("check-in", id);
    expect(here.status, here.text).to.equal(200);
    const again = await desk.operate("move", id, { room_id: first });
    expect(again.body.code, "the night is being slept").to.equal("WRONG_DAY");
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("If the room was given away, the refusal offers the rooms that are free for that night", async () => {
    const desk = await openDesk(platform, { rooms: 3 });
    const [first, second, third] = desk.roomIds;
    const stayer = await desk.booked(0, 1, { room_id: second, guest: { name: "Stayer" } });
    await desk.operate("check-in", stayer.booking_id);
    const { booking_id: id } = await desk.booked(0, 1);
    await desk.operate("no-show", id);
    const walkIn = await desk.booked(0, 1, { guest: { name: "Walk-in" } });
    expect(walkIn.room_id).to.equal(first);
    await desk.operate("check-in", walkIn.booking_id);
    await desk.closeDay();
    const refused = await desk.operate("reinstate", id);
    expect(refused.body).to.deep.include({ code: "ROOM_TAKEN", nights: [desk.day(0)] });
    expect(refused.body.free_rooms.map(({ room_id }: { room_id: string }) => room_id)).to.deep.equal([third]);
    expect((await desk.get(`/bookings/${id}`)).body.status).to.equal("no_show");
  });

  it("A no-show that the desk marked can't be reinstated two business dates later", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id } = await desk.booked(0, 4);
    await desk.operate("no-show", id);
    await desk.closeDay();
    await desk.closeDay();
    const refused = await desk.operate("reinstate", id);
    expect([refused.status, refused.body.code]).to.deep.equal([409, "WRONG_DAY"]);
  });
});

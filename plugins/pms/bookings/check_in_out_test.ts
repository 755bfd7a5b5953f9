import { expect } from "chai";

import { startTestPlatform, type TestPlatform, withoutUndo } from "#testing/mod.ts";
import { openDesk } from "../testing/desk.ts";

const dates = (booking: { nights: { date: string }[] }): string[] => booking.nights.map(({ date }) => date);

describe("The operations of the desk", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  it("A check-in can be undone on the same business date, and not on the next", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id } = await desk.booked(0, 3);
    await desk.operate("check-in", id);
    const undone = await desk.operate("undo-check-in", id);
    expect(undone.body).to.include({ status: "confirmed", checked_in_at: null });
    await desk.operate("check-in", id);
    await desk.closeDay();
    const late = await desk.operate("undo-check-in", id);
    expect([late.status, late.body.code]).to.deep.equal([409, "WRONG_DAY"]);
  });

  it("An early check-out frees its nights, and an undo takes them again at their old prices", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    const { booking_id: id } = await desk.booked(0, 4);
    await desk.operate("check-in", id);
    await desk.closeDay();
    const left = await desk.operate("check-out", id, { left_on: desk.day(1) });
    expect(left.body).to.include({ status: "checked_out", departure: desk.day(1), total_amount: "100.00" });
    await desk.manage("PATCH", `/room-types/${desk.roomTypeId}`, { rate: "500.00" });
    const back = await desk.operate("undo-check-out", id);
    expect(back.body).to.include({ status: "in_house", departure: desk.day(4), total_amount: "400.00" });
    expect(back.body.checked_out_at).to.equal(null);
    expect((await desk.book(2, 3)).body.code).to.equal("ROOM_TAKEN");
  });

  it("A check-out can't be undone if its room is sold again, and the booking does not change", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id } = await desk.booked(0, 4);
    await desk.operate("check-in", id);
    const left = await desk.operate("check-out", id, { left_on: desk.day(0) });
    expect(dates(left.body)).to.deep.equal([desk.day(0)]);
    await desk.booked(2, 3, { guest: { name: "Grace Hopper" } });
    const refused = await desk.operate("undo-check-out", id);
    expect(refused.status).to.equal(409);
    expect(refused.body).to.deep.include({ code: "ROOM_TAKEN", nights: [desk.day(2)] });
    expect((await desk.get(`/bookings/${id}`)).body).to.deep.equal(withoutUndo(left.body));
  });

  it("A check-out can't be undone if the room is out of order now", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id } = await desk.booked(0, 2);
    await desk.operate("check-in", id);
    await desk.operate("check-out", id);
    await desk.manage("PATCH", `/rooms/${desk.roomIds[0]}`, { status: "out_of_order" });
    const refused = await desk.operate("undo-check-out", id);
    expect([refused.status, refused.body.code]).to.deep.equal([409, "ROOM_OUT_OF_ORDER"]);
  });

  it("A check-out can't be undone while another guest is in the room", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id } = await desk.booked(0, 1);
    await desk.operate("check-in", id);
    await desk.operate("check-out", id, { left_on: desk.day(0) });
    const next = await desk.booked(0, 1, { guest: { name: "Grace Hopper" } });
    await desk.operate("check-in", next.booking_id);
    const refused = await desk.operate("undo-check-out", id);
    expect(refused.body).to.include({ code: "ROOM_NOT_READY", occupied_by: next.booking_id });
  });

  it("A canceled booking can be reinstated on the same day, if its room is still free", async () => {
    const desk = await openDesk(platform, { rate: "80.00" });
    const { booking_id: id } = await desk.booked(1, 3);
    const canceled = await desk.operate("cancel", id);
    expect(canceled.body).to.include({ status: "canceled", total_amount: "160.00" });
    const back = await desk.operate("reinstate", id);
    expect(back.body).to.include({ status: "confirmed", total_amount: "160.00" });
    expect((await desk.book(2, 4)).status).to.equal(409);
    await desk.operate("cancel", id);
    await desk.booked(2, 4, { guest: { name: "Grace Hopper" } });
    expect((await desk.operate("reinstate", id)).body.code).to.equal("ROOM_TAKEN");
  });

  for (const [charge, total, nights] of [
    ["none", "0.00", 0],
    ["first_night", "100.00", 1],
    ["full_stay", "300.00", 3],
  ] as const) {
    it(`The hotel's policy decides the charge of a no-show: ${charge}`, async () => {
      const desk = await openDesk(platform);
      await desk.manage("PATCH", "/policies", { no_show_charge: charge });
      const { booking_id: id } = await desk.booked(0, 3);
      const gone = await desk.operate("no-show", id);
      expect(gone.body).to.include({ status: "no_show", total_amount: total });
      expect(gone.body.nights).to.have.length(nights);
      expect((await desk.book(0, 3)).status).to.equal(201);
    });
  }

  it("A no-show before the day of arrival answers WRONG_DAY", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id } = await desk.booked(1, 3);
    expect((await desk.operate("no-show", id)).body.code).to.equal("WRONG_DAY");
  });

  it("A check-in into a room that is out of service answers ROOM_NOT_READY", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id } = await desk.booked(0, 1);
    await desk.manage("PATCH", `/rooms/${desk.roomIds[0]}`, { status: "out_of_service", force: true });
    expect((await desk.operate("check-in", id)).body.code).to.equal("ROOM_NOT_READY");
  });

  it("A guest can check in on a later day of the stay", async () => {
    const desk = await openDesk(platform);
    await desk.manage("PATCH", "/policies", { no_show_charge: "full_stay" });
    const { booking_id: id } = await desk.booked(0, 3);
    await desk.closeDay();
    expect((await desk.operate("reinstate", id)).body.status).to.equal("confirmed");
    expect((await desk.operate("check-in", id)).body.status).to.equal("in_house");
  });

  it("The pages of a history contain each entry once", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id } = await desk.booked(0, 2);
    for (const notes of ["one", "two", "three"]) await desk.amend(id, { notes });
    const seen: unknown[] = [];
    for (let cursor = ""; ;) {
      const page = (await desk.get(`/bookings/${id}/history?limit=2${cursor}`)).body;
      seen.push(...page.items.map(({ after }: { after: { notes: unknown } }) => after.notes));
      if (page.next_cursor === null) break;
      cursor = `&cursor=${page.next_cursor}`;
    }
    expect(seen).to.deep.equal([null, "one", "two", "three"]);
    expect((await desk.get(`/bookings/${id}/history?cursor=x`)).body.errors[0].pointer).to.equal("/cursor");
    expect((await desk.get(`/bookings/${desk.hotelId}/history`)).status).to.equal(404);
  });

  it("The history leads to the present booking, with the user and the facts before and after", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const { booking_id: id } = await desk.booked(0, 30);
    await desk.operate("check-in", id);
    await desk.operate("move", id, { room_id: desk.roomIds[1] });
    await desk.amend(id, { expected_check_out_at: desk.day(31), notes: "late riser" });
    const { items } = (await desk.get(`/bookings/${id}/history`)).body as {
      items: { action: string; by_user: string; before: object | null; after: Record<string, unknown> }[];
    };
    expect(items.map(({ action }) => action)).to.deep.equal(["book", "check_in", "move", "amend"]);
    for (const [index, entry] of items.entries()) {
      expect(entry.by_user).to.match(/^desk-/);
      if (index > 0) expect(entry.before).to.deep.equal(items[index - 1]?.after);
    }
    const present = (await desk.get(`/bookings/${id}`)).body;
    for (const fact of ["room_id", "status", "arrival", "departure", "notes"])
      expect(items.at(-1)?.after[fact], fact).to.equal(present[fact]);
  });
});

import { expect } from "chai";

import { startTestPlatform, type TestAnswer, type TestPlatform } from "#testing/mod.ts";
import { type Desk, openDesk } from "../testing/desk.ts";
import { checkInvariants } from "../testing/model_tests/invariants.ts";

const reason = "the guest was in hospital";

describe("Waiving a charge", function () {
  this.timeout(120_000);
  let platform: TestPlatform;
  let desk: Desk;
  beforeEach(async () => {
    platform ??= await startTestPlatform({ worker: false });
    desk = await openDesk(platform, { rate: "100.00" });
  });
  afterEach(() => checkInvariants(platform.owner, desk.hotelId));
  after(() => platform.close());

  const waive = (id: string, word = "waive-charge"): Promise<TestAnswer> =>
    desk.manage("PATCH", `/operations/${word}/${id}`, { reason });
  const lastOf = async (id: string): Promise<TestAnswer["body"]> =>
    (await desk.get(`/bookings/${id}/history`)).body.items.at(-1);

  it("A no-show of the close of the day pays nothing more, and the history says why and how much", async () => {
    const { booking_id: id } = await desk.booked(0, 2);
    expect((await desk.closeDay()).body.no_show_revenue).to.equal("100.00");
    const waived = await waive(id);
    expect(waived.body).to.deep.include({
      status: "no_show",
      total_amount: "0.00",
      rack_amount: null,
      waived_amount: "100.00",
      nights: [],
    });
    const entry = await lastOf(id);
    expect(entry).to.deep.include({ action: "waive_charge", reasons: { waiver: reason } });
    expect([entry.before.total_amount, entry.after.total_amount]).to.deep.equal(["100.00", "0.00"]);
    const [figures] = (await desk.manage("GET", "/operations/closed-days")).body.items;
    expect(figures.no_show_revenue, "a closed day stays as it was written").to.equal("100.00");
  });

  it("A waiver before the close keeps the charge out of the day's figures", async () => {
    const { booking_id: id } = await desk.booked(0, 2);
    await desk.operate("no-show", id);
    await waive(id);
    expect((await desk.closeDay()).body).to.include({ no_shows: 1, no_show_revenue: "0.00" });
  });

  it("A cancellation's charge is waived, and charged again with a reason, at the price that was agreed", async () => {
    const { booking_id: id } = await desk.booked(0, 2);
    const agreed_price = { total: "150.00", reason: "contract" };
    await desk.manage("PATCH", `/bookings/${id}`, { agreed_price });
    await desk.operate("cancel", id);
    expect((await waive(id)).body).to.include({ total_amount: "0.00", rack_amount: null, waived_amount: "150.00" });
    expect((await waive(id)).body.code, "twice").to.equal("NO_CHARGE");
    const again = await waive(id, "undo-waiver");
    expect(again.body).to.include({ total_amount: "150.00", rack_amount: "200.00", waived_amount: null });
    expect(await lastOf(id)).to.deep.include({ action: "undo_waiver", reasons: { waiver: reason } });
    expect((await waive(id, "undo-waiver")).body.code).to.equal("NOT_WAIVED");
  });

  it("A booking that is reinstated has its nights and prices back, and no waiver", async () => {
    const canceled = await desk.booked(3, 5);
    await desk.operate("cancel", canceled.booking_id);
    await waive(canceled.booking_id);
    const back = await desk.operate("reinstate", canceled.booking_id);
    expect(back.body).to.include({ status: "confirmed", total_amount: "200.00", waived_amount: null });
    const { booking_id: id } = await desk.booked(0, 2, { guest: { name: "Grace Hopper" } });
    await desk.operate("no-show", id);
    await waive(id);
    const here = await desk.operate("reinstate", id);
    expect(here.body).to.include({ total_amount: "200.00", waived_amount: null });
    expect(here.body.nights).to.have.length(2);
  });

  it("Only a manager waives, with a reason, what a booking that ended has to pay", async () => {
    const { booking_id: id } = await desk.booked(0, 2);
    expect((await waive(id)).body).to.deep.include({ code: "ILLEGAL_TRANSITION", booking_status: "confirmed" });
    await desk.manage("PATCH", "/policies", { no_show_charge: "none" });
    await desk.operate("no-show", id);
    expect((await waive(id)).body.code).to.equal("NO_CHARGE");
    await desk.operate("reinstate", id);
    await desk.operate("cancel", id);
    for (const word of ["waive-charge", "undo-waiver"]) {
      expect((await desk.operate(word, id, { reason })).body.code).to.equal("FORBIDDEN");
      for (const bad of [{}, { reason: " " }, { reason: "x".repeat(501) }, { reason, amount: "1.00" }])
        expect((await desk.manage("PATCH", `/operations/${word}/${id}`, bad)).status).to.equal(400);
    }
    const other = await openDesk(platform);
    expect((await other.manage("PATCH", `/operations/waive-charge/${id}`, { reason })).status).to.equal(404);
    expect((await desk.get(`/bookings/${id}`)).body.total_amount).to.equal("200.00");
  });

  it("If managers waive the same charge at once, one succeeds and the others answer 409", async () => {
    const { booking_id: id } = await desk.booked(0, 2);
    await desk.operate("cancel", id);
    const answers = await Promise.all([waive(id), waive(id), waive(id)]);
    expect(answers.map(({ status }) => status)).to.have.members([200, 409, 409]);
  });

  it("The reason is forgotten with the guest, and the waiver stays", async () => {
    const { booking_id: id, guest_id: guestId } = await desk.booked(0, 2);
    await desk.operate("cancel", id);
    await waive(id);
    await desk.manage("POST", `/guests/${guestId}/anonymize`, {});
    const { items } = (await desk.get(`/bookings/${id}/history`)).body as { items: { reasons: unknown }[] };
    expect(items.map(({ reasons }) => reasons)).to.deep.equal([null, null, { waiver: null }, null]);
    expect((await desk.get(`/bookings/${id}`)).body.waived_amount).to.equal("200.00");
  });
});

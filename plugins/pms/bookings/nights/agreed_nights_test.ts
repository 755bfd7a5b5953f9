import { expect } from "chai";

import { startTestPlatform, type TestAnswer, type TestPlatform } from "#testing/mod.ts";
import { type Desk, openDesk } from "../../testing/desk.ts";
import type { Furniture } from "../../testing/hotel.ts";
import { checkInvariants } from "../../testing/model_tests/invariants.ts";

interface Night {
  readonly rate: string;
  readonly rack_rate: string | null;
}

const nightsOf = ({ body }: TestAnswer): string[] =>
  (body.nights as Night[]).map(({ rate, rack_rate: rack }) => (rack === null ? rate : `${rate} for ${rack}`));
const reason = "corporate contract";

describe("Agreed nights that are amended", function () {
  this.timeout(120_000);
  let platform: TestPlatform;
  let desk: Desk;
  let suite: { readonly room_type_id: string };
  const open = async (furniture: Furniture = {}): Promise<void> => {
    desk = await openDesk(platform, { rate: "100.00", rooms: 2, ...furniture });
    const type = await desk.manage("POST", "/room-types/", { name: "Suite", capacity: 2, rate: "300" });
    suite = { room_type_id: type.body.room_type_id as string };
    await desk.manage("POST", "/rooms/", { room_number: "900", ...suite });
  };
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  afterEach(() => checkInvariants(platform.owner, desk.hotelId));
  after(() => platform.close());

  const manage = (id: string, body: unknown): Promise<TestAnswer> => desk.manage("PATCH", `/bookings/${id}`, body);
  /** Books as the manager, at an agreed price. @returns the id of the booking */
  const agreed = async (from: number, to: number, price: Readonly<Record<string, unknown>>): Promise<string> => {
    const { body } = await desk.manage("POST", "/bookings/", {
      room_id: desk.roomIds[0],
      guest: { name: "Ada Lovelace" },
      check_in_at: desk.day(from),
      expected_check_out_at: desk.day(to),
      agreed_price: { reason, ...price },
    });
    return body.booking_id as string;
  };
  /** Amends as the receptionist, whose limit for agreed prices is 0 percent. */
  const stay = (id: string, from: number, to: number): Promise<TestAnswer> =>
    desk.amend(id, { check_in_at: desk.day(from), expected_check_out_at: desk.day(to) });
  const rateOn = (from: number, to: number, rate: string) =>
    desk.manage("PUT", "/rates", { room_type_id: desk.roomTypeId, from: desk.day(from), to: desk.day(to), rate });
  const reasonsOf = async (id: string): Promise<unknown[]> =>
    ((await desk.get(`/bookings/${id}/history`)).body.items as { reasons: unknown }[]).map(({ reasons }) => reasons);

  for (const [title, price, total] of [
    ["withdrawn", { withdrawn: true }, "500.00"],
    ["replaced by another one", { per_night: "50.00" }, "450.00"],
  ] as const) {
    it(`Nights that were given back do not come back at a price that was ${title} since`, async () => {
      await open();
      const id = await agreed(0, 5, { per_night: "10.00" });
      await stay(id, 0, 1);
      expect((await manage(id, { agreed_price: { reason, ...price } })).status).to.equal(200);
      expect((await stay(id, 0, 5)).body.total_amount).to.equal(total);
    });
  }

  it("Nor by the call that gives nights back, by another room type, or by the close of the day", async () => {
    await open();
    const id = await agreed(0, 3, { per_night: "10.00" });
    await manage(id, { expected_check_out_at: desk.day(1), agreed_price: { withdrawn: true, reason } });
    expect((await stay(id, 0, 3)).body).to.include({ total_amount: "300.00", rack_amount: null });
    await manage(id, { agreed_price: { per_night: "10.00", reason } });
    await manage(id, suite);
    await manage(id, { agreed_price: { withdrawn: true, reason } });
    expect((await desk.amend(id, { room_type_id: desk.roomTypeId })).body.total_amount).to.equal("300.00");
    await manage(id, { agreed_price: { per_night: "10.00", reason } });
    await desk.operate("check-in", id);
    await stay(id, 0, 1);
    await manage(id, { agreed_price: { withdrawn: true, reason } });
    await desk.closeDay();
    await desk.closeDay();
    expect(nightsOf(await desk.get(`/bookings/${id}`))).to.deep.equal(["100.00", "100.00"]);
  });

  for (const { currency, rate, high, total, each, sum } of [
    { currency: "EUR", rate: "100.00", high: "250.00", total: "121.01", each: ["60.51", "60.50"], sum: "500.00" },
    { currency: "JPY", rate: "9000", high: "20000", total: "7001", each: ["3501", "3500"], sum: "40000" },
    { currency: "KWD", rate: "30.500", high: "80.125", total: "40.001", each: ["20.001", "20.000"], sum: "160.250" },
  ]) {
    it(`A stay that is shifted keeps what was agreed, beside the rates of its new nights, in ${currency}`, async () => {
      await open({ rate, settings: { currency } });
      await rateOn(7, 9, high);
      const id = await agreed(0, 2, { total });
      const shifted = await stay(id, 7, 9);
      expect(nightsOf(shifted)).to.deep.equal(each.map((night) => `${night} for ${high}`));
      expect(shifted.body).to.include({ total_amount: total, rack_amount: sum });
      expect(nightsOf(await stay(id, 0, 2))).to.deep.equal(each.map((night) => `${night} for ${rate}`));
      expect((await stay(id, 1, 3)).body.total_amount, "by one night").to.equal(total);
    });
  }

  it("A price equal to the rate is an agreed price: it remains on dearer days, and can be withdrawn", async () => {
    await open();
    await rateOn(7, 9, "250.00");
    await rateOn(1, 1, "150.00");
    const id = await agreed(0, 2, { per_night: "100.00" });
    expect(nightsOf(await desk.get(`/bookings/${id}`))).to.deep.equal(["100.00 for 100.00", "100.00 for 150.00"]);
    expect((await stay(id, 7, 9)).body).to.include({ total_amount: "200.00", rack_amount: "500.00" });
    const withdrawn = await manage(id, { agreed_price: { withdrawn: true, reason } });
    expect(withdrawn.body).to.include({ total_amount: "500.00", rack_amount: null });
  });

  it("Agreed nights become neither more nor fewer by shifts, shortenings and extensions", async () => {
    await open();
    const id = await agreed(1, 3, { per_night: "60.00" });
    expect(nightsOf(await stay(id, 4, 7)), "one more costs its rate").to.deep.equal([
      "60.00 for 100.00",
      "60.00 for 100.00",
      "100.00",
    ]);
    expect((await stay(id, 1, 7)).body.total_amount, "the nights that were left first are not agreed twice").to.equal(
      "520.00",
    );
    expect((await stay(id, 0, 1)).body).to.include({ total_amount: "60.00", rack_amount: "100.00" });
    expect((await stay(id, 5, 6)).body.total_amount, "a night that comes back has its own price").to.equal("60.00");
    expect((await stay(id, 0, 7)).body.total_amount).to.equal("620.00");
  });

  it("Another room type ends a manager's agreed price only for a manager, and the history says so", async () => {
    await open();
    const id = await agreed(0, 2, { per_night: "60.00" });
    for (const body of [
      suite,
      { ...suite, check_in_at: desk.day(3), expected_check_out_at: desk.day(5) },
      { ...suite, agreed_price: { withdrawn: true, reason } },
      { ...suite, agreed_price: { per_night: "300.00", reason } },
      { expected_check_out_at: desk.day(9), agreed_price: { withdrawn: true, reason } },
    ]) {
      const refused = await desk.amend(id, body);
      expect([refused.status, refused.body.code], JSON.stringify(body)).to.deep.equal([403, "PRICE_NOT_ALLOWED"]);
    }
    await desk.manage("PATCH", "/policies", { receptionist_discount_percent: 39 });
    expect((await desk.amend(id, suite)).body.code).to.equal("PRICE_NOT_ALLOWED");
    expect((await desk.get(`/bookings/${id}`)).body.total_amount).to.equal("120.00");
    const other = await manage(id, suite);
    expect(other.body).to.include({ total_amount: "600.00", rack_amount: null });
    expect((await reasonsOf(id)).slice(1)).to.deep.equal([
      { agreed_price: "The agreed price ended with the room type." },
    ]);
    const back = await desk.amend(id, { room_type_id: desk.roomTypeId });
    expect(back.body, "the way back is as if nothing had been").to.include({ total_amount: "120.00" });
    await desk.manage("PATCH", "/policies", { receptionist_discount_percent: 40 });
    expect((await desk.amend(id, suite)).body.total_amount, "within the policy").to.equal("600.00");
  });

  it("Many nights at their rates do not hide that a receptionist replaces a manager's price", async () => {
    await open();
    await desk.manage("PATCH", "/policies", { receptionist_discount_percent: 10 });
    const id = await agreed(0, 1, { per_night: "50.00" });
    await stay(id, 0, 9);
    const refused = await desk.amend(id, { agreed_price: { withdrawn: true, reason } });
    expect(refused.body.code).to.equal("PRICE_NOT_ALLOWED");
  });

  it("A shift after a no-show that was reinstated, or whose charge was waived, keeps what was agreed", async () => {
    await open();
    const id = await agreed(0, 2, { per_night: "60.00" });
    await desk.operate("no-show", id);
    await desk.manage("PATCH", `/operations/waive-charge/${id}`, { reason });
    expect((await desk.operate("reinstate", id)).status).to.equal(200);
    expect((await stay(id, 4, 6)).body).to.include({ total_amount: "120.00", rack_amount: "200.00" });
  });
});

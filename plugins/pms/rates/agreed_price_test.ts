import { expect } from "chai";

import { startTestPlatform, type TestAnswer, type TestPlatform, withoutUndo } from "#testing/mod.ts";
import { type Desk, openDesk } from "../testing/desk.ts";
import type { Furniture } from "../testing/hotel.ts";
import { checkInvariants } from "../testing/model_tests/invariants.ts";

interface Night {
  readonly rate: string;
  readonly rack_rate: string | null;
}

const nightsOf = (body: TestAnswer["body"]): string[] =>
  (body.nights as Night[]).map(({ rate, rack_rate: rack }) => (rack === null ? rate : `${rate} for ${rack}`));
const reason = "corporate contract";

describe("An agreed price", function () {
  this.timeout(120_000);
  let platform: TestPlatform;
  let desk: Desk;
  const open = async (furniture: Furniture = {}): Promise<Desk> => {
    desk = await openDesk(platform, { rate: "100.00", ...furniture });
    return desk;
  };
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  afterEach(() => checkInvariants(platform.owner, desk.hotelId));
  after(() => platform.close());

  /** Books as the manager. */
  const book = (from: number, to: number, more: Readonly<Record<string, unknown>>): Promise<TestAnswer> =>
    desk.manage("POST", "/bookings/", {
      room_id: desk.roomIds[0],
      guest: { name: "Ada Lovelace" },
      check_in_at: desk.day(from),
      expected_check_out_at: desk.day(to),
      ...more,
    });
  const agree = (id: string, agreed: Readonly<Record<string, unknown>>): Promise<TestAnswer> =>
    desk.manage("PATCH", `/bookings/${id}`, { agreed_price: { reason, ...agreed } });
  const historyOf = async (id: string): Promise<TestAnswer["body"][]> =>
    (await desk.get(`/bookings/${id}/history`)).body.items as TestAnswer["body"][];
  const setPolicy = (percent: number) => desk.manage("PATCH", "/policies", { receptionist_discount_percent: percent });
  const rateOn = (day: number, more: Readonly<Record<string, unknown>>) =>
    desk.manage("PUT", "/rates", { room_type_id: desk.roomTypeId, from: desk.day(day), to: desk.day(day), ...more });

  it("A manager agrees on a price per night, and the booking, its history and the list keep the rate", async () => {
    await open();
    const made = await book(0, 2, { agreed_price: { per_night: "80", reason } });
    expect(made.status, made.text).to.equal(201);
    expect(nightsOf(made.body)).to.deep.equal(["80.00 for 100.00", "80.00 for 100.00"]);
    expect(made.body).to.include({ total_amount: "160.00", rack_amount: "200.00", waived_amount: null });
    expect((await desk.get(`/bookings/${made.body.booking_id}`)).body).to.deep.equal(withoutUndo(made.body));
    expect((await desk.get("/bookings/")).body.items).to.deep.equal([withoutUndo(made.body)]);
    const [entry] = await historyOf(made.body.booking_id);
    expect(entry.reasons).to.deep.equal({ agreed_price: reason });
    expect(entry.after).to.include({ total_amount: "160.00", rack_amount: "200.00" });
    const plain = await desk.booked(3, 4);
    expect(plain).to.include({ total_amount: "100.00", rack_amount: null });
    expect((await historyOf(plain.booking_id))[0].reasons).to.equal(null);
  });

  it("A total price is divided over the nights in proportion to their rates, to the last unit", async () => {
    await open();
    await rateOn(1, { rate: "150.00" });
    const made = await book(0, 3, { agreed_price: { total: "100", reason } });
    expect(nightsOf(made.body)).to.deep.equal(["28.57 for 100.00", "42.86 for 150.00", "28.57 for 100.00"]);
    expect(made.body).to.include({ total_amount: "100.00", rack_amount: "350.00" });
    const cheap = await book(3, 6, { agreed_price: { total: "0.02", reason } });
    expect(nightsOf(cheap.body)).to.deep.equal(["0.01 for 100.00", "0.01 for 100.00", "0.00 for 100.00"]);
  });

  for (const { currency, rate, total, nights, refused } of [
    { currency: "JPY", rate: "9000", total: "10000", nights: ["3334", "3333", "3333"], refused: "10000.5" },
    { currency: "KWD", rate: "30.500", total: "80.000", nights: ["26.667", "26.667", "26.666"], refused: undefined },
  ]) {
    it(`An agreed price has the decimals of ${currency}`, async () => {
      await open({ rate, settings: { currency } });
      const made = await book(0, 3, { agreed_price: { total, reason } });
      expect(nightsOf(made.body)).to.deep.equal(nights.map((night) => `${night} for ${rate}`));
      expect(made.body.total_amount).to.equal(total);
      if (refused === undefined) return;
      const answer = await book(3, 4, { agreed_price: { total: refused, reason } });
      expect([answer.status, answer.body.errors[0].pointer]).to.deep.equal([400, "/agreed_price/total"]);
    });
  }

  it("The quote shows the price of the booking, and whether it needs a manager", async () => {
    await open({ rooms: 2 });
    await setPolicy(10);
    const quote = (query: string) =>
      desk.get(`/rooms/available?check_in=${desk.day(0)}&check_out=${desk.day(3)}&${query}`);
    for (const [query, agreed, needsManager] of [
      ["agreed_per_night=90.00", { per_night: "90.00" }, false],
      ["agreed_total=269.99", { total: "269.99" }, true],
      ["agreed_per_night=0", { per_night: "0" }, true],
      ["limit=5", undefined, false],
    ] as const) {
      const [room] = (await quote(query)).body.items as TestAnswer["body"][];
      expect(room.needs_manager, query).to.equal(needsManager);
      const body = agreed === undefined ? {} : { agreed_price: { ...agreed, reason } };
      const asDesk = await desk.book(0, 3, body);
      expect(asDesk.status, query).to.equal(needsManager ? 403 : 201);
      const made = needsManager ? await book(0, 3, body) : asDesk;
      expect(nightsOf(room), query).to.deep.equal(nightsOf(made.body));
      expect([room.total_amount, room.rack_amount]).to.deep.equal([made.body.total_amount, made.body.rack_amount]);
      await desk.operate("cancel", made.body.booking_id);
    }
    for (const query of ["agreed_per_night=1&agreed_total=1", "agreed_total=1.001", "agreed_total=-1"])
      expect((await quote(query)).status, query).to.equal(400);
  });

  it("A receptionist can agree on a price within the policy's percentage only, below and above the rate", async () => {
    await open({ rooms: 9 });
    const price = (agreed: Readonly<Record<string, unknown>>, room = 0) =>
      desk.book(0, 2, { room_id: desk.roomIds[room], agreed_price: { reason, ...agreed } });
    const refused = await price({ per_night: "99.99" });
    expect([refused.status, refused.body.code]).to.deep.equal([403, "PRICE_NOT_ALLOWED"]);
    expect(refused.body).to.include({ receptionist_discount_percent: 0, rack_amount: "200.00" });
    expect((await desk.get("/bookings/")).body.items, "nothing was booked").to.deep.equal([]);
    await setPolicy(10);
    await rateOn(1, { rate: "10.00" });
    const answers: [Readonly<Record<string, unknown>>, number][] = [
      [{ total: "99.00" }, 201],
      [{ total: "121.00" }, 201],
      [{ total: "98.99" }, 403],
      [{ total: "121.01" }, 403],
      // The total is within the percentage, but the cheap night costs 5.5 times its rate.
      [{ per_night: "55.00" }, 403],
    ];
    for (const [index, [agreed, status]] of answers.entries())
      expect((await price(agreed, index)).status, JSON.stringify(agreed)).to.equal(status);
    await setPolicy(100);
    expect((await price({ per_night: "0.00" }, 5)).status, "a night at 0.00 needs a manager").to.equal(403);
    expect((await price({ total: "0.01" }, 5)).status, "a total with a night at 0.00 needs a manager").to.equal(403);
    expect((await price({ per_night: "0.01" }, 6)).status).to.equal(201);
    expect((await setPolicy(101)).status).to.equal(400);
  });

  it("A receptionist can change an agreed price within the policy, but not one beyond it", async () => {
    await open();
    await setPolicy(10);
    const { booking_id: id } = (await book(0, 2, { agreed_price: { per_night: "50.00", reason } })).body;
    for (const agreed of [{ per_night: "95.00" }, { withdrawn: true }])
      expect((await desk.amend(id, { agreed_price: { reason, ...agreed } })).body.code).to.equal("PRICE_NOT_ALLOWED");
    expect((await desk.amend(id, { notes: "quiet" })).body.total_amount).to.equal("100.00");
    expect((await agree(id, { withdrawn: true })).body).to.include({ total_amount: "200.00", rack_amount: null });
    expect((await desk.amend(id, { agreed_price: { per_night: "95.00", reason } })).body.total_amount).to.equal(
      "190.00",
    );
    const again = await desk.amend(id, { agreed_price: { per_night: "90.00", reason: "a second one" } });
    expect(nightsOf(again.body), "the percentage applies to the rate, not to the earlier price").to.deep.equal([
      "90.00 for 100.00",
      "90.00 for 100.00",
    ]);
    const entries = await historyOf(id);
    expect(entries.map(({ reasons }) => reasons?.agreed_price)).to.deep.equal([
      reason,
      undefined,
      reason,
      reason,
      "a second one",
    ]);
  });

  it("Nights of closed days keep their price, and a total price covers them first", async () => {
    await open();
    const { booking_id: id } = await desk.booked(0, 3);
    await desk.operate("check-in", id);
    await desk.closeDay();
    const late = await agree(id, { total: "250.00" });
    expect(nightsOf(late.body)).to.deep.equal(["100.00", "75.00 for 100.00", "75.00 for 100.00"]);
    const tooLittle = await agree(id, { total: "99.99" });
    expect([tooLittle.status, tooLittle.body.errors[0].pointer]).to.deep.equal([400, "/agreed_price/total"]);
    const each = await agree(id, { per_night: "60.00" });
    expect(nightsOf(each.body)).to.deep.equal(["100.00", "60.00 for 100.00", "60.00 for 100.00"]);
    const figures = await desk.closeDay();
    expect(figures.body.room_revenue).to.equal("60.00");
    await desk.amend(id, { expected_check_out_at: desk.day(2) });
    expect((await agree(id, { per_night: "1.00" })).body.code).to.equal("WRONG_DAY");
  });

  it("An agreed price applies to its own nights, and an added night costs its rate", async () => {
    await open();
    const { booking_id: id } = (await book(0, 2, { agreed_price: { per_night: "80.00", reason } })).body;
    const longer = await desk.amend(id, { expected_check_out_at: desk.day(3) });
    expect(nightsOf(longer.body)).to.deep.equal(["80.00 for 100.00", "80.00 for 100.00", "100.00"]);
    expect(longer.body).to.include({ total_amount: "260.00", rack_amount: "300.00" });
    const both = await desk.manage("PATCH", `/bookings/${id}`, {
      expected_check_out_at: desk.day(4),
      agreed_price: { per_night: "80.00", reason },
    });
    expect(both.body).to.include({ total_amount: "320.00", rack_amount: "400.00" });
    await desk.operate("check-in", id);
    await desk.amend(id, { expected_check_out_at: desk.day(1) });
    await desk.closeDay();
    await desk.closeDay();
    const stayed = await desk.get(`/bookings/${id}`);
    expect(nightsOf(stayed.body), "a guest who stays longer gets the agreed night back").to.deep.equal([
      "80.00 for 100.00",
      "80.00 for 100.00",
    ]);
    expect(stayed.body).to.include({ total_amount: "160.00", rack_amount: "200.00" });
  });

  it("An agreed price returns when new dates, a new room type, a check-out or a no-show is undone", async () => {
    await open({ rooms: 2 });
    const suite = await desk.manage("POST", "/room-types/", { name: "Suite", capacity: 2, rate: "250.00" });
    await desk.manage("POST", "/rooms/", { room_number: "900", room_type_id: suite.body.room_type_id });
    const { booking_id: id } = (await book(0, 3, { agreed_price: { total: "240.00", reason } })).body;
    const agreed = ["80.00 for 100.00", "80.00 for 100.00", "80.00 for 100.00"];
    await desk.amend(id, { check_in_at: desk.day(5), expected_check_out_at: desk.day(6) });
    const back = await desk.amend(id, { check_in_at: desk.day(0), expected_check_out_at: desk.day(3) });
    expect(nightsOf(back.body)).to.deep.equal(agreed);
    const other = await desk.manage("PATCH", `/bookings/${id}`, { room_type_id: suite.body.room_type_id });
    expect(nightsOf(other.body)).to.deep.equal(["250.00", "250.00", "250.00"]);
    expect(nightsOf((await desk.amend(id, { room_type_id: desk.roomTypeId })).body)).to.deep.equal(agreed);
    expect(nightsOf((await desk.operate("move", id, { room_id: desk.roomIds[1] })).body)).to.deep.equal(agreed);
    const gone = await desk.operate("no-show", id);
    expect(gone.body, "the first night, as agreed").to.include({ total_amount: "80.00", rack_amount: "100.00" });
    expect(nightsOf((await desk.operate("reinstate", id)).body)).to.deep.equal(agreed);
    await desk.operate("check-in", id);
    const left = await desk.operate("check-out", id, { left_on: desk.day(0) });
    expect(left.body).to.include({ total_amount: "80.00", rack_amount: "100.00" });
    const undone = await desk.operate("undo-check-out", id);
    expect(undone.body).to.include({ total_amount: "240.00", rack_amount: "300.00" });
  });

  it("An agreed price needs one amount, a reason, a booking that can be amended and a paid hotel", async () => {
    await open();
    const { booking_id: id } = await desk.booked(0, 2);
    for (const agreed of [
      { per_night: "1.00" },
      { reason },
      { per_night: "1.00", total: "1.00", reason },
      { per_night: "-1.00", reason },
      { per_night: "1.001", reason },
      { per_night: 80, reason },
      { total: "1.00", reason: "" },
      { withdrawn: false, reason },
      { total: "1.00", reason, percent: 3 },
    ]) {
      const answer = await desk.manage("PATCH", `/bookings/${id}`, { agreed_price: agreed });
      expect([answer.status, answer.body.code], JSON.stringify(agreed)).to.deep.equal([400, "VALIDATION_FAILED"]);
    }
    expect((await book(3, 4, { agreed_price: { withdrawn: true, reason } })).status).to.equal(400);
    expect((await desk.get(`/bookings/${id}`)).body.total_amount).to.equal("200.00");
    await desk.operate("cancel", id);
    expect((await agree(id, { per_night: "1.00" })).body.code).to.equal("ILLEGAL_TRANSITION");
    await desk.operate("reinstate", id);
    await platform.owner.raw("UPDATE identity.hotels SET valid_to = now() WHERE hotel_id = ?", [desk.hotelId]);
    expect((await agree(id, { per_night: "1.00" })).status).to.equal(402);
  });

  it("If two desks agree on a price for the same version of a booking, one of them is refused", async () => {
    await open();
    const { booking_id: id } = await desk.booked(0, 2);
    const options = { token: desk.managerToken, headers: { "if-match": '"1"' } };
    const answers = await Promise.all(
      ["70.00", "60.00"].map((perNight) =>
        platform.client.patch(`/bookings/${id}`, { agreed_price: { per_night: perNight, reason } }, options),
      ),
    );
    expect(answers.map(({ status }) => status)).to.have.members([200, 412]);
  });

  it("The manager of another hotel gets 404 and changes no price", async () => {
    const mine = await open();
    const { booking_id: id } = await mine.booked(0, 2);
    const other = await openDesk(platform, {});
    const answer = await other.manage("PATCH", `/bookings/${id}`, { agreed_price: { per_night: "1.00", reason } });
    expect(answer.status).to.equal(404);
    desk = mine;
    expect((await mine.get(`/bookings/${id}`)).body.total_amount).to.equal("200.00");
  });

  it("Anonymizing the guest deletes the words of a reason, and the history still shows that it existed", async () => {
    await open();
    const words = "the wedding of Ada Lovelace";
    const made = await book(0, 2, { agreed_price: { per_night: "80.00", reason: words } });
    const { booking_id: id, guest_id: guestId } = made.body;
    await desk.operate("cancel", id);
    expect((await desk.manage("POST", `/guests/${guestId}/anonymize`, {})).status).to.be.oneOf([200, 204]);
    const [first] = await historyOf(id);
    expect(first.reasons).to.deep.equal({ agreed_price: null });
    const { rows } = (await platform.owner.raw(
      "SELECT count(*)::int AS count FROM pms.booking_history h WHERE hotel_id = ? AND h::text LIKE '%Lovelace%'",
      [desk.hotelId],
    )) as { rows: { count: number }[] };
    expect(rows[0]?.count).to.equal(0);
  });
});

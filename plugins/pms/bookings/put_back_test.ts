import { expect } from "chai";

import { startTestPlatform, type TestAnswer, type TestPlatform } from "#testing/mod.ts";
import { type Desk, openDesk } from "../testing/desk.ts";
import { checkInvariants } from "../testing/model_tests/invariants.ts";

const rates = (answer: TestAnswer): string[] => (answer.body.nights as { rate: string }[]).map(({ rate }) => rate);

describe("Nights that are put back", function () {
  this.timeout(120_000);
  let platform: TestPlatform;
  let desk: Desk;
  let suiteTypeId: string;
  let suiteId: string;
  beforeEach(async () => {
    platform ??= await startTestPlatform({ worker: false });
    desk = await openDesk(platform, { rate: "100.00" });
    const suite = await desk.manage("POST", "/room-types/", { name: "Suite", capacity: 2, rate: "250.00" });
    suiteTypeId = suite.body.room_type_id;
    const room = await desk.manage("POST", "/rooms/", { room_number: "900", room_type_id: suiteTypeId });
    suiteId = room.body.room_id;
  });
  afterEach(() => checkInvariants(platform.owner, desk.hotelId));
  after(() => platform.close());

  const setRate = (rate: string) => desk.manage("PATCH", `/room-types/${desk.roomTypeId}`, { rate });

  it("An extension brings a night back at the price that it had", async () => {
    const { booking_id: id } = await desk.booked(0, 2);
    await setRate("150.00");
    expect(rates(await desk.amend(id, { expected_check_out_at: desk.day(1) }))).to.deep.equal(["100.00"]);
    const back = await desk.amend(id, { expected_check_out_at: desk.day(3) });
    expect(rates(back), "the third night was never booked").to.deep.equal(["100.00", "100.00", "150.00"]);
    expect(back.body.total_amount).to.equal("350.00");
  });

  it("The way back works at both ends and on a later business day", async () => {
    const { booking_id: id } = await desk.booked(1, 4);
    await setRate("150.00");
    await desk.amend(id, { check_in_at: desk.day(3) });
    await desk.amend(id, { check_in_at: desk.day(5), expected_check_out_at: desk.day(8) });
    await desk.closeDay();
    const back = await desk.amend(id, { check_in_at: desk.day(1), expected_check_out_at: desk.day(4) });
    expect(back.body.total_amount).to.equal("300.00");
  });

  it("Another room type and the way back keep each type's prices", async () => {
    const { booking_id: id } = await desk.booked(0, 2);
    await setRate("150.00");
    const suite = await desk.amend(id, { room_type_id: suiteTypeId });
    expect(rates(suite)).to.deep.equal(["250.00", "250.00"]);
    await desk.manage("PATCH", `/room-types/${suiteTypeId}`, { rate: "400.00" });
    expect(rates(await desk.amend(id, { room_type_id: desk.roomTypeId }))).to.deep.equal(["100.00", "100.00"]);
    expect(rates(await desk.amend(id, { room_type_id: suiteTypeId }))).to.deep.equal(["250.00", "250.00"]);
  });

  it("A released night of the old room type does not set the price of the new one", async () => {
    const { booking_id: id } = await desk.booked(0, 2);
    await desk.amend(id, { expected_check_out_at: desk.day(1) });
    await desk.amend(id, { room_type_id: suiteTypeId });
    expect(rates(await desk.amend(id, { expected_check_out_at: desk.day(2) }))).to.deep.equal(["250.00", "250.00"]);
  });

  it("A guest who was moved to a better room gets the nights back at the price of the room that was sold", async () => {
    const { booking_id: id } = await desk.booked(0, 3);
    await desk.amend(id, { expected_check_out_at: desk.day(2) });
    expect((await desk.operate("move", id, { room_id: suiteId })).status).to.equal(200);
    expect(rates(await desk.amend(id, { expected_check_out_at: desk.day(3) }))).to.deep.equal([
      "100.00",
      "100.00",
      "100.00",
    ]);
    await desk.amend(id, { check_in_at: desk.day(5), expected_check_out_at: desk.day(6) });
    const back = await desk.amend(id, { check_in_at: desk.day(0), expected_check_out_at: desk.day(3) });
    expect(back.body.total_amount, "all nights were put off and put back").to.equal("300.00");
  });

  it("A guest who stays on after a shortening sleeps at the old price, extended by the close of the day", async () => {
    const { booking_id: id } = await desk.booked(0, 2);
    await desk.operate("check-in", id);
    await desk.amend(id, { expected_check_out_at: desk.day(1) });
    await setRate("150.00");
    await desk.closeDay();
    await desk.closeDay();
    const stayed = await desk.get(`/bookings/${id}`);
    expect(rates(stayed)).to.deep.equal(["100.00", "100.00"]);
    await desk.closeDay();
    expect(rates(await desk.get(`/bookings/${id}`))).to.deep.equal(["100.00", "100.00", "150.00"]);
  });

  it("A refused extension keeps no price, and two desks that put the same night back agree on it", async () => {
    const { booking_id: id } = await desk.booked(0, 2);
    await setRate("150.00");
    await desk.amend(id, { expected_check_out_at: desk.day(1) });
    const { booking_id: other } = await desk.booked(1, 2, { guest: { name: "Grace Hopper" } });
    expect((await desk.amend(id, { expected_check_out_at: desk.day(2) })).status).to.equal(409);
    await desk.operate("cancel", other);
    const answers = await Promise.all([1, 2].map(() => desk.amend(id, { expected_check_out_at: desk.day(2) })));
    expect(answers.map(rates)).to.deep.equal([
      ["100.00", "100.00"],
      ["100.00", "100.00"],
    ]);
  });

  it("A room type without rooms and nights can be deleted, with the prices that were kept for it", async () => {
    const { booking_id: id } = await desk.booked(0, 2, { room_type_id: suiteTypeId });
    await desk.amend(id, { room_type_id: desk.roomTypeId });
    await desk.manage("DELETE", `/rooms/${suiteId}`);
    expect((await desk.manage("DELETE", `/room-types/${suiteTypeId}`)).status).to.equal(200);
    expect(rates(await desk.amend(id, { expected_check_out_at: desk.day(1) }))).to.deep.equal(["100.00"]);
  });
});

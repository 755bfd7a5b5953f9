/** Tests the minibar with PostgreSQL, HTTP, a worker and two hotels. Run `npx mocha <this file>` in the checkout. */
import { expect } from "chai";
import fc from "fast-check";
import { setTimeout as sleep } from "node:timers/promises";

import {
  eventually,
  runCli,
  signUpHotel,
  startTestPlatform,
  type TestHotel,
  type TestPlatform,
  withoutUndo,
} from "#testing/mod.ts";

import { writeRestockList } from "./restock.ts";

interface Guest extends TestHotel {
  readonly bookingId: string;
}

describe("the minibar", () => {
  let platform: TestPlatform;
  let here: Guest;
  let elsewhere: Guest;
  before(async () => {
    // A copy of this folder in plugins/ is found there as well, and is the same plugin.
    platform = await startTestPlatform({ variables: { PLUGIN_PATH: import.meta.dirname } });
    here = await guestInHouse();
    elsewhere = await guestInHouse({ currency: "JPY", time_zone: "Asia/Tokyo" });
  });
  after(() => platform.close());

  /** Signs up a hotel with one room, and checks a guest in. */
  async function guestInHouse(settings: Readonly<Record<string, unknown>> = {}): Promise<Guest> {
    const { client } = platform;
    const hotel = await signUpHotel(client, settings);
    const token = hotel.managerToken;
    const { body: me } = await client.get("/hotels/me", { token });
    const { body: type } = await client.post("/room-types/", { name: "Double", capacity: 2, rate: "100" }, { token });
    await client.post("/rooms/", { room_number: "101", room_type_id: type.room_type_id }, { token });
    const nextDay = new Date(Date.parse(me.business_date as string) + 86_400_000).toISOString().slice(0, 10);
    const booking = {
      room_type_id: type.room_type_id,
      guest: { name: "Ada Lovelace" },
      check_in_at: me.business_date,
      expected_check_out_at: nextDay,
    };
    const { body: booked } = await client.post("/bookings/", booking, { token });
    const checkedIn = await client.patch(`/operations/check-in/${booked.booking_id}`, {}, { token });
    expect(checkedIn.status, checkedIn.text).to.equal(200);
    return { ...hotel, bookingId: booked.booking_id as string };
  }

  const charge = (guest: Guest, item: string, quantity: number, unitPrice: string, bookingId = guest.bookingId) =>
    platform.client.post(
      "/minibar/charges",
      { booking_id: bookingId, item, quantity, unit_price: unitPrice },
      { token: guest.receptionistToken },
    );
  const list = (guest: Guest, bookingId = guest.bookingId, more = "") =>
    platform.client.get(`/minibar/charges?booking_id=${bookingId}${more}`, { token: guest.receptionistToken });

  /** Reads the list of a day after the worker has finished all jobs of the minibar. */
  async function restockList(guest: Guest, day = ""): Promise<Record<string, unknown>[]> {
    await eventually(async () => {
      const waiting = await platform.owner("core.outbox").where({ job: "minibar.restock-list" }).select("job_id");
      return waiting.length === 0 ? true : undefined;
    });
    const { body } = await platform.client.get(`/minibar/restock${day && `?day=${day}`}`, {
      token: guest.receptionistToken,
    });
    return body.items as Record<string, unknown>[];
  }

  it("A charge multiplies and adds up its price exactly", async () => {
    const made = await charge(here, "Cola", 3, "0.10");
    expect(made.status, made.text).to.equal(201);
    expect(made.body).to.include({ unit_price: "0.10", amount: "0.30", currency: "EUR", item: "Cola", quantity: 3 });
    await charge(here, "Peanuts", 1, "4.5");
    const { body } = await list(here);
    expect(body.items.map((item: { amount: string }) => item.amount)).to.deep.equal(["0.30", "4.50"]);
    expect(body).to.include({ total_amount: "4.80", currency: "EUR", next_cursor: null });
    const first = await list(here, here.bookingId, "&limit=1");
    expect(first.body.total_amount).to.equal("4.80");
    const second = await list(here, here.bookingId, `&limit=1&cursor=${first.body.next_cursor}`);
    expect([...first.body.items, ...second.body.items]).to.deep.equal(body.items);
  });

  it("Another hotel neither sees the charges nor charges to the booking", async () => {
    const before = await platform.owner("minibar.charges").where({ hotel_id: here.hotelId });
    const foreign = [await list(elsewhere, here.bookingId), await charge(elsewhere, "Cola", 1, "5", here.bookingId)];
    const unknown = [await list(elsewhere, here.hotelId), await charge(elsewhere, "Cola", 1, "5", here.hotelId)];
    const told = (answers: typeof foreign) => answers.map(({ body }) => ({ ...body, request_id: "" }));
    expect(told(foreign).map(({ status }) => status)).to.deep.equal([404, 404]);
    expect(told(foreign)).to.deep.equal(told(unknown));
    expect(await platform.owner("minibar.charges").where({ hotel_id: here.hotelId })).to.deep.equal(before);
    const own = await charge(elsewhere, "Sake", 2, "900");
    expect(own.body).to.include({ amount: "1800", currency: "JPY" });
    expect((await list(elsewhere)).body.items).to.deep.equal([withoutUndo(own.body)]);
    expect(await restockList(elsewhere)).to.deep.equal([
      { item: "Sake", quantity: 2, amount: "1800", currency: "JPY" },
    ]);
  });

  it("A charge is refused without a guest in house, with a wrong price, and without a token", async () => {
    expect((await charge(elsewhere, "Sake", 1, "900.50")).body).to.include({ code: "VALIDATION_FAILED" });
    const guest = await guestInHouse();
    await platform.client.patch(`/operations/check-out/${guest.bookingId}`, {}, { token: guest.receptionistToken });
    const late = await charge(guest, "Cola", 1, "5.00");
    expect(late.body).to.include({ status: 409, code: "GUEST_NOT_IN_HOUSE", booking_status: "checked_out" });
    expect((await platform.client.get(`/minibar/charges?booking_id=${guest.bookingId}`)).status).to.equal(401);
  });

  it("A request repeated with its Idempotency-Key charges once", async () => {
    const guest = await guestInHouse();
    const body = { booking_id: guest.bookingId, item: "Cola", unit_price: "5.00" };
    const options = { token: guest.receptionistToken, headers: { "idempotency-key": "tray-7" } };
    const answers = [
      await platform.client.post("/minibar/charges", body, options),
      await platform.client.post("/minibar/charges", body, options),
    ];
    expect(answers[1]?.body).to.deep.equal(answers[0]?.body);
    expect((await list(guest)).body.total_amount).to.equal("5.00");
  });

  it("The restock list has the quantities and amounts of concurrent charges", async () => {
    const guest = await guestInHouse();
    const anyCharge = fc.record({
      item: fc.constantFrom("Cola", "Peanuts", "Water"),
      quantity: fc.integer({ min: 1, max: 99 }),
      cents: fc.bigInt({ min: 0n, max: 999_999_999_999n }),
    });
    const wanted = fc.sample(anyCharge, 24);
    const decimal = (cents: bigint): string => `${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`;
    const made = await Promise.all(
      wanted.map(({ item, quantity, cents }) => charge(guest, item, quantity, decimal(cents))),
    );
    expect(made.map(({ status }) => status)).to.deep.equal(wanted.map(() => 201));
    const expected = ["Cola", "Peanuts", "Water"].flatMap((item) => {
      const same = wanted.filter((one) => one.item === item);
      const quantity = same.reduce((sum, one) => sum + one.quantity, 0);
      const cents = same.reduce((sum, one) => sum + one.cents * BigInt(one.quantity), 0n);
      return same.length === 0 ? [] : [{ item, quantity, amount: decimal(cents), currency: "EUR" }];
    });
    expect(await restockList(guest, made[0]?.body.day as string)).to.deep.equal(expected);
    const total = wanted.reduce((sum, one) => sum + one.cents * BigInt(one.quantity), 0n);
    expect((await list(guest)).body.total_amount).to.equal(decimal(total));
  });

  it("A charge is taken back while the guest is in house, and leaves the restock list", async () => {
    const guest = await guestInHouse();
    const { body: cola } = await charge(guest, "Cola", 2, "5.00");
    const { body: water } = await charge(guest, "Water", 1, "2.00");
    const takeBack = (hotel: Guest, id: string) =>
      platform.client.call("DELETE", `/minibar/charges/${id}`, undefined, { token: hotel.receptionistToken });
    expect((await takeBack(elsewhere, cola.charge_id)).status).to.equal(404);
    expect((await takeBack(guest, cola.charge_id)).status).to.equal(200);
    expect((await takeBack(guest, cola.charge_id)).status).to.equal(404);
    expect((await list(guest)).body.total_amount).to.equal("2.00");
    expect(await restockList(guest, cola.day)).to.deep.equal([
      { item: "Water", quantity: 1, amount: "2.00", currency: "EUR" },
    ]);
    await platform.client.patch(`/operations/check-out/${guest.bookingId}`, {}, { token: guest.receptionistToken });
    expect((await takeBack(guest, water.charge_id)).body).to.include({ code: "GUEST_NOT_IN_HOUSE" });
    expect((await list(guest)).body.total_amount).to.equal("2.00");
  });

  it("The command `minibar restock` lists one day of one hotel, and refuses wrong words", async function () {
    this.timeout(120_000);
    const guest = await guestInHouse();
    await charge(guest, "Peanuts", 5, "1.00");
    const made = await charge(guest, "Cola\u001b[2J", 1, "5.00");
    expect(made.status, "an item with a control character").to.equal(400);
    const day = (await charge(guest, "Cola", 1, "5.00")).body.day as string;
    await restockList(guest, day);
    const restock = (...words: string[]) => runCli(platform.variables, "minibar", "restock", ...words);
    expect(await restock(guest.hotelId, day)).to.include({ code: 0, out: "1  Cola\n5  Peanuts\n" });
    expect(await restock(guest.hotelId, day, "--least", "2")).to.include({ code: 0, out: "5  Peanuts\n" });
    const wrong = await restock(guest.hotelId, "yesterday");
    expect(wrong.code).to.equal(2);
    expect(wrong.err).to.include("day");
  });

  it("One job at a time makes the list of a day, so the job that read first can't write last", async () => {
    const day = "2030-01-01";
    const order: string[] = [];
    const first = await platform.owner.transaction();
    await writeRestockList(first, here.hotelId, day);
    const second = platform.owner
      .transaction((trx) => writeRestockList(trx, here.hotelId, day))
      .then(() => order.push("second"));
    await sleep(200);
    order.push("first");
    await first.commit();
    await second;
    expect(order).to.deep.equal(["first", "second"]);
  });
});

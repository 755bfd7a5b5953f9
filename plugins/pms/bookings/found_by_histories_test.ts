import { expect } from "chai";
import type { Knex } from "knex";
import { setTimeout as sleep } from "node:timers/promises";

import { runTransaction, roleOf } from "../../../core/db/database.ts";
import { instantOf } from "../../../core/mod.ts";
import { type DeskDatabase, openDeskDatabase } from "../testing/desk_database.ts";
import { type Desk, directDesk, type Outcome } from "../testing/model_tests/direct_desk.ts";
import { dayText } from "../testing/model_tests/model/data.ts";
import type { ModelHotel } from "../testing/model_tests/model/hotel.ts";
import { type HotelKind, hotelKinds, insertHotel } from "../testing/insert_hotel.ts";
import { cancel } from "./check_in_out.ts";

/** Each test is a race, or a short history that a random one was reduced to (`model_tests/histories_test.ts`). */
describe("Faults that random histories found", () => {
  let database: DeskDatabase;
  let owner: Knex;
  let pool: Knex;
  let hotelId: string;
  let hotel: ModelHotel;
  let desk: Desk;
  let now: Date;
  before(async () => {
    database = await openDeskDatabase();
    ({ owner, pool } = database);
  });
  after(() => database.close());
  beforeEach(async () => {
    ({ hotelId, model: hotel } = await insertHotel(owner, hotelKinds[0] as HotelKind));
    now = new Date();
    desk = directDesk(pool, hotelId, () => now);
  });

  const well = async (outcome: Promise<Outcome>): Promise<Outcome["body"]> => {
    const { code, body } = await outcome;
    expect(code, JSON.stringify(body)).to.equal("OK");
    return body;
  };
  const book = async (room: number, from: number, to: number): Promise<string> => {
    const stay = { check_in_at: dayText(from), expected_check_out_at: dayText(to) };
    const guest = { name: "Ada Lovelace", email: "ada@example.com" };
    const body = await well(desk({ id: "createBooking", body: { room_id: hotel.rooms[room]?.id, guest, ...stay } }));
    return body.booking_id as string;
  };
  const operate = (id: string, booking: string, body: Record<string, unknown> = {}) =>
    desk({ id, params: { booking_id: booking }, body });
  const closeDay = (day: number) => desk({ id: "closeDay", body: { business_date: dayText(day) } });

  it("A booking can't swap rooms with itself", async () => {
    const booking = await book(0, 0, 2);
    const { code, body } = await operate("swapBookings", booking, { other_booking_id: booking });
    expect([code, body.detail]).to.deep.equal(["VALIDATION_FAILED", "/other_booking_id is the booking itself"]);
  });

  it("A guest's new name is in the history of the bookings too", async () => {
    const booking = await book(0, 0, 2);
    const { guest_id } = await well(operate("amendBooking", booking));
    await well(desk({ id: "changeGuest", params: { guest_id }, body: { name: "Ada King" } }));
    const { items } = await well(desk({ id: "readBookingHistory", params: { booking_id: booking } }));
    expect(items.at(-1)).to.deep.include({ action: "guest", by_user: "the desk" });
    expect(items.at(-1).before.guest_name).to.equal("Ada Lovelace");
    expect(items.at(-1).after.guest_name).to.equal("Ada King");
  });

  it("A no-show that the desk marked counts on its day, and on no other day", async () => {
    await well(operate("markNoShow", await book(0, 0, 2)));
    await book(1, 0, 2);
    expect(await well(closeDay(0))).to.include({ no_shows: 2, no_show_revenue: "201.00" });
    expect(await well(closeDay(1))).to.include({ no_shows: 0, no_show_revenue: "0.00" });
  });

  it("A guest in house is refused a room only for the nights in conflict, and is offered free rooms", async () => {
    const booking = await book(0, 0, 3);
    await well(operate("checkIn", booking));
    // Another guest slept in room 103 last night. The room is free from now on.
    await well(operate("checkIn", await book(2, 0, 1)));
    now = instantOf(dayText(1), "12:00", (hotelKinds[0] as HotelKind).timeZone);
    await well(closeDay(0));
    await book(1, 2, 4);
    const { code, body } = await operate("moveBooking", booking, { room_id: hotel.rooms[1]?.id });
    expect([code, body.detail]).to.deep.equal(["ROOM_TAKEN", `Room 102 is taken on ${dayText(2)}.`]);
    expect(body.nights).to.deep.equal([dayText(2)]);
    expect(body.free_rooms.map((room: { room_number: string }) => room.room_number)).to.include("103");
  });

  it("An undone check-out does not allow the undo of an earlier day's check-in", async () => {
    const booking = await book(0, 0, 3);
    await well(operate("checkIn", booking));
    await well(closeDay(0));
    await well(operate("checkOut", booking));
    await well(operate("undoCheckOut", booking));
    const { code, body } = await operate("undoCheckIn", booking);
    expect(code, JSON.stringify(body)).to.equal("WRONG_DAY");
    expect((await operate("cancelBooking", booking)).body.allowed_transitions).to.deep.equal(["check_out"]);
  });

  it("The close of a day waits for a running cancellation of that day, and counts it", async () => {
    const booking = await book(0, 4, 5);
    let finish = (): void => undefined;
    const untilFinish = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const canceling = runTransaction(pool, { role: roleOf("pms"), tenantId: hotelId }, async (trx) => {
      await cancel(trx, { actor: { tenantId: hotelId, name: "the desk" }, now: new Date() }, booking);
      await untilFinish;
    });
    await sleep(100);
    const closing = closeDay(0);
    const first = await Promise.race([closing.then(() => "closed"), sleep(300).then(() => "waits")]);
    finish();
    await canceling;
    expect(first).to.equal("waits");
    expect(await well(closing)).to.include({ cancellations: 1 });
  });
});

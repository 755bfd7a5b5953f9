import { expect } from "chai";
import type { Knex } from "knex";

import { instantOf } from "../../../core/mod.ts";
import { type DeskDatabase, openDeskDatabase } from "../testing/desk_database.ts";
import { type Call, directDesk, type Outcome } from "../testing/model_tests/direct_desk.ts";
import { dayText } from "../testing/model_tests/model/data.ts";
import type { ModelHotel } from "../testing/model_tests/model/hotel.ts";
import { insertHotel } from "../testing/insert_hotel.ts";

/** The tests choose the moment of each call, so that no result depends on the hour at which they run. */
describe("A day that is not over", () => {
  let database: DeskDatabase;
  let owner: Knex;
  let pool: Knex;
  before(async () => {
    database = await openDeskDatabase();
    ({ owner, pool } = database);
  });
  after(() => database.close());

  interface Desk {
    readonly hotelId: string;
    readonly model: ModelHotel;
    call(now: Date, call: Call): Promise<Outcome>;
    close(now: Date, day: string, body?: Record<string, unknown>): Promise<Outcome>;
    book(room: number, from: number, name: string): Promise<string>;
    today(): Promise<string>;
  }

  /** Inserts a hotel, and returns its desk. @param day the business date. The default is 2025-03-27 */
  async function openAt(timeZone = "Europe/Berlin", day?: string): Promise<Desk> {
    const { hotelId, model } = await insertHotel(owner, { currency: "EUR", decimals: 2, timeZone });
    const row = () => owner("identity.hotels").where({ hotel_id: hotelId });
    if (day !== undefined) await row().update({ business_date: day });
    const call: Desk["call"] = (now, one) => directDesk(pool, hotelId, () => now)(one);
    return {
      hotelId,
      model,
      call,
      close: (now, date, body = {}) => call(now, { id: "closeDay", body: { business_date: date, ...body } }),
      book: async (room, from, name) => {
        const stay = { check_in_at: dayText(from), expected_check_out_at: dayText(from + 1) };
        const body = { room_id: model.rooms[room]?.id, guest: { name }, ...stay };
        const made = await call(new Date(), { id: "createBooking", body });
        expect(made.code, JSON.stringify(made.body)).to.equal("OK");
        return made.body.booking_id as string;
      },
      today: async () => (await row().first("business_date")).business_date as string,
    };
  }

  const [first, second] = [dayText(0), dayText(1)];
  const at = (day: string, time: string, zone = "Europe/Berlin"): Date => instantOf(day, time, zone);

  it("A close of a day that is not over is refused, and lists the expected no-shows", async () => {
    const desk = await openAt();
    const expected = [await desk.book(0, 0, "Ada Lovelace"), await desk.book(3, 0, "Grace Hopper")];
    await desk.book(1, 1, "Comes tomorrow");
    const { code, body } = await desk.close(at(first, "10:00"), first);
    expect(code).to.equal("DAY_NOT_OVER");
    expect(body.detail).to.equal(
      "2025-03-27 can be closed from 18:00 at the hotel. " +
        "A close now would mark 2 expected guests as no-shows, " +
        "and would charge another night to 0 guests due out and still in the house. " +
        'To close it now, send "early": true.',
    );
    const stay = { arrival: first, departure: second };
    const [one, , , other] = desk.model.rooms;
    expect(body).to.deep.include({
      business_date: first,
      closable_from: "2025-03-27T17:00:00.000Z",
      no_shows_count: 2,
      last_close: null,
    });
    expect(body.no_shows).to.have.deep.members([
      { booking_id: expected[0], guest_name: "Ada Lovelace", room_id: one?.id, room_number: one?.number, ...stay },
      { booking_id: expected[1], guest_name: "Grace Hopper", room_id: other?.id, room_number: other?.number, ...stay },
    ]);
    expect(await desk.today()).to.equal(first);
    const { body: board } = await desk.call(at(first, "10:00"), { id: "readBoard" });
    expect(board.arrivals).to.have.length(2);
  });

  it("The refusal lists exactly the guests due out that the close would charge the night", async () => {
    const desk = await openAt();
    const owned = (table: string) => owner(table).where({ hotel_id: desk.hotelId });
    const checkIn = async (id: string) => {
      const outcome = await desk.call(at(first, "15:00"), { id: "checkIn", params: { booking_id: id } });
      expect(outcome.code, JSON.stringify(outcome.body)).to.equal("OK");
      return id;
    };
    // All three are due out on the second day. A closure takes the second room, and a no-show has the third one.
    const names = ["Stays on", "Must leave", "Room of a no-show"];
    const inHouse = [];
    for (const [room, name] of names.entries()) inHouse.push(await checkIn(await desk.book(room, 0, name)));
    expect((await desk.close(at(first, "19:00"), first)).code).to.equal("OK");
    const [staying, , inRoomOfNoShow] = inHouse;
    const closure = { from: second, to: dayText(2), reason: "paint" };
    const closed = await desk.call(at(second, "08:00"), {
      id: "closeRoom",
      params: { room_id: desk.model.rooms[1]?.id ?? "" },
      body: closure,
    });
    expect(closed.code, JSON.stringify(closed.body)).to.equal("OK");
    const expected = await desk.book(2, 1, "Comes today");
    const { code, body } = await desk.close(at(second, "10:00"), second);
    expect(code).to.equal("DAY_NOT_OVER");
    expect(body.overstays.map(({ booking_id: id }: { booking_id: string }) => id)).to.have.members([
      staying,
      inRoomOfNoShow,
    ]);
    expect(body.overstays_count).to.equal(2);
    expect(body.overstays.find(({ booking_id: id }: { booking_id: string }) => id === staying)).to.deep.equal({
      booking_id: staying,
      guest_name: "Stays on",
      room_id: desk.model.rooms[0]?.id,
      room_number: desk.model.rooms[0]?.number,
      arrival: first,
      departure: second,
    });
    expect(body.no_shows.map(({ booking_id: id }: { booking_id: string }) => id)).to.deep.equal([expected]);
    expect(body.detail).to.include(
      "would mark 1 expected guest as a no-show, " +
        "and would charge another night to 2 guests due out and still in the house.",
    );
    await desk.call(at(second, "10:00"), { id: "changePolicies", body: { overstays: "leave" } });
    const left = await desk.close(at(second, "10:00"), second);
    expect([left.body.overstays, left.body.overstays_count]).to.deep.equal([[], 0]);
    await desk.call(at(second, "10:00"), { id: "changePolicies", body: { overstays: "extend" } });
    const figures = await desk.close(at(second, "10:00"), second, { early: true });
    expect(figures.body).to.include({ overstays: 2, no_shows: 1 });
    const departures = await owned("pms.bookings").where({ status: "in_house", departure: dayText(2) });
    expect(departures.map(({ booking_id: id }: { booking_id: string }) => id)).to.have.members([
      staying,
      inRoomOfNoShow,
    ]);
  });

  it("Two concurrent early closes close the day once and return the same figures", async () => {
    const desk = await openAt();
    await desk.book(0, 0, "Ada Lovelace");
    const [one, two] = await Promise.all([1, 2].map(() => desk.close(at(first, "10:00"), first, { early: true })));
    expect([one?.code, one?.body.no_shows]).to.deep.equal(["OK", 1]);
    expect(two).to.deep.equal(one);
    expect(await desk.close(at(first, "10:01"), first), "without early").to.deep.equal(one);
    expect(await desk.today()).to.equal(second);
    // The next day has not begun, and `early` does not begin it.
    expect((await desk.close(at(first, "10:02"), second, { early: true })).code).to.equal("WRONG_DAY");
  });

  it("The refusal names the user who closed the day before", async () => {
    const desk = await openAt();
    expect((await desk.close(at(second, "04:00"), first)).code).to.equal("OK");
    const { code, body } = await desk.close(at(second, "08:00"), second);
    expect(code).to.equal("DAY_NOT_OVER");
    expect(body.detail).to.include("2025-03-27 was closed by the desk.");
    expect(body.last_close).to.deep.include({ business_date: first, closed_by: "the desk" });
    expect(Date.parse(body.last_close.closed_at as string)).to.be.lessThanOrEqual(Date.now());
  });

  it("The refusal lists at most 50 no-shows and counts all of them", async () => {
    const desk = await openAt();
    for (let day = 0; day < 52; day += 1) await desk.book(day % 5, day, `Guest ${day}`);
    await owner("identity.hotels")
      .where({ hotel_id: desk.hotelId })
      .update({ business_date: dayText(51) });
    const { body } = await desk.close(at(dayText(51), "10:00"), dayText(51));
    expect(body.no_shows_count).to.equal(52);
    expect(body.no_shows.map(({ guest_name: name }: { guest_name: string }) => name)).to.deep.equal(
      Array.from({ length: 50 }, (_, day) => `Guest ${day}`),
    );
  });

  for (const [zone, day, from, moment] of [
    ["Europe/Berlin", "2025-03-27", "18:00", "2025-03-27T17:00:00.000Z"],
    ["Pacific/Auckland", "2025-03-27", "18:00", "2025-03-27T05:00:00.000Z"],
    ["Pacific/Kiritimati", "2025-03-27", "00:01", "2025-03-26T10:01:00.000Z"],
    ["Pacific/Honolulu", "2025-03-27", "23:59", "2025-03-28T09:59:00.000Z"],
    // Daylight saving begins: the clock jumps from 02:00 to 03:00, so 02:30 does not exist.
    ["Europe/Berlin", "2025-03-30", "02:30", "2025-03-30T01:30:00.000Z"],
    // Daylight saving ends: 02:30 exists twice, and the first one counts.
    ["Europe/Berlin", "2025-10-26", "02:30", "2025-10-26T00:30:00.000Z"],
    ["America/New_York", "2025-11-02", "18:00", "2025-11-02T23:00:00.000Z"],
  ] as const) {
    it(`In ${zone}, ${day} can be closed from ${from}, which is ${moment}, and not 1 ms earlier`, async () => {
      const desk = await openAt(zone, day);
      await desk.call(new Date(), { id: "changePolicies", body: { day_closes_from: from } });
      const start = new Date(moment);
      const before = await desk.close(new Date(start.getTime() - 1), day);
      expect([before.code, before.body.closable_from]).to.deep.equal(["DAY_NOT_OVER", moment]);
      expect((await desk.close(start, day)).code).to.equal("OK");
    });
  }

  it("A day can be closed at any time of its date if day_closes_from is null", async () => {
    const desk = await openAt();
    await desk.call(new Date(), { id: "changePolicies", body: { day_closes_from: null } });
    expect((await desk.close(at(first, "00:00"), first)).code).to.equal("OK");
  });

  it("A day is over once the hotel's calendar is past it, regardless of day_closes_from", async () => {
    for (const [zone, day, now] of [
      ["Europe/Berlin", first, at(second, "00:00")],
      ["Europe/Berlin", first, at(dayText(5), "09:00")],
      ["Pacific/Honolulu", first, at(second, "00:00", "Pacific/Honolulu")],
      ["Pacific/Auckland", first, at(second, "00:00", "Pacific/Auckland")],
      // Samoa skipped 30 December 2011.
      ["Pacific/Apia", "2011-12-30", at("2011-12-31", "00:00", "Pacific/Apia")],
    ] as const) {
      const desk = await openAt(zone, day);
      await desk.call(new Date(), { id: "changePolicies", body: { day_closes_from: "23:59" } });
      expect((await desk.close(now, day)).code, `${zone} ${now.toISOString()}`).to.equal("OK");
    }
  });

  it("A day that has not begun answers WRONG_DAY, with early and without", async () => {
    const desk = await openAt();
    const eve = at(dayText(-1), "23:59");
    for (const body of [{}, { early: true }]) expect((await desk.close(eve, first, body)).code).to.equal("WRONG_DAY");
    for (const day of [dayText(-1), second])
      expect((await desk.close(at(first, "20:00"), day, { early: true })).code, day).to.equal("WRONG_DAY");
  });

  it("After midnight, the day before can be closed and the calendar's day can not", async () => {
    const desk = await openAt();
    expect((await desk.close(at(second, "01:00"), first)).code).to.equal("OK");
    expect((await desk.close(at(second, "01:01"), second)).code).to.equal("DAY_NOT_OVER");
  });
});

import { expect } from "chai";

import { addDays, type Day, dayAt, eachDay } from "../../../core/mod.ts";
import { databaseFor, type Trx } from "../../../core/db/database.ts";
import { openPool } from "../../../core/db/pool.ts";
import { loginRole, urlAs } from "../../../core/db/role_names.ts";
import { playDemo } from "../../../core/plugin/demo_part.ts";
import { type HotelSettings, readHotel } from "../../identity/port.ts";
import { signUpHotel, startTestPlatform, type TestPlatform, testSecret } from "#testing/mod.ts";
import { checkInvariants } from "../testing/model_tests/invariants.ts";
import { insertDemo, insertFigures } from "./insert_rows.ts";
import { demoGuest } from "./guests.ts";
import { type DemoSpan, planDemo, type PlannedStay } from "./plan.ts";
import { type DemoClosure, demoClosures, demoRooms } from "./rooms.ts";
import { demoRows } from "./rows.ts";

describe("The demo hotel", function () {
  this.timeout(120_000);
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform?.close());

  it("Has guests in every state of a desk's day, six weeks of closed days, and six weeks of bookings", async () => {
    const databaseUrl = urlAs(platform.databaseUrl, loginRole, testSecret);
    const { login } = await playDemo({ address: platform.client.url, databaseUrl });
    const { body: session } = await platform.client.post("/auth/token", login);
    const token = session.access_token as string;
    const get = async (path: string) => (await platform.client.get(path, { token })).body;
    const hotel = await get("/hotels/me");
    await checkInvariants(platform.owner, hotel.hotel_id);
    const board = await get("/operations/today");
    for (const list of ["arrivals", "departures", "in_house", "overdue", "arrived", "left", "dirty_rooms"]) {
      expect(board[list], list).to.have.length.greaterThan(0);
    }
    const closed = await get("/operations/closed-days?limit=200");
    expect(closed.items).to.have.length(42);
    expect((await get("/rooms/?limit=200")).items).to.have.length(24);
    const ahead = addDays(hotel.business_date, 35);
    expect((await get(`/bookings/?arrival_from=${ahead}`)).items).to.have.length.greaterThan(5);
    expect((await get("/guests/?query=müller")).items).to.have.length.greaterThan(0);
    const { rows: returning } = await platform.owner.raw(
      "SELECT guest_id FROM pms.bookings WHERE hotel_id = ? GROUP BY guest_id HAVING count(*) > 1",
      [hotel.hotel_id],
    );
    expect(returning).to.have.length.greaterThan(30);
    const close = { business_date: hotel.business_date, early: true };
    const next = await platform.client.post("/operations/close-day", close, { token });
    expect(next.status, next.text).to.equal(200);
    // By the default policy, a guest in house gets the night if the room is free.
    const { overdue, overstays } = next.body as Record<string, number>;
    expect([overdue, overstays]).to.satisfy((counts: number[]) => counts.every((count) => count > 0));
    expect(Number(overdue) + Number(overstays)).to.equal(board.overdue.length + board.departures.length);
    await checkInvariants(platform.owner, hotel.hotel_id);
  });

  it("Has the rows that the calls of a desk leave, day by day", async () => {
    const span: DemoSpan = { history: 4, ahead: 3 };
    const today = dayAt(new Date(), "Europe/Berlin");
    const inserted = await newHotel(platform, today);
    const now = new Date();
    const rows = demoRows({ hotel: inserted.hotel, by: "desk", now }, span);
    await asPms(platform, inserted.hotel.hotel_id, async (trx) => {
      await insertDemo(trx, rows);
      await insertFigures(trx, inserted.hotel, span.history, now);
    });
    const played = await newHotel(platform, addDays(today, -span.history));
    await playDays(platform, played, span);
    expect(await stateOf(platform, inserted.hotel)).to.deep.equal(await stateOf(platform, played.hotel));
    await checkInvariants(platform.owner, inserted.hotel.hotel_id);
  });

  it("Is the same each time", () => {
    const hotel: HotelSettings = {
      hotel_id: "0199f3a0-7c1e-7b2a-9c53-2f4a6c8e0b1d",
      time_zone: "Europe/Berlin",
      currency: "EUR",
      check_in_time: "15:00:00",
      check_out_time: "11:00:00",
      business_date: "2026-03-31",
      subscription_valid: true,
      valid_to: new Date(0),
      trial_ends_at: new Date(0),
    };
    const source = { hotel, by: "desk", now: new Date("2026-03-31T10:00:00Z") };
    expect(demoRows(source)).to.deep.equal(demoRows(source));
  });
});

interface NewHotel {
  readonly hotel: HotelSettings;
  readonly token: string;
}

async function newHotel(platform: TestPlatform, businessDate: Day): Promise<NewHotel> {
  const { hotelId, managerToken } = await signUpHotel(platform.client, { business_date: businessDate });
  return { hotel: await asPms(platform, hotelId, (trx) => readHotel(trx, hotelId)), token: managerToken };
}

async function asPms<T>({ databaseUrl }: TestPlatform, hotelId: string, work: (trx: Trx) => Promise<T>): Promise<T> {
  const pool = openPool({ url: urlAs(databaseUrl, loginRole, testSecret), max: 1, name: "test demo" });
  try {
    return await databaseFor(pool, "pms", false).tenant(hotelId, work);
  } finally {
    await pool.destroy();
  }
}

/** Books all stays on the first day, then works and closes each day until the last one, by calls. */
async function playDays(platform: TestPlatform, { hotel, token }: NewHotel, span: DemoSpan): Promise<void> {
  const call = async (method: string, path: string, body: object) => {
    const answer = await platform.client.call(method, path, body, { token });
    expect(answer.status, `${method} ${path}: ${answer.text}`).to.be.lessThan(300);
    return answer.body;
  };
  const last = addDays(hotel.business_date, span.history);
  const day = (days: number) => addDays(last, days);
  const rows = demoRows({ hotel: { ...hotel, business_date: last }, by: "desk", now: new Date() }, span);
  const { room_types, rooms, rates } = rows;
  await asPms(platform, hotel.hotel_id, (trx) => insertDemo(trx, { room_types, rooms, rates }));
  const stays: (PlannedStay & { readonly id: string })[] = [];
  for (const stay of planDemo(demoRooms, demoClosures, span)) {
    const { booking_id: id } = await call("POST", "/bookings/", {
      room_id: rooms[stay.room]?.["room_id"],
      guest: demoGuest(stay.guest),
      adults: stay.adults,
      children: stay.children,
      check_in_at: day(stay.arrival),
      expected_check_out_at: day(stay.departure),
      notes: stay.notes,
    });
    stays.push({ ...stay, id: String(id) });
  }
  const act = async (operation: string, of: typeof stays, body = {}) => {
    for (const { id } of of) await call("PATCH", `/operations/${operation}/${id}`, body);
  };
  const closures = demoClosures.filter(({ from }) => from >= -span.history);
  const close = ({ number, from, to, reason }: DemoClosure) => {
    const room = rooms.find(({ room_number }) => room_number === number);
    return call("POST", `/rooms/${String(room?.["room_id"])}/closures`, { from: day(from), to: day(to), reason });
  };
  for (const at of eachDay(hotel.business_date, day(1)).map((_, index) => index - span.history)) {
    await act(
      "cancel",
      stays.filter(({ canceled }) => canceled === at),
    );
    const leaving = stays.filter(({ departure, state }) => departure === at && state === "left");
    await act("check-out", leaving, { left_on: day(at) });
    const arriving = stays.filter(({ arrival, state }) => arrival === at && ["in_house", "left"].includes(state));
    await act("check-in", arriving);
    for (const closure of closures.filter(({ from }) => from === at)) await close(closure);
    // A guest who is due out yesterday stays in the house as late.
    if (at === -1) await call("PATCH", "/policies", { overstays: "leave" });
    if (at < 0) await call("POST", "/operations/close-day", { business_date: day(at) });
  }
}

/** Reads all rows of a hotel that both ways of making it have, without ids and times of the calls. */
async function stateOf({ owner }: TestPlatform, { hotel_id }: HotelSettings): Promise<Record<string, unknown>> {
  const queries = {
    bookings: `SELECT r.room_number, b.arrival, b.departure, b.check_in_at, b.expected_check_out_at, b.status,
        CASE WHEN b.status <> 'confirmed' THEN b.status_on END AS status_on, b.checked_in_on, b.total_amount,
        b.rack_amount, b.currency, b.guest_name, b.guest_email, b.guest_phone, b.adults, b.children, b.notes, b.version,
        b.room_locked, g.name, g.email, g.phone, g.version AS guest_version,
        (SELECT array_agg(h.action ORDER BY h.entry_id) FROM pms.booking_history h
         WHERE h.hotel_id = b.hotel_id AND h.booking_id = b.booking_id) AS actions
      FROM pms.bookings b JOIN pms.rooms r USING (hotel_id, room_id) JOIN pms.guests g USING (hotel_id, guest_id)
      WHERE b.hotel_id = :hotel_id ORDER BY r.room_number, b.arrival, b.departure`,
    nights: `SELECT b.guest_name, n.date, r.room_number, t.name, n.rate, n.rack_rate, n.released
      FROM pms.booking_nights n JOIN pms.bookings b USING (hotel_id, booking_id)
      JOIN pms.rooms r ON r.hotel_id = n.hotel_id AND r.room_id = n.room_id
      JOIN pms.room_types t ON t.hotel_id = n.hotel_id AND t.room_type_id = n.room_type_id
      WHERE n.hotel_id = :hotel_id ORDER BY r.room_number, n.date, b.arrival`,
    allocations: `SELECT r.room_number, o.arrival, o.departure, o.reason, o.booking_id IS NULL AS is_closure
      FROM pms.occupancies o JOIN pms.rooms r USING (hotel_id, room_id)
      WHERE o.hotel_id = :hotel_id ORDER BY r.room_number, o.arrival`,
    guests: "SELECT name, email, phone FROM pms.guests WHERE hotel_id = :hotel_id ORDER BY name",
    contacts: "SELECT name FROM pms.guest_contacts WHERE hotel_id = :hotel_id",
    figures: `SELECT to_jsonb(f) - 'hotel_id' - 'closed_at' - 'closed_by' AS figures
      FROM pms.daily_figures f WHERE hotel_id = :hotel_id ORDER BY business_date`,
  };
  const state: Record<string, unknown> = {};
  for (const [name, sql] of Object.entries(queries)) {
    state[name] = ((await owner.raw(sql, { hotel_id })) as { rows: unknown[] }).rows;
    expect(state[name], name).to.be.an("array");
  }
  return state;
}

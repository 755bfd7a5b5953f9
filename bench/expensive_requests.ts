/** Every kind of call that can be large, as large as a hotel on trial can make it. */
import type { Knex } from "knex";

import { addDays } from "../core/mod.ts";
import type { Desk } from "../plugins/pms/testing/desk.ts";
import { amount } from "./brief.ts";

export interface Call {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Ids that only the database knows. */
export interface LargeRows {
  /** Two guests with very many bookings each. */
  readonly guestIds: readonly string[];
}

/**
 * Adds the data that makes calls expensive: prices of each room and day, closures, and guests with many bookings.
 */
export async function enlarge(owner: Knex, { hotelId, day }: Desk): Promise<LargeRows> {
  const [types, days, stays] = [amount(99, 3), amount(731, 10), amount(1000, 20)];
  await owner.raw("UPDATE pms.rooms SET rate = 100 + abs(hashtext(room_id::text)) % 900 WHERE hotel_id = ?", [hotelId]);
  await owner.raw(
    `INSERT INTO pms.room_types (hotel_id, room_type_id, name, capacity, rate)
     SELECT ?, gen_random_uuid(), 'Type ' || i, 2, 100 FROM generate_series(1, ?::int) AS i`,
    [hotelId, types],
  );
  await owner.raw(
    `INSERT INTO pms.rates (hotel_id, room_type_id, date, rate)
     SELECT hotel_id, room_type_id, ?::date + i, 100 FROM pms.room_types, generate_series(0, ?::int - 1) AS i
     WHERE hotel_id = ?`,
    [day(0), days, hotelId],
  );
  const { rows } = (await owner.raw(
    `WITH many AS (
       SELECT guest_id, row_number() OVER (ORDER BY guest_id) AS n FROM pms.guests WHERE hotel_id = :hotelId
       ORDER BY guest_id LIMIT 2
     ), theirs AS (
       SELECT booking_id, row_number() OVER (ORDER BY booking_id) AS n FROM pms.bookings WHERE hotel_id = :hotelId
     )
     UPDATE pms.bookings b SET guest_id = many.guest_id FROM theirs, many
     WHERE b.hotel_id = :hotelId AND b.booking_id = theirs.booking_id AND theirs.n <= 2 * :stays
       AND many.n = 1 + theirs.n % 2
     RETURNING many.guest_id`,
    { hotelId, stays },
  )) as { rows: { guest_id: string }[] };
  await owner.raw("ANALYZE");
  return { guestIds: [...new Set(rows.map(({ guest_id: id }) => id))] };
}

/**
 * A booking for which no room is free, so that the server searches for moves. @param nights for which all rooms
 * have stays
 */
export function refusedBooking({ roomTypeId, day }: Desk, nights: number): Call {
  const middle = 1 + (nights >> 1);
  const stay = { check_in_at: day(middle), expected_check_out_at: day(middle + 2) };
  const body = JSON.stringify({ room_type_id: roomTypeId, guest: { name: "Ada" }, ...stay });
  return { name: "booking refused, with a search for moves", method: "POST", path: "/bookings/", body };
}

/** @param nights for which all rooms have stays, from the day after the business date on */
export function expensiveRequests(desk: Desk, { guestIds }: LargeRows, nights: number): Call[] {
  const { roomTypeId, day } = desk;
  const from = day(1);
  const to = addDays(from, nights);
  const middle = addDays(from, nights >> 1);
  const get = (name: string, path: string): Call => ({ name, method: "GET", path });
  const send = (method: string, name: string, path: string, body: unknown, headers = {}): Call => ({
    name,
    method,
    path,
    headers,
    body: JSON.stringify(body),
  });
  const post = (name: string, path: string, body: unknown, headers = {}): Call =>
    send("POST", name, path, body, headers);
  const csv = { accept: "text/csv" };
  const year = `from=${from}&to=${addDays(from, 730)}`;
  const unknown = Object.fromEntries(Array.from({ length: amount(20_000, 200) }, (_, at) => [`f${at}`, 1]));
  const stay = { room_type_id: roomTypeId, guest: { name: "Ada" } };
  const words = Array.from({ length: 33 }, (_, at) => String.fromCodePoint(97 + (at % 26))).join(" ");
  const [survivor = "", duplicate = ""] = guestIds;
  const rates = { room_type_id: roomTypeId, from, to: addDays(from, 730), rate: "99.00" };
  return [
    post("login with 20,000 unknown fields", "/auth/token", unknown),
    post("booking with 20,000 unknown fields", "/bookings/", unknown),
    refusedBooking(desk, nights),
    post("POST /rooms/repack", "/rooms/repack", {
      room_type_id: roomTypeId,
      check_in: middle,
      check_out: addDays(middle, 2),
    }),
    post("booking of a year", "/bookings/", {
      ...stay,
      check_in_at: to,
      expected_check_out_at: addDays(to, 366),
    }),
    get("GET /rooms/chart of 92 days", `/rooms/chart?from=${from}&to=${addDays(from, 92)}`),
    get("GET /rooms/available for a year", `/rooms/available?check_in=${to}&check_out=${addDays(to, 366)}`),
    get("GET /rooms/available for a month", `/rooms/available?check_in=${to}&check_out=${addDays(to, 31)}`),
    get("GET /operations/today", "/operations/today"),
    get("GET /bookings, 200 on a page", `/bookings/?limit=200&arrival_from=${from}`),
    get("GET /bookings by a common name", "/bookings/?limit=200&guest=ada"),
    get("GET /bookings by 33 letters", `/bookings/?limit=200&guest=${encodeURIComponent(words)}`),
    get("GET /bookings by a name that is not there", "/bookings/?limit=200&guest=zzyzx%20love%20ada"),
    get("GET /guests by a common name", "/guests/?query=ada&limit=200"),
    get("GET /guests by 33 letters", `/guests/?limit=200&query=${encodeURIComponent(words)}`),
    get("GET /guests by a rare pair of words", "/guests/?limit=200&query=lace%20zq"),
    get("GET /guests/{id} with 1,000 bookings", `/guests/${survivor}`),
    post("merge of two guests with 1,000 bookings", `/guests/${survivor}/merge`, { duplicate_id: duplicate }),
    post("and the way back", `/guests/${duplicate}/unmerge`, {}),
    get("GET /rooms, 200 on a page", "/rooms/?limit=200"),
    get("GET /room-types, 200 on a page", "/room-types/?limit=200"),
    get("GET /audit, 200 on a page", "/audit?limit=200"),
    send("PUT", "PUT /rates of two years", "/rates/", rates),
    get("GET /rates of two years", `/rates/?${year}`),
    post("POST /reports/bookings, streamed", "/reports/bookings", {}, csv),
    post("the same for a spreadsheet", "/reports/bookings", { for: "spreadsheet" }, csv),
    post("POST /reports/arrivals, streamed", "/reports/arrivals", { from, to }, csv),
    post("POST /reports/revenue, streamed", "/reports/revenue", { from, to }, csv),
    post("POST /reports/occupancy of 3 years, streamed", "/reports/occupancy", { from, to: addDays(from, 1098) }, csv),
    get("GET /docs/swagger-ui-bundle.js", "/docs/swagger-ui-bundle.js"),
    get("GET /openapi.json", "/openapi.json"),
    get("GET of an unknown path", `/${"x/".repeat(2000)}`),
    get(
      "GET with 1,000 unknown query fields",
      `/rooms/?${Array.from({ length: 1000 }, (_, at) => `q${at}`).join("&")}`,
    ),
    send("PATCH", "change of a room type that all rooms have", `/room-types/${roomTypeId}`, { name: "Other" }),
    post("close of the day", "/operations/close-day", { business_date: day(0) }),
    post("close of a day with an arrival in each room", "/operations/close-day", { business_date: day(1) }),
  ];
}

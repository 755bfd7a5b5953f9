/**
 * Lists the queries that a desk runs all day, each in one transaction. `plans_test.ts` checks their plans, and
 * `npm run bench:plans` measures them.
 */
import type { Knex } from "knex";

import type { Trx } from "../../../core/db/database.ts";
import { addDays, type Day, type Route } from "../../../core/mod.ts";
import { readHotel } from "../../identity/port.ts";
import { reserve } from "../bookings/reserve.ts";
import { bookingRoutes } from "../bookings/routes.ts";
import { closeDay } from "../desk/close_day.ts";
import { closeAndCompare } from "../desk/preview_close.ts";
import { dayNotOver } from "../desk/day_not_over.ts";
import { defaultPolicies } from "../policies/policies.ts";
import { deskRoutes } from "../desk/routes.ts";
import { linkGuest } from "../guests/guests.ts";
import { guestRoutes } from "../guests/routes.ts";
import { roomTaken } from "../allocation/allocations.ts";
import { offerRepacking } from "../allocation/plan_repack.ts";
import { lockBestRoom } from "../allocation/choose_room.ts";
import { availabilityRoutes } from "../desk/routes_availability.ts";
import { boardRoutes } from "../desk/routes_board.ts";
import { chartRoutes } from "../desk/routes_tape_chart.ts";
import { typeRoutes } from "../desk/routes_types.ts";
import { closureRoutes } from "../closures/routes.ts";
import { housekeepingRoutes } from "../housekeeping/routes.ts";
import { directContext } from "./context.ts";

const declared: readonly Route[] = [
  ...bookingRoutes(directContext),
  ...boardRoutes(),
  ...deskRoutes(directContext),
  ...guestRoutes(directContext),
  ...chartRoutes(),
  ...typeRoutes(),
  ...availabilityRoutes(),
  ...closureRoutes(),
  ...housekeepingRoutes(),
];
const routes = new Map(declared.map((route) => [route.id, route]));

/** A seeded hotel, and a booking in house with its guest and room. */
export interface QueriedHotel {
  readonly hotelId: string;
  readonly today: Day;
  readonly roomId: string;
  readonly roomTypeId: string;
  readonly bookingId: string;
  readonly guestId: string;
  readonly email: string;
  readonly phone: string;
}

/**
 * Finds a seeded hotel by its name.
 * @throws Error if the hotel has no booking in house with an e-mail address and a phone number
 */
export async function findQueriedHotel(owner: Knex, name: string): Promise<QueriedHotel> {
  const { rows } = (await owner.raw(
    `SELECT b.hotel_id AS "hotelId", h.business_date AS today, b.room_id AS "roomId", r.room_type_id AS "roomTypeId",
       b.booking_id AS "bookingId", b.guest_id AS "guestId", b.guest_email AS email, b.guest_phone AS phone
     FROM identity.hotels h JOIN pms.bookings b USING (hotel_id) JOIN pms.rooms r USING (hotel_id, room_id)
     WHERE h.name = ? AND b.guest_email IS NOT NULL AND b.guest_phone IS NOT NULL AND b.status = 'in_house'
     ORDER BY b.booking_id LIMIT 1`,
    [name],
  )) as { rows: QueriedHotel[] };
  if (rows[0] === undefined) throw new Error(`The seed has no hotel ${name} with such a guest.`);
  return rows[0];
}

export type ReadQuery = (trx: Trx, hotel: QueriedHotel) => Promise<unknown>;

/** Calls the handler of a route. The query is parsed by the route's schema, as the dispatcher does. */
const call =
  (
    id: string,
    query: (hotel: QueriedHotel) => Record<string, string> = () => ({}),
    params: (hotel: QueriedHotel) => Record<string, string> = () => ({}),
  ): ReadQuery =>
  (trx, hotel) => {
    const route = routes.get(id) as Route;
    const actor = { tenantId: hotel.hotelId, userId: "", sessionId: "", role: "manager", name: "plans" };
    const request = { receivedAt: new Date(`${hotel.today}T12:00:00Z`) };
    // Read handlers use these members only.
    const input = { actor, trx, query: route.query?.parse(query(hotel)) ?? {}, params: params(hotel), request };
    return route.handler(input as unknown as Parameters<Route["handler"]>[0]);
  };

type Query = Record<string, string>;
const toFunction = (query: Query | ((hotel: QueriedHotel) => Query)) =>
  typeof query === "function" ? query : () => query;

/** Reads a page of the list of bookings. */
export const bookings = (query: Parameters<typeof toFunction>[0]): ReadQuery => call("listBookings", toFunction(query));
/** Reads a page of the list of guests. */
export const guests = (query: Parameters<typeof toFunction>[0]): ReadQuery => call("listGuests", toFunction(query));

let daysUsed = 0;
/** Makes the body of a booking. Each call uses later days, so that no booking is refused. */
const bookingBody = ({ today }: QueriedHotel) => {
  daysUsed += 2;
  const day = addDays(today, 500 + daysUsed);
  const stay = { check_in_at: day, expected_check_out_at: addDays(day, 2) };
  return { adults: 1, children: 0, room_locked: false, ...stay };
};
const nights = ({ today }: QueriedHotel) => ({ arrival: addDays(today, 10), departure: addDays(today, 12) });

export const readQueries: Readonly<Record<string, ReadQuery>> = {
  availability: call("findFreeRooms", ({ today }) => ({ check_in: addDays(today, 10), check_out: addDays(today, 12) })),
  "a booking of a room": (trx, hotel) => {
    const guest = { name: "Ada", email: hotel.email };
    return reserve(trx, hotel.hotelId, { ...bookingBody(hotel), room_id: hotel.roomId, guest }, "plans");
  },
  "a booking of a room type": (trx, hotel) => {
    const guest = { name: "Ada", phone: hotel.phone };
    return reserve(trx, hotel.hotelId, { ...bookingBody(hotel), room_type_id: hotel.roomTypeId, guest }, "plans");
  },
  "the look-up of a known guest": (trx, { hotelId, email, phone }) =>
    linkGuest(trx, hotelId, { name: "Ada", email, phone }),
  "bookings by arrival": bookings(({ today }) => ({ arrival_from: addDays(today, -4), arrival_to: addDays(today, 5) })),
  "the first page of all bookings": bookings({}),
  "a deep page": bookings(({ today }) => ({
    cursor: Buffer.from(JSON.stringify([addDays(today, -60), "00000000-0000-0000-0000-000000000000"])).toString(
      "base64url",
    ),
  })),
  "bookings by state": bookings({ status: "confirmed" }),
  "bookings by state and arrival": bookings(({ today }) => ({
    status: "checked_out",
    arrival_from: addDays(today, -16),
  })),
  "bookings by state, ended long ago": bookings({ status: "no_show" }),
  "bookings by departure": bookings(({ today }) => ({ departure_from: today, departure_to: today })),
  "bookings by departure from a day on": bookings(({ today }) => ({ departure_from: today })),
  "bookings of a room": bookings(({ roomId }) => ({ room_id: roomId })),
  "bookings by a rare name": bookings({ guest: "barabe" }),
  "bookings by a name that one in five hundred has": bookings({ guest: "thorsteinsson" }),
  "bookings by an address": bookings(({ email }) => ({ guest: email })),
  "bookings by a common name": bookings({ guest: "müller" }),
  "bookings by a common name from a day on": bookings(({ today }) => ({ guest: "müller", arrival_from: today })),
  "bookings by what half of the guests have": bookings({ guest: "example.com" }),
  "bookings by what half of the guests have, from a day on": bookings(({ today }) => ({
    guest: "example.com",
    arrival_from: today,
  })),
  "bookings by two letters": bookings({ guest: "zo" }),
  "bookings by a sign that no index has": bookings({ guest: "@" }),
  "guests by a rare name": guests({ query: "barabe" }),
  "guests by a part of a phone number": guests(({ phone }) => ({ query: phone.slice(-9) })),
  "guests by a phone number without its country": guests(({ phone }) => ({ query: phone.replace(/^\+\d+ /, "0") })),
  "guests by two words, one common": guests({ query: "barabe anna" }),
  "guests by a former name": guests({ query: "gnal" }),
  "guests by one letter of Han": guests({ query: "東" }),
  "guests by a common name": guests({ query: "anna" }),
  "guests by what half of them have": guests({ query: "example.com" }),
  "guests by a sign that no index has": guests({ query: "@" }),
  "one guest": call("readGuest", undefined, ({ guestId }) => ({ guest_id: guestId })),
  "bookings of a guest": bookings(({ guestId }) => ({ guest_id: guestId })),
  "the rooms for a move": call("findMoveRooms", undefined, ({ bookingId }) => ({ booking_id: bookingId })),
  "one booking": call("readBooking", undefined, ({ bookingId }) => ({ booking_id: bookingId })),
  "the history of a booking": call("readBookingHistory", undefined, ({ bookingId }) => ({ booking_id: bookingId })),
  "the board": call("readBoard"),
  "the list of housekeeping": call("readHousekeeping"),
  "the chart": call("readChart", ({ today }) => ({ from: addDays(today, -3), to: addDays(today, 28) })),
  "the calendar of the room types": call("readCalendar", ({ today }) => ({ from: today, to: addDays(today, 30) })),
  "the quotes of a stay": call("quoteStay", ({ today }) => ({
    check_in: addDays(today, 10),
    check_out: addDays(today, 12),
  })),
  "the refusal of a room": (trx, { hotelId, roomId, today }) =>
    roomTaken(trx, hotelId, { guests: 2, today }, [
      { room_id: roomId, arrival: addDays(today, -4), departure: addDays(today, 10) },
    ]),
  "the choice of a room": (trx, hotel) => lockBestRoom(trx, { ...hotel, ...nights(hotel) }, hotel.today),
  "the offer to repack": (trx, hotel) => offerRepacking(trx, { ...hotel, ...nights(hotel) }, hotel.today),
  "the refusal to close the day early": async (trx, { hotelId, today }) =>
    dayNotOver(trx, await readHotel(trx, hotelId), { from: new Date(`${today}T18:00:00Z`), policies: defaultPolicies }),
  "the preview of the close": (trx, { hotelId, today }) =>
    closeAndCompare(trx, { actor: { tenantId: hotelId, name: "plans" }, now: new Date(`${today}T22:00:00Z`) }),
  "the close of the day": (trx, { hotelId, today }) =>
    closeDay(trx, { actor: { tenantId: hotelId, name: "plans" }, now: new Date(`${today}T22:00:00Z`) }, today, {
      early: true,
    }),
};

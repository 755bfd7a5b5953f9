/** Reserving: from a request to a booking that holds its room. */
import { type Day, formatAmount, newId, prepare, type Trx } from "../../core/mod.ts";
import { type HotelSettings, readHotel, requireSubscription } from "../identity/port.ts";
import { quoteStay } from "./availability.ts";
import { noSuchRoomType, pmsProblems } from "./errors.ts";
import { snapshot } from "./history.ts";
import { type LockedRoom, lockFreeRoom, lockRoom, roomTaken } from "./occupancy.ts";
import { readStay, type Stay } from "./stay.ts";
import type { BookingRow } from "./views.ts";

export interface Reservation {
  readonly room_id?: string | undefined;
  readonly room_type_id?: string | undefined;
  readonly guest: {
    readonly name: string;
    readonly email?: string | null | undefined;
    readonly phone?: string | null | undefined;
  };
  readonly adults: number;
  readonly children: number;
  readonly notes?: string | null | undefined;
  readonly terms_accepted_at?: string | undefined;
  /** A day or an instant, as the desk typed it. */
  readonly check_in_at: string;
  readonly expected_check_out_at: string;
}

/**
 * Books a stay, in a room or in any room of a type.
 * @throws Problem ROOM_TAKEN, NO_ROOM_FREE, ROOM_NOT_SOLD, TOO_MANY_GUESTS, NOT_FOUND, SUBSCRIPTION_LAPSED, VALIDATION_FAILED
 */
export async function reserve(trx: Trx, hotelId: string, reservation: Reservation, by: string): Promise<BookingRow> {
  // Both at once: the desk waits for one round trip.
  const [hotel, room] = await Promise.all([
    readHotel(trx, hotelId),
    reservation.room_id === undefined ? undefined : lockRoom(trx, hotelId, reservation.room_id),
  ]);
  requireSubscription(hotel);
  const stay = readStay(hotel, reservation.check_in_at, reservation.expected_check_out_at);
  const order = { hotel, stay, reservation, by };
  return room === undefined ? takeAnyRoom(trx, order, reservation.room_type_id ?? "") : takeRoom(trx, order, room);
}

interface Order {
  readonly hotel: HotelSettings;
  readonly stay: Stay;
  readonly reservation: Reservation;
  readonly by: string;
}

async function takeRoom(trx: Trx, order: Order, room: LockedRoom): Promise<BookingRow> {
  const { hotel, stay, reservation } = order;
  if (room.status === "out_of_order") throw pmsProblems.ROOM_NOT_SOLD(`Room ${room.room_number} is out of order.`);
  requireCapacity(`Room ${room.room_number}`, room.capacity, reservation);
  const booking = await insertIfFree(trx, order, room);
  if (booking === undefined) throw await roomTaken(trx, hotel.hotel_id, room, stay.arrival, stay.departure);
  return booking;
}

/** Takes rooms that look free until one is: a racer may have taken it between the look and the lock. */
async function takeAnyRoom(trx: Trx, order: Order, roomTypeId: string): Promise<BookingRow> {
  const { hotel, stay, reservation } = order;
  const { arrival, departure } = stay;
  const type = await trx("pms.room_types")
    .where({ hotel_id: hotel.hotel_id, room_type_id: roomTypeId })
    .first<{ name: string; capacity: number } | undefined>("name", "capacity");
  if (type === undefined) throw noSuchRoomType();
  requireCapacity(`A ${type.name}`, type.capacity, reservation);
  for (;;) {
    const room = await lockFreeRoom(trx, { hotelId: hotel.hotel_id, roomTypeId, arrival, departure });
    if (room === undefined) break;
    const booking = room.status === "out_of_order" ? undefined : await insertIfFree(trx, order, room);
    if (booking !== undefined) return booking;
  }
  throw pmsProblems.NO_ROOM_FREE(`No ${type.name} is free on every night from ${arrival} to ${departure}.`);
}

function requireCapacity(what: string, capacity: number, { adults, children }: Reservation): void {
  const guests = adults + children;
  if (guests > capacity)
    throw pmsProblems.TOO_MANY_GUESTS(`${what} sleeps ${capacity}, and you have ${guests} guests.`);
}

/**
 * The look whether the locked room is free, the booking, the room's nights, their prices and the first line of the
 * history: one statement, one round trip. No row comes back where the room is taken.
 */
const insertStatement = prepare<{ booking_id: string }>(
  "pms_insert_booking",
  `WITH free AS (
     SELECT WHERE NOT EXISTS (
       SELECT FROM pms.occupancies WHERE hotel_id = $1 AND room_id = $3 AND arrival < $10::date AND departure > $9::date)
   ), booking AS (
     INSERT INTO pms.bookings (hotel_id, booking_id, room_id, guest_name, guest_email, guest_phone, adults, children, arrival,
       departure, check_in_at, expected_check_out_at, status, total_amount, currency, terms_accepted_at, notes, created_by)
     SELECT $1, $2, $3, $4, $5, $6, $7::int, $8::int, $9::date, $10::date, $11::timestamptz, $12::timestamptz, $13, $14::numeric, $15,
       $16::timestamptz, $17, $18 FROM free
   ), occupancy AS (
     INSERT INTO pms.occupancies (hotel_id, occupancy_id, room_id, arrival, departure, booking_id)
     SELECT $1, $19, $3, $9::date, $10::date, $2 FROM free
   ), nights AS (
     INSERT INTO pms.booking_nights (hotel_id, booking_id, date, room_id, rate)
     SELECT $1, $2, night.date, $3, night.rate FROM free, unnest($20::date[], $21::numeric[]) AS night (date, rate)
   )
   INSERT INTO pms.booking_history (hotel_id, entry_id, booking_id, by_user, action, after)
   SELECT $1, $22, $2, $18, 'book', $23::jsonb FROM free RETURNING booking_id`,
);

async function insertIfFree(trx: Trx, order: Order, room: LockedRoom): Promise<BookingRow | undefined> {
  const booking = newBooking(order, room);
  const inserted = await insertStatement.run(trx, [
    booking.hotel_id,
    booking.booking_id,
    booking.room_id,
    booking.guest_name,
    booking.guest_email,
    booking.guest_phone,
    booking.adults,
    booking.children,
    booking.arrival,
    booking.departure,
    booking.check_in_at,
    booking.expected_check_out_at,
    booking.status,
    booking.total_amount,
    booking.currency,
    booking.terms_accepted_at,
    booking.notes,
    booking.created_by,
    newId(),
    booking.nights.map((night) => night.date),
    booking.nights.map((night) => night.rate),
    newId(),
    JSON.stringify(snapshot(booking)),
  ]);
  return inserted.length === 1 ? booking : undefined;
}

/** The booking as it will stand in the table, so that it need not be read back. */
function newBooking({ hotel, stay, reservation, by }: Order, room: LockedRoom): BookingRow {
  const { guest, adults, children, notes, terms_accepted_at: termsAcceptedAt } = reservation;
  const { nights, total_amount: total } = quoteStay(room.rate, stay.arrival, stay.departure, hotel.currency);
  return {
    hotel_id: hotel.hotel_id,
    booking_id: newId(),
    room_id: room.room_id,
    room_number: room.room_number,
    guest_name: guest.name,
    guest_email: guest.email ?? null,
    guest_phone: guest.phone ?? null,
    adults,
    children,
    arrival: stay.arrival,
    departure: stay.departure,
    check_in_at: stay.checkInAt,
    expected_check_out_at: stay.expectedCheckOutAt,
    checked_in_at: null,
    checked_out_at: null,
    status: "confirmed",
    total_amount: total,
    currency: hotel.currency,
    terms_accepted_at: termsAcceptedAt === undefined ? null : new Date(termsAcceptedAt),
    notes: notes ?? null,
    created_by: by,
    version: 1,
    nights: nights.map((night) => ({ ...night, room_id: room.room_id })),
  };
}

/** Drops the nights of a booking from a day on and gives the new total. */
export async function dropNightsFrom(
  trx: Trx,
  booking: { hotel_id: string; booking_id: string; currency: string },
  day: Day,
): Promise<string> {
  const mine = { hotel_id: booking.hotel_id, booking_id: booking.booking_id };
  await trx("pms.booking_nights").where(mine).where("date", ">=", day).delete();
  const rows = (await trx("pms.booking_nights").where(mine).sum({ total: "rate" })) as { total: string | null }[];
  return formatAmount(rows[0]?.total ?? "0", booking.currency);
}

/** Reserving: from a request to a booking that holds its room. */
import { addDays, daysBetween, newId, prepare, type Trx } from "../../../core/mod.ts";
import { type HotelSettings, requireSubscription } from "../../identity/port.ts";
import { lockBusinessDate } from "../business_date/lock_business_date.ts";
import { pmsProblems } from "../errors.ts";
import { reasonsColumn, snapshot } from "../booking_record/history.ts";
import { deriveContacts } from "../guests/contacts.ts";
import { type Contact, shareLockGuest, lockGuestIdentity, knownGuestSql } from "../guests/guests.ts";
import { isSellable, type LockedRoom, lockRoom, roomTaken } from "../allocation/allocations.ts";
import { offerRepacking } from "../allocation/plan_repack.ts";
import { lockBestRoom } from "../allocation/choose_room.ts";
import { agreeOn, type AgreedPrice, atRate, discountLimit } from "../rates/agreed_price.ts";
import { type DayRates, quoteStay, readRatesOf, readRoomRates } from "../rates/prices.ts";
import { Override, requireArrival } from "../rates/restrictions.ts";
import { readRoomType } from "../inventory/inventory.ts";
import { totalsOf } from "./nights/nights.ts";
import { requireOpen, requireInService } from "./check_in_out.ts";
import { mostNights, readStay, type Stay } from "../allocation/stay_dates.ts";
import type { BookingRow } from "./views.ts";

export interface Reservation {
  readonly room_id?: string | undefined;
  readonly room_type_id?: string | undefined;
  /** One who is known, or how a new one is called and reached. */
  readonly guest_id?: string | undefined;
  readonly guest?:
    | {
        readonly name: string;
        readonly email?: string | null | undefined;
        readonly phone?: string | null | undefined;
      }
    | undefined;
  readonly adults: number;
  readonly children: number;
  readonly room_locked: boolean;
  readonly notes?: string | null | undefined;
  readonly terms_accepted_at?: string | undefined;
  /** A day or an instant, as the desk typed it. */
  readonly check_in_at: string;
  readonly expected_check_out_at: string;
  /** Instead of the rates. */
  readonly agreed_price?: AgreedPrice | undefined;
  /** The stay is taken though its arrival day has restrictions. */
  readonly override_restrictions?: { readonly reason: string } | undefined;
}

/**
 * Books a stay, in a room or in any room of a type.
 * @throws Problem ROOM_TAKEN, NO_ROOM_FREE, ROOM_OUT_OF_ORDER, ROOM_RETIRED, ROOM_NOT_READY, TOO_MANY_GUESTS, CLOSED_TO_ARRIVAL,
 *   MINIMUM_STAY, NOT_FOUND, GUEST_ANONYMOUS, GUEST_MERGED, PRICE_NOT_ALLOWED, FORBIDDEN, SUBSCRIPTION_LAPSED, VALIDATION_FAILED
 * @param role of the one who books: an override needs a manager, and an agreed price one too, or the hotel's policy
 * @returns the booking, and the hotel as it was read for it
 */
export async function reserve(
  trx: Trx,
  hotelId: string,
  reservation: Reservation,
  by: string,
  role?: string,
): Promise<{ readonly booking: BookingRow; readonly hotel: HotelSettings }> {
  const { room_id: roomId, room_type_id: roomTypeId, guest_id: guestId, agreed_price: price } = reservation;
  const { name, email = null, phone = null } = reservation.guest ?? { name: "" };
  const asked = reservation.override_restrictions;
  const override = asked && new Override(asked, role);
  // All at once: the desk waits for one round trip.
  const [hotel, , room, rates, guest, percent] = await Promise.all([
    lockBusinessDate(trx, hotelId, "shared"),
    lockGuestIdentity(trx, hotelId, { name, email, phone }),
    roomId === undefined ? undefined : lockRoom(trx, hotelId, roomId),
    ratesFor(trx, hotelId, reservation),
    guestId === undefined ? undefined : shareLockGuest(trx, hotelId, guestId, "share"),
    price === undefined ? undefined : discountLimit(trx, hotelId, role),
  ]);
  requireSubscription(hotel);
  const stay = readStay(hotel, reservation.check_in_at, reservation.expected_check_out_at);
  const order = { hotel, stay, reservation, rates, contact: guest ?? { name, email, phone }, by, percent, override };
  const booking =
    room === undefined ? await takeAnyRoom(trx, order, roomTypeId ?? "") : await takeRoom(trx, order, room);
  return { booking, hotel };
}

interface Order {
  readonly hotel: HotelSettings;
  readonly stay: Stay;
  readonly reservation: Reservation;
  readonly rates: DayRates;
  readonly contact: Contact;
  readonly by: string;
  /** Of an agreed price: by how many percent it may differ from the rate; undefined: by any. */
  readonly percent: number | undefined;
  readonly override: Override | undefined;
}

/** The last day that can be written. */
const lastDay = "9999-12-31";

/**
 * The rates of the stay's days, asked for before the hotel's time zone is known. An instant's day in UTC may be another one
 * than it is written with, and the day at the hotel another one again: two more at both ends, and the last is not included.
 * No more days than the longest stay has: a longer one is refused later, and its rates must not be read first.
 */
function ratesFor(trx: Trx, hotelId: string, reservation: Reservation): Promise<DayRates> {
  const { room_id: roomId, room_type_id: roomTypeId, check_in_at: from, expected_check_out_at: to } = reservation;
  const first = addDays(from.slice(0, 10), -2);
  const days = Math.min(daysBetween(first, to.slice(0, 10)) + 3, mostNights + 5, daysBetween(first, lastDay));
  const range = { from: first, to: addDays(first, days) };
  return roomId === undefined
    ? readRatesOf(trx, hotelId, { ...range, roomTypeIds: roomTypeId === undefined ? [] : [roomTypeId] })
    : readRoomRates(trx, hotelId, { ...range, roomId });
}

async function takeRoom(trx: Trx, order: Order, room: LockedRoom): Promise<BookingRow> {
  const { hotel, stay, reservation, rates, override } = order;
  const { arrival, departure } = stay;
  requireInService(room, departure);
  requireOpen(room, arrival, hotel.business_date);
  requireCapacity(`Room ${room.room_number}`, room.capacity, reservation);
  requireArrival(rates, { roomTypeId: room.room_type_id, arrival, departure }, override);
  const booking = await insertIfFree(trx, order, room);
  if (booking === undefined) {
    const party = { guests: reservation.adults + reservation.children, today: hotel.business_date };
    throw await roomTaken(trx, hotel.hotel_id, party, [{ room_id: room.room_id, arrival, departure }]);
  }
  return booking;
}

/** Takes rooms that look free until one is: a racer may have taken it between the look and the lock. */
async function takeAnyRoom(trx: Trx, order: Order, roomTypeId: string): Promise<BookingRow> {
  const { hotel, stay, reservation, rates, override } = order;
  const { arrival, departure } = stay;
  const type = await readRoomType(trx, hotel.hotel_id, roomTypeId);
  requireCapacity(`A ${type.name}`, type.capacity, reservation);
  requireArrival(rates, { roomTypeId, arrival, departure }, override);
  const question = { hotelId: hotel.hotel_id, roomTypeId, arrival, departure };
  for (;;) {
    const room = await lockBestRoom(trx, question, hotel.business_date);
    if (room === undefined) break;
    const booking = isSellable(room, stay, hotel.business_date) ? await insertIfFree(trx, order, room) : undefined;
    if (booking !== undefined) return booking;
  }
  throw pmsProblems.NO_ROOM_FREE(
    `No ${type.name} is free on every night from ${arrival} to ${departure}.`,
    await offerRepacking(trx, question, hotel.business_date),
  );
}

function requireCapacity(what: string, capacity: number, { adults, children }: Reservation): void {
  const guests = adults + children;
  if (guests > capacity)
    throw pmsProblems.TOO_MANY_GUESTS(`${what} sleeps ${capacity}, and you have ${guests} guests.`);
}

/**
 * The look whether the locked room is free, the booking, the room's nights, their prices and the first line of the
 * history: one statement, one round trip. No row comes back where the room is taken. No occupancy is longer than 1,000
 * nights (a CHECK), so the look need not go back further.
 */
const insertStatement = prepare<{ guest_id: string; hasOtherContact: boolean }>(
  "pms_insert_booking",
  `WITH free AS (
     SELECT WHERE NOT EXISTS (
       SELECT FROM pms.occupancies WHERE hotel_id = $1 AND room_id = $3
         AND arrival < $10::date AND departure > $9::date AND arrival > $9::date - 1000)
   ), known AS (
     SELECT $23::uuid AS guest_id WHERE $23::uuid IS NOT NULL
     UNION ALL
     SELECT guest_id FROM (${knownGuestSql("$1", "$4::text", "$5::text", "$6::text")}) AS found WHERE $23::uuid IS NULL
   ), profile AS (
     -- Locked, so that it is compared as it is when the booking is made, and is not changed before the booking is seen.
     SELECT g.guest_id, g.name_key, g.email_key, g.phone FROM pms.guests g JOIN known ON known.guest_id = g.guest_id
     WHERE g.hotel_id = $1 AND $23::uuid IS NULL FOR NO KEY UPDATE OF g
   ), newer AS (
     -- Where the guest can be reached now, if neither the profile nor a former contact says so.
     UPDATE pms.guests g SET email = CASE WHEN new.email THEN $5 ELSE g.email END,
       phone = CASE WHEN new.phone THEN $6 ELSE g.phone END, version = g.version + 1
     FROM free, (SELECT p.guest_id,
       $5 IS NOT NULL AND pms.fold_text($5) IS DISTINCT FROM p.email_key AND NOT EXISTS (SELECT FROM pms.guest_contacts c
         WHERE c.hotel_id = $1 AND c.guest_id = p.guest_id AND c.email_key = pms.fold_text($5)) AS email,
       $6 IS NOT NULL AND NOT coalesce(pms.same_phone(p.phone, $6), false) AND NOT EXISTS (SELECT FROM pms.guest_contacts c
         WHERE c.hotel_id = $1 AND c.guest_id = p.guest_id AND pms.same_phone(c.phone, $6)) AS phone
       FROM profile p) AS new
     WHERE g.hotel_id = $1 AND g.guest_id = new.guest_id AND (new.email OR new.phone)
     RETURNING g.guest_id
   ), guest AS (
     INSERT INTO pms.guests (hotel_id, guest_id, name, email, phone)
     SELECT $1, $24, $4, $5, $6 FROM free WHERE NOT EXISTS (SELECT FROM known)
   ), booking AS (
     INSERT INTO pms.bookings (hotel_id, booking_id, room_id, guest_name, guest_email, guest_phone, adults, children, arrival,
       departure, check_in_at, expected_check_out_at, status, total_amount, currency, terms_accepted_at, notes, created_by,
       guest_id, room_locked, status_on, rack_amount)
     SELECT $1, $2, $3, $4, $5, $6, $7::int, $8::int, $9::date, $10::date, $11::timestamptz, $12::timestamptz, $13, $14::numeric, $15,
       $16::timestamptz, $17, $18, coalesce((SELECT guest_id FROM known), $24), $25::boolean, $26::date, $30::numeric FROM free
     RETURNING booking_id, guest_id
   ), occupancy AS (
     INSERT INTO pms.occupancies (hotel_id, occupancy_id, room_id, arrival, departure, booking_id)
     SELECT $1, $19, $3, $9::date, $10::date, $2 FROM free
   ), nights AS (
     INSERT INTO pms.booking_nights (hotel_id, booking_id, date, room_id, room_type_id, rate, rack_rate)
     SELECT $1, $2, night.date, $3, $28::uuid, night.rate, night.rack_rate
     FROM free, unnest($20::date[], $21::numeric[], $29::numeric[]) AS night (date, rate, rack_rate)
   )
   INSERT INTO pms.booking_history (hotel_id, entry_id, booking_id, by_user, action, after, reasons)
   SELECT $1, $22, booking_id, $18, 'book', $27::jsonb || jsonb_build_object('guest_id', guest_id), $31::jsonb FROM booking
   RETURNING after ->> 'guest_id' AS guest_id, EXISTS (SELECT FROM newer) OR EXISTS (
     SELECT FROM profile p WHERE NOT pms.covers_contact(p.name_key, p.email_key, p.phone, $4, $5, $6)) AS "hasOtherContact"`,
);

async function insertIfFree(trx: Trx, order: Order, room: LockedRoom): Promise<BookingRow | undefined> {
  const booking = newBooking(order, room);
  const [inserted] = await insertStatement.run(trx, [
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
    order.reservation.guest_id ?? null,
    booking.guest_id,
    booking.room_locked,
    booking.status_on,
    JSON.stringify(snapshot(booking)),
    room.room_type_id,
    booking.nights.map((night) => night.rack_rate),
    booking.rack_amount,
    reasonsColumn({ agreed_price: order.reservation.agreed_price?.reason, ...order.override?.reasons }),
  ]);
  if (inserted === undefined) return undefined;
  if (inserted.hasOtherContact) await deriveContacts(trx, booking.hotel_id, [inserted.guest_id]);
  return { ...booking, guest_id: inserted.guest_id };
}

/** The booking as it will stand in the table, so that it need not be read back. */
function newBooking({ hotel, stay, reservation, rates, contact, by, percent }: Order, room: LockedRoom): BookingRow {
  const { adults, children, notes, terms_accepted_at: termsAcceptedAt, agreed_price: price } = reservation;
  const { currency, business_date: today } = hotel;
  const quoted = quoteStay(room, rates, stay.arrival, stay.departure, currency).nights.map(atRate);
  const nights = price === undefined ? quoted : agreeOn(quoted, { price, currency, today, percent });
  return {
    hotel_id: hotel.hotel_id,
    booking_id: newId(),
    room_id: room.room_id,
    room_number: room.room_number,
    room_locked: reservation.room_locked,
    guest_id: newId(),
    guest_name: contact.name,
    guest_email: contact.email,
    guest_phone: contact.phone,
    adults,
    children,
    arrival: stay.arrival,
    departure: stay.departure,
    check_in_at: stay.checkInAt,
    expected_check_out_at: stay.expectedCheckOutAt,
    checked_in_at: null,
    checked_out_at: null,
    status: "confirmed",
    status_on: today,
    checked_in_on: null,
    ...totalsOf(nights, currency),
    waived_amount: null,
    currency,
    terms_accepted_at: termsAcceptedAt === undefined ? null : new Date(termsAcceptedAt),
    notes: notes ?? null,
    created_by: by,
    version: 1,
    nights: nights.map((night) => ({ ...night, room_id: room.room_id })),
  };
}

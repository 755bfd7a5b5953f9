/** Reserves a room: turns a request into a booking with an allocated room. */
import { addDays, daysBetween, newId, type Trx } from "../../../core/mod.ts";
import { type HotelSettings, requireSubscription } from "../../identity/port.ts";
import { shareBusinessDate } from "../business_date/lock_business_date.ts";
import { pmsProblems } from "../errors.ts";
import { deriveContacts } from "../guests/contacts.ts";
import { type Contact, shareLockGuest, lockGuestIdentity } from "../guests/guests.ts";
import { isSellable, type LockedRoom, lockRoom, roomTaken } from "../allocation/allocations.ts";
import { offerRepacking } from "../allocation/plan_repack.ts";
import { lockBestRoom } from "../allocation/choose_room.ts";
import { agreeOn, type AgreedPrice, atRate, discountLimit } from "../rates/agreed_price.ts";
import { type DayRates, quoteStay, readRatesOf, readRoomRates } from "../rates/prices.ts";
import { Override, requireArrival } from "../rates/restrictions.ts";
import { readRoomType } from "../inventory/inventory.ts";
import { totalsOf } from "../rates/totals.ts";
import { insertBooking } from "./insert_booking.ts";
import { requireCapacity, requireInService, requireOpen } from "../allocation/room_rules.ts";
import { mostNights, readStay, type Stay } from "../allocation/stay_dates.ts";
import type { BookingRow } from "./views.ts";

export interface Reservation {
  readonly room_id?: string | undefined;
  readonly room_type_id?: string | undefined;
  /** The id of a known guest. A reservation has either this or `guest`. */
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
  /** A day or an instant, as the request has it. */
  readonly check_in_at: string;
  readonly expected_check_out_at: string;
  /** Replaces the rates. */
  readonly agreed_price?: AgreedPrice | undefined;
  /** Overrides the restrictions of the arrival day. */
  readonly override_restrictions?: { readonly reason: string } | undefined;
}

/**
 * Books a stay, in a named room or in any room of a type.
 * @param by the name of the user, for the history
 * @param role the role of the user. An override needs a manager. So does an agreed price beyond the hotel's policy
 * @returns the booking, and the hotel's settings
 * @throws Problem ROOM_TAKEN, NO_ROOM_FREE, ROOM_OUT_OF_ORDER, ROOM_RETIRED, ROOM_NOT_READY, TOO_MANY_GUESTS,
 *   CLOSED_TO_ARRIVAL, MINIMUM_STAY, NOT_FOUND, GUEST_ANONYMOUS, GUEST_MERGED, PRICE_NOT_ALLOWED, FORBIDDEN,
 *   SUBSCRIPTION_LAPSED, VALIDATION_FAILED
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
  const { override_restrictions: restrictionsReason } = reservation;
  const override = restrictionsReason && new Override(restrictionsReason, role);
  // Sends all statements at once, so that the request waits for one round trip.
  const [hotel, , room, rates, guest, percent] = await Promise.all([
    shareBusinessDate(trx, hotelId),
    lockGuestIdentity(trx, hotelId, { name, email, phone }),
    roomId === undefined ? undefined : lockRoom(trx, hotelId, roomId),
    ratesFor(trx, hotelId, reservation),
    guestId === undefined ? undefined : shareLockGuest(trx, hotelId, guestId, "share"),
    price === undefined ? undefined : discountLimit(trx, hotelId, role),
  ]);
  requireSubscription(hotel);
  const stay = readStay(hotel, reservation.check_in_at, reservation.expected_check_out_at);
  const order = { hotel, stay, reservation, rates, contact: guest ?? { name, email, phone }, by, percent, override };
  if (room !== undefined) return { booking: await bookRoom(trx, order, room), hotel };
  if (roomTypeId === undefined) throw new Error("A reservation must name a room or a room type.");
  return { booking: await bookRoomOfType(trx, order, roomTypeId), hotel };
}

interface Order {
  readonly hotel: HotelSettings;
  readonly stay: Stay;
  readonly reservation: Reservation;
  readonly rates: DayRates;
  readonly contact: Contact;
  readonly by: string;
  /** By how many percent an agreed price can differ from the rate. Undefined: without a limit. */
  readonly percent: number | undefined;
  readonly override: Override | undefined;
}

/** The last day that the format `YYYY-MM-DD` can express. */
const lastDay = "9999-12-31";

/**
 * Reads the rates of the stay before the hotel's time zone is known. The day of an instant can differ in UTC and at the
 * hotel, by up to two days together. So the range has two more days at each end (its last day is not included). It is
 * limited to the longest stay: a longer stay is refused later, and its rates must not be read first.
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

async function bookRoom(trx: Trx, order: Order, room: LockedRoom): Promise<BookingRow> {
  const { hotel, stay, reservation, rates, override } = order;
  const { arrival, departure } = stay;
  requireInService(room, departure);
  requireOpen(room, arrival, hotel.business_date);
  requireCapacity(`Room ${room.room_number}`, room.capacity, reservation.adults + reservation.children);
  requireArrival(rates, { roomTypeId: room.room_type_id, arrival, departure }, override);
  const booking = await insertIfFree(trx, order, room);
  if (booking === undefined) {
    const party = { guests: reservation.adults + reservation.children, today: hotel.business_date };
    throw await roomTaken(trx, hotel.hotel_id, party, [{ room_id: room.room_id, arrival, departure }]);
  }
  return booking;
}

/** Locks the best free room until one can be booked: another request can book it between the search and the lock. */
async function bookRoomOfType(trx: Trx, order: Order, roomTypeId: string): Promise<BookingRow> {
  const { hotel, stay, reservation, rates, override } = order;
  const { arrival, departure } = stay;
  const type = await readRoomType(trx, hotel.hotel_id, roomTypeId);
  requireCapacity(`A ${type.name}`, type.capacity, reservation.adults + reservation.children);
  requireArrival(rates, { roomTypeId, arrival, departure }, override);
  const question = { hotelId: hotel.hotel_id, roomTypeId, arrival, departure };
  let room = await lockBestRoom(trx, question, hotel.business_date);
  while (room !== undefined) {
    const booking = isSellable(room, stay, hotel.business_date) ? await insertIfFree(trx, order, room) : undefined;
    if (booking !== undefined) return booking;
    room = await lockBestRoom(trx, question, hotel.business_date);
  }
  throw pmsProblems.NO_ROOM_FREE(
    `No ${type.name} is free on every night from ${arrival} to ${departure}.`,
    await offerRepacking(trx, question, hotel.business_date),
  );
}

async function insertIfFree(trx: Trx, order: Order, room: LockedRoom): Promise<BookingRow | undefined> {
  const { reservation, override } = order;
  const booking = newBooking(order, room);
  const inserted = await insertBooking(trx, {
    booking,
    roomTypeId: room.room_type_id,
    knownGuestId: reservation.guest_id,
    reasons: { agreed_price: reservation.agreed_price?.reason, ...override?.reasons },
  });
  if (inserted === undefined) return undefined;
  if (inserted.hasOtherContact) await deriveContacts(trx, booking.hotel_id, [inserted.guest_id]);
  return { ...booking, guest_id: inserted.guest_id };
}

/** Makes the booking as the table will have it, so that it need not be read again. */
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
    room_type_id: room.room_type_id,
    business_date: today,
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

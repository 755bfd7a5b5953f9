/**
 * Amending a booking: its dates, its room type, its guests, its notes.
 *
 * amended_nights.ts says what the nights cost afterwards.
 */
import type { Day, Trx } from "../../../core/mod.ts";
import { type HotelSettings, requireSubscription } from "../../identity/port.ts";
import { fieldFault, pmsProblems } from "../errors.ts";
import { deriveContacts } from "../guests/contacts.ts";
import { compareNames, linkGuest, lockKnownGuest, writeContact } from "../guests/guests.ts";
import { deleteLeftover } from "../guests/leftover.ts";
import type { Booking } from "../models/booking.ts";
import { type LockedRoom, lockRooms } from "../allocation/allocations.ts";
import { offerRepacking } from "../allocation/plan_repack.ts";
import { lockFreeRoom } from "../allocation/choose_room.ts";
import { agreeOn, type AgreedPrice, discountLimit, requireReplaceable } from "../rates/agreed_price.ts";
import { readRates, readRatesOf } from "../rates/prices.ts";
import { Override } from "../rates/restrictions.ts";
import { readRoomType } from "../inventory/inventory.ts";
import { requireArrivalUnlessAccepted } from "./rules/accepted_stays.ts";
import { priceAmendedNights } from "./nights/amended_nights.ts";
import { illegalTransition } from "./rules/booking_state.ts";
import { requireClean } from "./rules/clean_room.ts";
import { type ChangeContext, lockBooking, updateBooking } from "../booking_record/change.ts";
import { type Night, readNights, totalsOf, writeNights } from "./nights/nights.ts";
import {
  allocateNights,
  requireNotRetired,
  requireOpen,
  requireReady,
  requireInService,
  roomsOf,
  markRoomDirty,
} from "./check_in_out.ts";
import { amendStay, type Stay } from "../allocation/stay_dates.ts";
import { firstNightToAmend, nothingToMove } from "./rules/stay_progress.ts";

export interface Amendment {
  readonly check_in_at?: string | undefined;
  readonly expected_check_out_at?: string | undefined;
  readonly room_type_id?: string | undefined;
  readonly room_id?: string | undefined;
  /** The other room may be dirty, where the hotel's policy leaves that to the desk. */
  readonly accept_dirty_room?: boolean | undefined;
  readonly guest?:
    | {
        readonly name?: string | undefined;
        readonly email?: string | null | undefined;
        readonly phone?: string | null | undefined;
      }
    | undefined;
  readonly adults?: number | undefined;
  readonly children?: number | undefined;
  readonly notes?: string | null | undefined;
  readonly room_locked?: boolean | undefined;
  /** Instead of the rates, or no more. */
  readonly agreed_price?: AgreedPrice | undefined;
  /** The stay is amended though its arrival day has restrictions. */
  readonly override_restrictions?: { readonly reason: string } | undefined;
}

/**
 * Writes what an amendment says; what it leaves out stays.
 * @throws Problem ILLEGAL_TRANSITION, ROOM_TAKEN, NO_ROOM_FREE, ROOM_LOCKED, ROOM_OUT_OF_ORDER, ROOM_NOT_READY, ROOM_NOT_CLEAN,
 *   TOO_MANY_GUESTS, CLOSED_TO_ARRIVAL, MINIMUM_STAY, PRICE_NOT_ALLOWED, FORBIDDEN, WRONG_DAY, NOT_FOUND, GUEST_ANONYMOUS,
 *   SUBSCRIPTION_LAPSED, VALIDATION_FAILED
 */
export async function amend(trx: Trx, change: ChangeContext, bookingId: string, amendment: Amendment): Promise<void> {
  const { booking, hotel } = await lockBooking(trx, change, bookingId);
  const { override_restrictions: asked } = amendment;
  const override = asked && new Override(asked, change.actor.role);
  const fields: Partial<Booking> = fieldsOutsideStay(amendment);
  let priceReason = amendment.agreed_price?.reason;
  if (amendment.guest !== undefined) Object.assign(fields, await amendGuest(trx, change, booking, amendment.guest));
  if (touchesStay(amendment)) {
    const amended = await amendNights(trx, change, { booking, hotel, override }, amendment);
    Object.assign(fields, amended.fields);
    if (amended.hasPriceEnded === true) priceReason = "The agreed price ended with the room type.";
  }
  const reasons = { agreed_price: priceReason, ...override?.reasons };
  // A new reason for the same price is worth a line of its own.
  if (amendment.agreed_price !== undefined || changesAnything(booking, fields)) {
    const after = await updateBooking(trx, change, "amend", booking, fields, reasons);
    if (amendment.guest !== undefined) await updateGuestRecords(trx, booking, after);
  }
}

/** Whether fields say anything new; what says nothing has no place in the history. */
function changesAnything(booking: Booking, fields: Partial<Booking>): boolean {
  const plain = (value: unknown): unknown => (value instanceof Date ? value.getTime() : value);
  return Object.entries(fields).some(([name, value]) => plain(booking[name as keyof Booking]) !== plain(value));
}

/**
 * Another name is another guest. Another spelling of the name corrects the profile; who keeps the name is the same guest,
 * reached in another way. Both count for the bookings ahead too.
 */
async function amendGuest(
  trx: Trx,
  change: ChangeContext,
  booking: Booking,
  guest: NonNullable<Amendment["guest"]>,
): Promise<Partial<Booking>> {
  const known = await lockKnownGuest(trx, booking.hotel_id, booking.guest_id);
  const contact = {
    name: guest.name ?? booking.guest_name,
    email: guest.email === undefined ? booking.guest_email : guest.email,
    phone: guest.phone === undefined ? booking.guest_phone : guest.phone,
  };
  const copies = { guest_name: contact.name, guest_email: contact.email, guest_phone: contact.phone };
  const names = { shown: booking.guest_name, profile: known.name };
  const { isShown, isProfiles } = await compareNames(trx, contact.name, names);
  if (!isShown) return { ...copies, guest_id: await linkGuest(trx, booking.hotel_id, contact) };
  // The booking may show a former name: its spelling says nothing of the present one.
  const name = isProfiles && guest.name !== known.name ? guest.name : undefined;
  await writeContact(trx, change, known, { name, email: guest.email, phone: guest.phone }, booking.booking_id);
  return copies;
}

/** Derives what its guests are found by from an amended booking, and deletes the one whom it had if nothing is left of it. */
async function updateGuestRecords(trx: Trx, before: Booking, after: Booking): Promise<void> {
  await deriveContacts(trx, after.hotel_id, [before.guest_id, after.guest_id]);
  if (before.guest_id === after.guest_id) return;
  const shown = { name: after.guest_name, email: after.guest_email, phone: after.guest_phone };
  await deleteLeftover(trx, after.hotel_id, before.guest_id, shown);
}

function fieldsOutsideStay({ notes, room_locked: locked, adults, children }: Amendment): Partial<Booking> {
  return {
    ...(notes === undefined ? {} : { notes }),
    ...(locked === undefined ? {} : { room_locked: locked }),
    ...(adults === undefined ? {} : { adults }),
    ...(children === undefined ? {} : { children }),
  };
}

/** Whether it touches what a booking's room must bear, or what the nights cost. */
function touchesStay(amendment: Amendment): boolean {
  const { check_in_at, expected_check_out_at, room_type_id, room_id, adults, children, agreed_price } = amendment;
  const fields = [check_in_at, expected_check_out_at, room_type_id, room_id, adults, children, agreed_price];
  return fields.some((field) => field !== undefined);
}

interface Amending {
  readonly booking: Booking;
  readonly hotel: HotelSettings;
  readonly override: Override | undefined;
}

interface AmendedFields {
  readonly fields: Partial<Booking>;
  /** A price that was agreed does not hold for the other room type. */
  readonly hasPriceEnded?: boolean;
}

async function amendNights(
  trx: Trx,
  { actor, now }: ChangeContext,
  { booking, hotel, override }: Amending,
  amendment: Amendment,
): Promise<AmendedFields> {
  const today = hotel.business_date;
  if (booking.status !== "confirmed" && booking.status !== "in_house") throw illegalTransition(booking, today);
  requireSubscription(hotel);
  const stay = amendStay(hotel, booking, amendment.check_in_at, amendment.expected_check_out_at);
  const nights = await readNights(trx, booking);
  const guests = (amendment.adults ?? booking.adults) + (amendment.children ?? booking.children);
  const { room_type_id: roomTypeId, room_id: roomId } = amendment;
  const wish = { stay, roomTypeId, roomId, guests, today, override };
  const { from, to: room } = await roomsFor(trx, booking, nights, wish);
  const rates = await readRatesOf(trx, booking.hotel_id, {
    from: stay.arrival,
    to: stay.departure,
    roomTypeIds: [...new Set([from.room_type_id, room.room_type_id])],
  });
  requireCapacity(`Room ${room.room_number}`, room.capacity, guests);
  const other = room !== from;
  const isRepriced = other && amendment.room_type_id !== undefined;
  const isSameStay = !other && stay.arrival === booking.arrival && stay.departure === booking.departure;
  const { agreed_price: price } = amendment;
  if (isSameStay && price === undefined) {
    return { fields: { check_in_at: stay.checkInAt, expected_check_out_at: stay.expectedCheckOutAt } };
  }
  // A guest in the house is in the room already, and the close of the day would let them stay too.
  const isInRoom = booking.status === "in_house" && !other;
  const grows = other || stay.departure > booking.departure || stay.arrival < booking.arrival;
  if (grows) (isInRoom ? requireNotRetired : requireInService)(room, stay.departure);
  if (booking.status === "confirmed" && (other || stay.arrival !== booking.arrival))
    requireOpen(room, stay.arrival, today);
  const arriving = { roomTypeId: room.room_type_id, arrival: stay.arrival, departure: stay.departure };
  // A guest who has arrived is past all restrictions. `roomsFor` has checked those of another type that was asked for.
  const isOtherType = room.room_type_id !== from.room_type_id;
  const isOtherArrival = isOtherType || stay.arrival !== booking.arrival || stay.departure < booking.departure;
  if (!isRepriced && booking.status === "confirmed" && isOtherArrival) {
    await requireArrivalUnlessAccepted(trx, booking, rates, arriving, override);
  }
  const first = firstNightToAmend(booking, hotel, now);
  const split = isRepriced ? stay.arrival : clamp(first, stay);
  if (other && split === stay.departure) throw nothingToMove(stay.departure, today);
  const rooms = { from, to: room, split, isRepriced };
  const isPriceReplaced = price !== undefined;
  const { nights: amended, ended } = await priceAmendedNights(trx, {
    booking,
    nights,
    stay,
    rates,
    isPriceReplaced,
    ...rooms,
  });
  const { currency } = booking;
  const percent =
    isPriceReplaced || ended.length > 0 ? await discountLimit(trx, booking.hotel_id, actor.role) : undefined;
  if (percent !== undefined) requireReplaceable(ended, percent, { currency, after: amended });
  const priced =
    price === undefined ? amended : agreeOn(amended, { price, currency, today, percent, replaced: nights });
  await writeNights(trx, booking, priced, "amend");
  const advice = other ? undefined : "To give the guest one of the free rooms, send its room_id with the amendment.";
  await allocateNights(trx, booking, priced, { guests, today: first, advice });
  if (other && booking.status === "in_house") {
    await requireReady(trx, room);
    const { departure } = stay;
    const { adults = booking.adults, children = booking.children, accept_dirty_room: accepted = false } = amendment;
    await requireClean(trx, { departure, adults, children }, room, { today: first, accepted });
    await markRoomDirty(trx, booking);
  }
  const fields = {
    room_id: room.room_id,
    arrival: stay.arrival,
    departure: stay.departure,
    check_in_at: stay.checkInAt,
    expected_check_out_at: stay.expectedCheckOutAt,
    ...totalsOf(priced, currency),
  };
  return { fields, hasPriceEnded: ended.length > 0 };
}

/** What a room is looked for by. */
interface Wish {
  readonly stay: Stay;
  /** Undefined: the room that it has. */
  readonly roomTypeId: string | undefined;
  /** The same. */
  readonly roomId: string | undefined;
  readonly guests: number;
  readonly today: Day;
  readonly override: Override | undefined;
}

/**
 * The room that the booking has and the room of the amended stay, with all rooms locked in which it had or gets nights. One
 * of another type may be arrived in.
 */
async function roomsFor(
  trx: Trx,
  booking: Booking,
  nights: readonly Night[],
  { stay, roomTypeId, roomId = booking.room_id, guests, today, override }: Wish,
): Promise<{ readonly from: LockedRoom; readonly to: LockedRoom }> {
  const rooms = await lockRooms(trx, booking.hotel_id, [...new Set([booking.room_id, roomId, ...roomsOf(nights)])]);
  const room = rooms.get(booking.room_id);
  if (roomId !== booking.room_id) {
    requireUnlocked(booking, room);
    return { from: room, to: rooms.get(roomId) };
  }
  if (roomTypeId === undefined || roomTypeId === room.room_type_id) return { from: room, to: room };
  if (booking.status === "in_house") {
    throw fieldFault("body", "/room_type_id", "can't change while the guest is in the house: move the booking");
  }
  requireUnlocked(booking, room);
  const type = await readRoomType(trx, booking.hotel_id, roomTypeId);
  requireCapacity(`A ${type.name}`, type.capacity, guests);
  const { arrival, departure } = stay;
  const rates = await readRates(trx, booking.hotel_id, { from: arrival, to: departure, roomTypeId });
  await requireArrivalUnlessAccepted(trx, booking, rates, { roomTypeId, arrival, departure }, override);
  const question = { hotelId: booking.hotel_id, roomTypeId, arrival, departure };
  const best = await lockFreeRoom(trx, question, today);
  if (best !== undefined) return { from: room, to: best };
  throw pmsProblems.NO_ROOM_FREE(
    `No ${type.name} is free on every night from ${arrival} to ${departure}.`,
    // Nobody is moved for nights that are over.
    arrival < today ? {} : await offerRepacking(trx, question, today),
  );
}

/** @throws Problem ROOM_LOCKED */
function requireUnlocked({ booking_id, guest_name: name, room_locked: isLocked }: Booking, room: LockedRoom): void {
  if (!isLocked) return;
  throw pmsProblems.ROOM_LOCKED(`The booking of ${name} is locked to room ${room.room_number}. Unlock it first.`, {
    members: { booking_id },
  });
}

/** A day, or the end of the stay that is nearer to it. */
function clamp(day: Day, { arrival, departure }: Stay): Day {
  if (day < arrival) return arrival;
  return day > departure ? departure : day;
}

function requireCapacity(what: string, capacity: number, guests: number): void {
  if (guests <= capacity) return;
  throw pmsProblems.TOO_MANY_GUESTS(`${what} sleeps ${capacity}, and you have ${guests} guests.`);
}

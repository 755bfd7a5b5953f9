/** Changes a booking's state. Each operation locks the booking, then its rooms, and writes the history. */
import { addDays, type Day, type Trx } from "../../../core/mod.ts";
import { type HotelSettings, requireSubscription } from "../../identity/port.ts";
import { freeNights, lockRoom, lockRooms, segmentsOf, takeNights } from "../allocation/allocations.ts";
import { type ChangeContext, lockBooking, updateBooking } from "../booking_record/change.ts";
import { pmsProblems, wrongDay } from "../errors.ts";
import { shareLockGuest } from "../guests/guests.ts";
import type { Booking } from "../models/booking.ts";
import { readPolicies } from "../policies/policies.ts";
import { markRoomDirty } from "./housekeeping.ts";
import { allocateNights, roomRequestOf } from "./nights/allocate_nights.ts";
import {
  departureOf,
  type Night,
  readNights,
  readNightsOf,
  restoreNights,
  roomIdsOf,
  writeNights,
} from "./nights/nights.ts";
import { totalsOf } from "../rates/totals.ts";
import { releaseNoShows } from "./no_show.ts";
import { housekeepingOf, requireRooms, restoreHousekeeping, type RoomStates } from "./undo/restore_housekeeping.ts";
import { transition } from "./rules/booking_state.ts";
import { requireClean } from "./rules/clean_room.ts";
import { requireInService, requireReady, requireVacant } from "../allocation/room_rules.ts";
import { firstNightAhead, lastDayBegun, sleptUntil } from "./rules/stay_progress.ts";

/**
 * Checks a guest in: `confirmed` to `in_house`. The room must be vacant and in service. The business date must be a
 * day of the stay, or the day after its last night.
 * @param acceptsDirtyRoom whether the desk accepts a dirty room. The policy `warn` asks for this
 */
export async function checkIn(
  trx: Trx,
  change: ChangeContext,
  bookingId: string,
  acceptsDirtyRoom = false,
): Promise<void> {
  const { booking, hotel } = await lockBooking(trx, change, bookingId);
  requireSubscription(hotel);
  const today = hotel.business_date;
  const state = transition(booking, "check_in", today);
  // The day of departure is allowed for a reinstated no-show: its guest arrives after the close of the last night's
  // day. No other booking is still confirmed on that day.
  if (today < booking.arrival || today > booking.departure) {
    throw wrongDay(
      `The stay is from ${booking.arrival} to ${booking.departure}, and the business date is ${today}.`,
      today,
    );
  }
  const room = await lockRoom(trx, booking.hotel_id, booking.room_id);
  await requireReady(trx, room);
  const firstNight = firstNightAhead(booking, today);
  await requireClean(trx, booking, room, { firstNight, accepted: acceptsDirtyRoom });
  await updateBooking(trx, change, "check_in", booking, { ...state, checked_in_at: change.now, checked_in_on: today });
}

/**
 * Checks a guest out: `in_house` to `checked_out`. An early check-out frees the nights from its day on. The room
 * becomes dirty.
 * @param requestedDay the day on which the guest left. By default the guest leaves now, and the bill has all booked
 *   nights before the calendar's day, whether their days are closed or not
 * @param states the housekeeping that rooms get instead of dirty, where the check-out takes an undo back
 * @returns the housekeeping of the room before
 * @throws Problem ILLEGAL_TRANSITION; WRONG_DAY if the guest was not in house on that day, or it is after the
 *   departure
 */
export async function checkOut(
  trx: Trx,
  change: ChangeContext,
  bookingId: string,
  requestedDay?: Day,
  states?: RoomStates,
): Promise<RoomStates> {
  await requireRooms(trx, change.actor.tenantId, states);
  const { booking, hotel } = await lockBooking(trx, change, bookingId);
  const today = hotel.business_date;
  const { now } = change;
  const leftOn = requestedDay ?? sleptUntil(booking, hotel, now);
  const fields: Partial<Booking> = { ...transition(booking, "check_out", today), checked_out_at: now };
  requireInHouseOn(booking, leftOn, hotel, now);
  if (requestedDay !== undefined) requireNotAfterDeparture(booking, requestedDay, today);
  const nights = await readNights(trx, booking);
  const rooms = await lockRooms(trx, booking.hotel_id, [booking.room_id, ...roomIdsOf(nights)]);
  if (leftOn < booking.departure) {
    // A guest who leaves on the day of arrival has used the room. The bill keeps the first night, but another booking
    // can have the room for it: `slept` is then empty.
    const departure = later(leftOn, addDays(booking.arrival, 1));
    const charged = nightsBefore(nights, departure);
    const slept = nightsBefore(charged, leftOn);
    await writeNights(trx, booking, charged, "check_out");
    await freeNights(trx, booking.hotel_id, [booking.booking_id]);
    await takeNights(trx, booking.hotel_id, { bookingId }, roomRequestOf(booking, today), segmentsOf(slept));
    Object.assign(fields, { departure, ...totalsOf(charged, booking.currency) });
  }
  await updateBooking(trx, change, "check_out", booking, fields);
  await markRoomDirty(trx, booking);
  await restoreHousekeeping(trx, booking.hotel_id, states);
  return housekeepingOf(rooms.get(booking.room_id));
}

function requireInHouseOn(
  { checked_in_on: since, arrival }: Booking,
  leftOn: Day,
  hotel: HotelSettings,
  now: Date,
): void {
  const first = since ?? arrival;
  const last = lastDayBegun(hotel, now);
  if (first <= leftOn && leftOn <= last) return;
  const detail = leftOn > last ? `is after ${last}, the latest day at the hotel` : `is before the check-in on ${first}`;
  throw wrongLeftOn(detail, hotel.business_date);
}

/** Refuses a day after the departure. A check-out adds no nights, so it can't silently use the departure instead. */
function requireNotAfterDeparture({ departure }: Booking, leftOn: Day, today: Day): void {
  if (leftOn <= departure) return;
  throw wrongLeftOn(
    `is after the departure on ${departure}. To charge the nights since, extend the stay first ` +
      "(expected_check_out_at of PATCH /bookings/{booking_id}). " +
      `To charge none, send ${departure} or leave out left_on`,
    today,
  );
}

function wrongLeftOn(detail: string, today: Day) {
  return pmsProblems.WRONG_DAY(`/left_on ${detail}.`, {
    errors: [{ in: "body", pointer: "/left_on", detail }],
    members: { business_date: today },
  });
}

/** Cancels a booking: `confirmed` to `canceled`. It frees the nights, and the booking keeps their price. */
export async function cancel(trx: Trx, change: ChangeContext, bookingId: string): Promise<void> {
  const { booking, hotel } = await lockBooking(trx, change, bookingId);
  const state = transition(booking, "cancel", hotel.business_date);
  await lockRooms(trx, booking.hotel_id, roomIdsOf(await readNights(trx, booking)));
  await freeNights(trx, booking.hotel_id, [bookingId]);
  await updateBooking(trx, change, "cancel", booking, state);
}

/**
 * Marks a no-show: `confirmed` to `no_show`, on the arrival day or later. It frees the nights. The hotel's policy
 * decides the charge.
 */
export async function markNoShow(trx: Trx, change: ChangeContext, bookingId: string): Promise<void> {
  const { booking, hotel } = await lockBooking(trx, change, bookingId);
  const today = hotel.business_date;
  transition(booking, "no_show", today);
  if (today < booking.arrival) {
    throw wrongDay(`The guest is expected on ${booking.arrival}, and the business date is ${today}.`, today);
  }
  const nights = await readNightsOf(trx, booking.hotel_id, [bookingId]);
  await lockRooms(trx, booking.hotel_id, [booking.room_id, ...roomIdsOf([...nights.values()].flat())]);
  const { no_show_charge: charge } = await readPolicies(trx, booking.hotel_id);
  await releaseNoShows(trx, change, { bookings: [booking], nights, charge, on: today });
}

/** Undoes a mistaken check-in: `in_house` to `confirmed`, on the same business date. */
export async function undoCheckIn(trx: Trx, change: ChangeContext, bookingId: string): Promise<void> {
  const { booking, hotel } = await lockBooking(trx, change, bookingId);
  const state = transition(booking, "undo_check_in", hotel.business_date);
  await updateBooking(trx, change, "undo_check_in", booking, { ...state, checked_in_at: null, checked_in_on: null });
}

/**
 * Undoes a check-out: `checked_out` to `in_house`, on the same business date. It takes the freed nights again, at
 * their old prices. An anonymized guest can't come back.
 * @param states the housekeeping of rooms before the check-out
 * @returns the booking and the housekeeping of its room before, and the hotel
 */
export async function undoCheckOut(
  trx: Trx,
  change: ChangeContext,
  bookingId: string,
  states?: RoomStates,
): Promise<{ readonly booking: Booking; readonly hotel: HotelSettings; readonly before: RoomStates }> {
  await requireRooms(trx, change.actor.tenantId, states);
  const { booking, hotel } = await lockBooking(trx, change, bookingId);
  const state = transition(booking, "undo_check_out", hotel.business_date);
  await shareLockGuest(trx, booking.hotel_id, booking.guest_id);
  const nights = await restoreNights(trx, booking, "check_out");
  const rooms = await lockRooms(trx, booking.hotel_id, [booking.room_id, ...roomIdsOf(nights)]);
  const room = rooms.get(booking.room_id);
  requireInService(room, departureOf(nights));
  await requireVacant(trx, room);
  await allocateNights(trx, booking, nights, roomRequestOf(booking, hotel.business_date));
  await updateBooking(trx, change, "undo_check_out", booking, {
    ...state,
    checked_out_at: null,
    departure: departureOf(nights),
    ...totalsOf(nights, booking.currency),
  });
  await restoreHousekeeping(trx, booking.hotel_id, states);
  return { booking, hotel, before: housekeepingOf(room) };
}

const nightsBefore = (nights: readonly Night[], day: Day): Night[] => nights.filter(({ date }) => date < day);
const later = (a: Day, b: Day): Day => (a > b ? a : b);

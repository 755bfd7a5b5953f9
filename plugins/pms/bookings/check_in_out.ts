/** The desk's operations on a booking's state. Each locks the booking, then its rooms, and writes its history. */
import { addDays, type Day, type Trx } from "../../../core/mod.ts";
import { type HotelSettings, requireSubscription } from "../../identity/port.ts";
import { readPolicies } from "../policies/policies.ts";
import { pmsProblems } from "../errors.ts";
import { shareLockGuest } from "../guests/guests.ts";
import { Booking } from "../models/booking.ts";
import { Room } from "../models/room.ts";
import {
  freeNights,
  isOpenOn,
  isRetired,
  lockRoom,
  type LockedRoom,
  lockRooms,
  type RoomRequest,
  segmentsOf,
  takeNights,
} from "../allocation/allocations.ts";
import { transition } from "./rules/booking_state.ts";
import { requireClean } from "./rules/clean_room.ts";
import { type ChangeContext, lockBooking, updateBooking } from "../booking_record/change.ts";
import { type Night, readNights, readNightsOf, restoreNights, totalsOf, writeNights } from "./nights/nights.ts";
import { releaseNoShows } from "./no_show.ts";
import { firstNightAhead, lastDayBegun, sleptUntil } from "./rules/stay_progress.ts";

/**
 * confirmed -> in_house, on one of the stay's days or right after the close of the last, into a room that is vacant and in service.
 * @param accepted a room that is dirty, where the hotel's policy leaves that to the desk
 */
export async function checkIn(trx: Trx, change: ChangeContext, bookingId: string, accepted = false): Promise<void> {
  const { booking, hotel } = await lockBooking(trx, change, bookingId);
  requireSubscription(hotel);
  const today = hotel.business_date;
  const state = transition(booking, "check_in", today);
  // On the day of the departure too: only a reinstated no-show is still expected then. Its guest arrives after the close of
  // the last night's day.
  if (today < booking.arrival || today > booking.departure) {
    throw wrongDay(
      `The stay is from ${booking.arrival} to ${booking.departure}, and the business date is ${today}.`,
      today,
    );
  }
  const room = await lockRoom(trx, booking.hotel_id, booking.room_id);
  await requireReady(trx, room);
  await requireClean(trx, booking, room, { today: firstNightAhead(booking, today), accepted });
  await updateBooking(trx, change, "check_in", booking, { ...state, checked_in_at: change.now, checked_in_on: today });
}

/**
 * in_house -> checked_out; an early one frees the nights from its day on; the room becomes dirty.
 * @param given the day on which the guest left. Default: now, so that all booked nights before the calendar's day stay on the
 *   bill, whether their days are closed or not
 * @throws Problem ILLEGAL_TRANSITION; WRONG_DAY for a day on which the guest was not in the house, or after the departure
 */
export async function checkOut(trx: Trx, change: ChangeContext, bookingId: string, given?: Day): Promise<void> {
  const { booking, hotel } = await lockBooking(trx, change, bookingId);
  const today = hotel.business_date;
  const { now } = change;
  const leftOn = given ?? sleptUntil(booking, hotel, now);
  const fields: Partial<Booking> = { ...transition(booking, "check_out", today), checked_out_at: now };
  requirePresent(booking, leftOn, hotel, now);
  if (given !== undefined) requireBooked(booking, given, today);
  const nights = await readNights(trx, booking);
  await lockRooms(trx, booking.hotel_id, [booking.room_id, ...roomsOf(nights)]);
  if (leftOn < booking.departure) {
    // Who leaves on the day of arrival has used the room: the first night stays on the bill, and the room is free all the same.
    const departure = later(leftOn, addDays(booking.arrival, 1));
    const slept = before(nights, departure);
    await writeNights(trx, booking, slept, "check_out");
    await freeNights(trx, booking.hotel_id, [booking.booking_id]);
    await takeNights(
      trx,
      booking.hotel_id,
      { bookingId },
      roomRequestOf(booking, today),
      segmentsOf(before(slept, leftOn)),
    );
    Object.assign(fields, { departure, ...totalsOf(slept, booking.currency) });
  }
  await updateBooking(trx, change, "check_out", booking, fields);
  await markRoomDirty(trx, booking);
}

function requirePresent(
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

/** A check-out adds no night to the bill, so a day after the departure must not be taken for the departure in silence. */
function requireBooked({ departure }: Booking, leftOn: Day, today: Day): void {
  if (leftOn <= departure) return;
  throw wrongLeftOn(
    `is after the departure on ${departure}. To charge the nights since, extend the stay first (expected_check_out_at of ` +
      `PATCH /bookings/{booking_id}). To charge none, send ${departure} or leave out left_on`,
    today,
  );
}

function wrongLeftOn(detail: string, today: Day) {
  return pmsProblems.WRONG_DAY(`/left_on ${detail}.`, {
    errors: [{ in: "body", pointer: "/left_on", detail }],
    members: { business_date: today },
  });
}

/** confirmed -> canceled; the nights are free at once, and the booking keeps what they would have cost. */
export async function cancel(trx: Trx, change: ChangeContext, bookingId: string): Promise<void> {
  const { booking, hotel } = await lockBooking(trx, change, bookingId);
  const state = transition(booking, "cancel", hotel.business_date);
  await lockRooms(trx, booking.hotel_id, roomsOf(await readNights(trx, booking)));
  await freeNights(trx, booking.hotel_id, [bookingId]);
  await updateBooking(trx, change, "cancel", booking, state);
}

/** confirmed -> no_show, on the arrival day or later; what the guest pays is the hotel's policy, and the nights are free. */
export async function markNoShow(trx: Trx, change: ChangeContext, bookingId: string): Promise<void> {
  const { booking, hotel } = await lockBooking(trx, change, bookingId);
  const today = hotel.business_date;
  transition(booking, "no_show", today);
  if (today < booking.arrival) {
    throw wrongDay(`The guest is expected on ${booking.arrival}, and the business date is ${today}.`, today);
  }
  const nights = await readNightsOf(trx, booking.hotel_id, [bookingId]);
  await lockRooms(trx, booking.hotel_id, [booking.room_id, ...roomsOf([...nights.values()].flat())]);
  const { no_show_charge: charge } = await readPolicies(trx, booking.hotel_id);
  await releaseNoShows(trx, change, { bookings: [booking], nights, charge, on: today });
}

/** in_house -> confirmed, the same business day: the guest was checked in by mistake. */
export async function undoCheckIn(trx: Trx, change: ChangeContext, bookingId: string): Promise<void> {
  const { booking, hotel } = await lockBooking(trx, change, bookingId);
  const state = transition(booking, "undo_check_in", hotel.business_date);
  await updateBooking(trx, change, "undo_check_in", booking, { ...state, checked_in_at: null, checked_in_on: null });
}

/** checked_out -> in_house, the same business day; the nights that were freed are taken again, at their old prices. Not for a guest who is forgotten. */
export async function undoCheckOut(trx: Trx, change: ChangeContext, bookingId: string): Promise<void> {
  const { booking, hotel } = await lockBooking(trx, change, bookingId);
  const state = transition(booking, "undo_check_out", hotel.business_date);
  await shareLockGuest(trx, booking.hotel_id, booking.guest_id);
  const nights = await restoreNights(trx, booking, "check_out");
  const rooms = await lockRooms(trx, booking.hotel_id, [booking.room_id, ...roomsOf(nights)]);
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
}

/** Makes the rooms that a booking holds be those of these nights. @throws Problem ROOM_TAKEN */
export async function allocateNights(
  trx: Trx,
  { hotel_id: hotelId, booking_id: bookingId }: Booking,
  nights: readonly Night[],
  request: RoomRequest,
): Promise<void> {
  await freeNights(trx, hotelId, [bookingId]);
  await takeNights(trx, hotelId, { bookingId }, request, segmentsOf(nights));
}

export function roomRequestOf({ adults, children }: Pick<Booking, "adults" | "children">, today: Day): RoomRequest {
  return { guests: adults + children, today };
}

/**
 * @param leaving bookings whose guests leave their rooms at this very moment
 * @throws Problem ROOM_NOT_READY where nobody can be put into the room now
 */
export async function requireReady(trx: Trx, room: LockedRoom, leaving?: ReadonlySet<string>): Promise<void> {
  if (room.status !== "available") {
    throw pmsProblems.ROOM_NOT_READY(`Room ${room.room_number} is ${room.status.replaceAll("_", " ")}.`);
  }
  await requireVacant(trx, room, leaving);
}

async function requireVacant(trx: Trx, room: LockedRoom, leaving?: ReadonlySet<string>): Promise<void> {
  const { hotel_id, room_id } = room;
  const inside = await Booking.query(trx).findOne({ hotel_id, room_id, status: "in_house" });
  if (inside === undefined || leaving?.has(inside.booking_id) === true) return;
  throw pmsProblems.ROOM_NOT_READY(`Room ${room.room_number} is still occupied by ${inside.guest_name}.`, {
    members: { occupied_by: inside.booking_id },
  });
}

/**
 * Checks that a room is in the inventory for all nights before a day.
 * @throws Problem ROOM_OUT_OF_ORDER, ROOM_RETIRED
 */
export function requireInService(room: LockedRoom, departure: Day): void {
  requireNotRetired(room, departure);
  if (room.status === "out_of_order") throw pmsProblems.ROOM_OUT_OF_ORDER(`Room ${room.room_number} is out of order.`);
}

/**
 * Checks that a stay that is not in the room yet can begin there. A booking that has the room already keeps it.
 * @throws Problem ROOM_NOT_READY for a room out of service and a stay that begins on the business date or before
 */
export function requireOpen(room: LockedRoom, arrival: Day, today: Day): void {
  if (isOpenOn(room, arrival, today)) return;
  throw pmsProblems.ROOM_NOT_READY(
    `Room ${room.room_number} is out of service, so no guest can have it on the business date ${today}. ` +
      "Choose another room, or put this one into service first.",
  );
}

/** @throws Problem ROOM_RETIRED */
export function requireNotRetired(room: LockedRoom, departure: Day): void {
  if (!isRetired(room, departure)) return;
  const { room_number: number, retired_from } = room;
  throw pmsProblems.ROOM_RETIRED(`Room ${number} is retired from ${retired_from} on.`, { members: { retired_from } });
}

/** A room that somebody has left. */
export async function markRoomDirty(
  trx: Trx,
  { hotel_id, room_id }: Pick<Booking, "hotel_id" | "room_id">,
): Promise<void> {
  await Room.query(trx)
    .findById([hotel_id, room_id])
    .patch({ housekeeping: "dirty", version: Room.raw("version + 1") });
}

export function wrongDay(detail: string, today: Day) {
  return pmsProblems.WRONG_DAY(detail, { members: { business_date: today } });
}

/** The rooms of nights, each once. */
export function roomsOf(nights: readonly Night[]): string[] {
  return [...new Set(nights.map(({ room_id }) => room_id))];
}

export function departureOf(nights: readonly Night[]): Day {
  const last = nights.at(-1);
  if (last === undefined) throw new Error("A stay has a night at least.");
  return addDays(last.date, 1);
}

const before = (nights: readonly Night[], day: Day): Night[] => nights.filter(({ date }) => date < day);
const later = (a: Day, b: Day): Day => (a > b ? a : b);

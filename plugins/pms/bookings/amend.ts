/** Amends a booking: its dates, its room, its room type, its guests, its price and its notes. */
import type { Trx } from "../../../core/mod.ts";
import { type ChangeContext, lockBooking, updateBooking } from "../booking_record/change.ts";
import type { Booking } from "../models/booking.ts";
import { Override } from "../rates/restrictions.ts";
import { amendGuest, updateGuestRecords } from "./amend_guest.ts";
import { amendStay } from "./amend_stay.ts";
import type { Amendment } from "./amendment.ts";
import { requireRooms, restoreHousekeeping, type RoomStates } from "./undo/restore_housekeeping.ts";

/**
 * Applies an amendment to a booking.
 * @returns the booking before, and the housekeeping before of the rooms that a guest in house left or got
 * @throws Problem ILLEGAL_TRANSITION, ROOM_TAKEN, NO_ROOM_FREE, ROOM_LOCKED, ROOM_OUT_OF_ORDER, ROOM_RETIRED,
 *   ROOM_NOT_READY, ROOM_NOT_CLEAN, TOO_MANY_GUESTS, CLOSED_TO_ARRIVAL, MINIMUM_STAY, PRICE_NOT_ALLOWED, FORBIDDEN,
 *   WRONG_DAY, NOT_FOUND, GUEST_ANONYMOUS, SUBSCRIPTION_LAPSED, VALIDATION_FAILED
 */
export async function amend(
  trx: Trx,
  change: ChangeContext,
  bookingId: string,
  amendment: Amendment,
): Promise<{ readonly booking: Booking; readonly states: RoomStates }> {
  await requireRooms(trx, change.actor.tenantId, amendment.restore_housekeeping);
  const { booking, hotel } = await lockBooking(trx, change, bookingId);
  const { override_restrictions: restrictionsReason } = amendment;
  const override = restrictionsReason && new Override(restrictionsReason, change.actor.role);
  const fields: Partial<Booking> = fieldsOutsideStay(amendment);
  let states: RoomStates = [];
  let priceReason = amendment.agreed_price?.reason;
  if (amendment.guest !== undefined) Object.assign(fields, await amendGuest(trx, change, booking, amendment.guest));
  if (changesStay(amendment)) {
    const amended = await amendStay(trx, change, { booking, hotel, override }, amendment);
    Object.assign(fields, amended.fields);
    states = amended.states;
    if (amended.hasPriceEnded) priceReason = "The agreed price ended with the room type.";
  }
  const reasons = { agreed_price: priceReason, ...override?.reasons };
  // The history also gets an entry for a new reason with the same price.
  if (amendment.agreed_price !== undefined || changesAnything(booking, fields)) {
    const after = await updateBooking(trx, change, "amend", booking, fields, reasons);
    if (amendment.guest !== undefined) await updateGuestRecords(trx, booking, after);
  }
  await restoreHousekeeping(trx, booking.hotel_id, amendment.restore_housekeeping);
  return { booking, states };
}

/** Whether any field differs from the booking. An amendment without a difference gets no history entry. */
function changesAnything(booking: Booking, fields: Partial<Booking>): boolean {
  const comparable = (value: unknown): unknown => (value instanceof Date ? value.getTime() : value);
  const before = new Map<string, unknown>(Object.entries(booking));
  return Object.entries(fields).some(([name, value]) => comparable(before.get(name)) !== comparable(value));
}

function fieldsOutsideStay({ notes, room_locked: locked, adults, children }: Amendment): Partial<Booking> {
  return {
    ...(notes === undefined ? {} : { notes }),
    ...(locked === undefined ? {} : { room_locked: locked }),
    ...(adults === undefined ? {} : { adults }),
    ...(children === undefined ? {} : { children }),
  };
}

/** Whether the amendment can change the room, the nights or their prices. */
function changesStay(amendment: Amendment): boolean {
  const { check_in_at, expected_check_out_at, room_type_id, room_id, adults, children, agreed_price } = amendment;
  const fields = [check_in_at, expected_check_out_at, room_type_id, room_id, adults, children, agreed_price];
  return fields.some((field) => field !== undefined);
}

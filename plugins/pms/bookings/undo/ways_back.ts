/** The requests that take a change of a booking back. Each route answers with one of them, or says why it has none. */
import { addDays, type NoUndo, type UndoCall } from "../../../../core/mod.ts";
import type { HotelSettings } from "../../../identity/port.ts";
import type { Amendment } from "../amendment.ts";
import type { Booking } from "../../models/booking.ts";
import { sleptUntil } from "../rules/stay_progress.ts";
import type { RoomStates } from "./restore_housekeeping.ts";

/** The reason that a way back gives where an operation needs one. */
const undone = "Undone";

const back = (operation: string, bookingId: string, body: object = {}): UndoCall => ({
  operation,
  params: { booking_id: bookingId },
  body,
});

const restoring = (rooms: RoomStates): object => (rooms.length === 0 ? {} : { restore_housekeeping: rooms });

export const undoOfCheckIn = (bookingId: string): UndoCall => back("undoCheckIn", bookingId);

/** The way back of a cancellation and of a no-show. */
export const undoOfRelease = (bookingId: string): UndoCall => back("reinstateBooking", bookingId);

export const undoOfUndoCheckIn = (bookingId: string): UndoCall =>
  back("checkIn", bookingId, { accept_dirty_room: true });

export const undoOfCheckOut = (bookingId: string, rooms: RoomStates): UndoCall =>
  back("undoCheckOut", bookingId, restoring(rooms));

/** @param before the booking as it was checked out */
export function undoOfUndoCheckOut(before: Booking, hotel: HotelSettings, now: Date, rooms: RoomStates): UndoCall {
  const { booking_id: id, arrival, departure } = before;
  const leavesNow = sleptUntil(before, hotel, now);
  const firstDeparture = addDays(arrival, 1);
  const isByDefault = departure === (leavesNow > firstDeparture ? leavesNow : firstDeparture);
  return back("checkOut", id, { ...(isByDefault ? {} : { left_on: departure }), ...restoring(rooms) });
}

/** @param before the booking as it was canceled or a no-show */
export function undoOfReinstate(before: Booking, hotel: HotelSettings, roomId: string | undefined): UndoCall | NoUndo {
  if (before.waived_amount !== null) return { none: "The charge of the booking was waived, and the waiver has ended." };
  if (roomId !== undefined && roomId !== before.room_id) return { none: "The booking is in another room now." };
  if (before.status === "canceled") return back("cancelBooking", before.booking_id);
  if (before.status_on !== hotel.business_date) return { none: "The booking was a no-show of a closed day." };
  return back("markNoShow", before.booking_id);
}

export const undoOfWaiver = (bookingId: string): UndoCall => back("undoWaiver", bookingId, { reason: undone });
export const undoOfUndoWaiver = (bookingId: string): UndoCall => back("waiveCharge", bookingId, { reason: undone });

export const undoOfMove = (bookingId: string, roomId: string, rooms: RoomStates): UndoCall =>
  back("moveBooking", bookingId, { room_id: roomId, accept_dirty_room: true, ...restoring(rooms) });

export const undoOfSwap = (bookingId: string, otherId: string, rooms: RoomStates): UndoCall =>
  back("swapBookings", bookingId, { other_booking_id: otherId, accept_dirty_room: true, ...restoring(rooms) });

/** @param before the booking before the amendment @param rooms the rooms that a guest in house left or got */
export function undoOfAmendment(before: Booking, amendment: Amendment, rooms: RoomStates): UndoCall | NoUndo {
  if (amendment.room_type_id !== undefined)
    return { none: "Another room type has other prices. Amend the booking again to change it." };
  if (amendment.agreed_price !== undefined && before.rack_amount !== null)
    return { none: "Another price was agreed before. Agree it again, with its reason." };
  const { check_in_at, expected_check_out_at, room_id, guest, adults, children, notes, room_locked } = amendment;
  const values = {
    check_in_at: check_in_at && before.check_in_at.toISOString(),
    expected_check_out_at: expected_check_out_at && before.expected_check_out_at.toISOString(),
    room_id: room_id && before.room_id,
    accept_dirty_room: room_id && true,
    guest: guest && { name: before.guest_name, email: before.guest_email, phone: before.guest_phone },
    adults: adults && before.adults,
    children: children === undefined ? undefined : before.children,
    notes: notes === undefined ? undefined : before.notes,
    room_locked: room_locked === undefined ? undefined : before.room_locked,
    agreed_price: amendment.agreed_price && { withdrawn: true, reason: undone },
    ...restoring(rooms),
  };
  return back("amendBooking", before.booking_id, values);
}

/** Models the reinstatement of a canceled booking or a no-show. It throws a `Refusal` before it changes anything. */
import {
  setStatus,
  requireStatus,
  requireCapacity,
  requireRightDay,
  requireKnown,
  requireInService,
  nightsToRestore,
  restoreNights,
} from "./bookings.ts";
import { type ModelBooking, Refusal } from "./data.ts";
import type { ModelHotel } from "./hotel.ts";
import { firstAhead } from "./progress.ts";

export function reinstate(
  hotel: ModelHotel,
  booking: ModelBooking,
  { room_id: requestedRoomId }: Readonly<Record<string, unknown>>,
): void {
  hotel.requirePaid();
  requireStatus(booking, "canceled", "no_show");
  const { status, statusOn, arrival, departure } = booking;
  // A no-show of the day that was just closed can be reinstated, whether the desk or the close marked it.
  const isOfLastClose = status === "no_show" && statusOn === arrival && hotel.today === arrival + 1;
  requireRightDay((statusOn === hotel.today || isOfLastClose) && departure >= hotel.today);
  requireKnown(booking);
  const formerNights = nightsToRestore(booking);
  const room = requestedRoomId === undefined ? booking.room : hotel.roomOf(requestedRoomId);
  const changesRoom = room !== booking.room;
  if (changesRoom && booking.roomLocked) throw new Refusal("ROOM_LOCKED");
  const days = [...formerNights.keys()];
  requireInService(room, Math.max(...days) + 1);
  if (changesRoom) {
    requireCapacity(room.type.capacity, booking.adults, booking.children);
    hotel.requireCanReceiveGuest(room, arrival);
  }
  // A night that is over keeps its room. If another guest slept in that room, the whole stay goes to the new room.
  const ahead = firstAhead(hotel, "confirmed", departure);
  const hasLostNight = [...formerNights].some(([day, night]) => day < ahead && hotel.isTaken(night.room, day));
  const first = hasLostNight ? Math.min(...days) : ahead;
  const nights = new Map(
    [...formerNights].map(([day, night]) => [day, changesRoom && day >= first ? { ...night, room } : night] as const),
  );
  restoreNights(hotel, booking, nights, first);
  booking.room = room;
  setStatus(hotel, booking, "confirmed");
}

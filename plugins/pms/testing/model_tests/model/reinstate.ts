/** The model of the way back of a canceled booking or a no-show. It refuses before it changes anything. */
import {
  become,
  require,
  requireCapacity,
  requireDay,
  requireKnown,
  requireInService,
  restoredNights,
  takeBack,
} from "./bookings.ts";
import { type ModelBooking, type ModelHotel, Refusal } from "./hotel.ts";
import { firstAhead } from "./progress.ts";

export function reinstate(
  hotel: ModelHotel,
  booking: ModelBooking,
  { room_id: asked }: Readonly<Record<string, unknown>>,
): void {
  hotel.requirePaid();
  require(booking, "canceled", "no_show");
  const { status, statusOn, arrival, departure } = booking;
  // One that the desk marked before the close is as good as one that the close marked.
  const isOfLastClose = status === "no_show" && statusOn === arrival && hotel.today === arrival + 1;
  requireDay((statusOn === hotel.today || isOfLastClose) && departure >= hotel.today);
  requireKnown(booking);
  const had = restoredNights(booking);
  const room = asked === undefined ? booking.room : hotel.roomOf(asked);
  const isOther = room !== booking.room;
  if (isOther && booking.locked) throw new Refusal("ROOM_LOCKED");
  const days = [...had.keys()];
  requireInService(room, Math.max(...days) + 1);
  if (isOther) {
    requireCapacity(room.type.capacity, booking.adults, booking.children);
    hotel.requireOpen(room, arrival);
  }
  // A night that is over stays in its room; but where somebody else has had that room, the whole stay goes elsewhere.
  const ahead = firstAhead(hotel, "confirmed", departure);
  const isGivenAway = [...had].some(([day, night]) => day < ahead && hotel.isTaken(night.room, day));
  const first = isGivenAway ? Math.min(...days) : ahead;
  const nights = new Map(
    [...had].map(([day, night]) => [day, isOther && day >= first ? { ...night, room } : night] as const),
  );
  takeBack(hotel, booking, nights, first);
  booking.room = room;
  become(hotel, booking, "confirmed");
}

import type { Day, Trx } from "../../../../core/mod.ts";
import { freeNights, type RoomRequest, segmentsOf, takeNights } from "../../allocation/allocations.ts";
import type { Booking } from "../../models/booking.ts";
import type { Night } from "./nights.ts";

/**
 * Replaces the allocations of a booking by those of its nights.
 * @param request the guests, for the rooms that a refusal offers instead
 * @throws Problem ROOM_TAKEN
 */
export async function allocateNights(
  trx: Trx,
  { hotel_id: hotelId, booking_id: bookingId }: Booking,
  nights: readonly Night[],
  request: RoomRequest,
): Promise<void> {
  await freeNights(trx, hotelId, [bookingId]);
  await takeNights(trx, hotelId, { bookingId }, request, segmentsOf(nights));
}

/** @param firstNight the first night for which a refusal offers other rooms */
export function roomRequestOf(
  { adults, children }: Pick<Booking, "adults" | "children">,
  firstNight: Day,
): RoomRequest {
  return { guests: adults + children, today: firstNight };
}

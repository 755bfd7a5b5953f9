/**
 * The stays that a booking has had already, by its history.
 *
 * A stay that was accepted, by a manager's override or before the day got its restriction, is not asked for the restriction
 * again when the booking comes back to it: a mistake that is put back is as if it had never been made.
 */
import { type Day, prepare, type Trx } from "../../../../core/mod.ts";
import type { Booking } from "../../models/booking.ts";
import type { DayRates } from "../../rates/prices.ts";
import { type Override, requireArrival, requireMinimumStay, restrictionsOn } from "../../rates/restrictions.ts";

const shortestStatement = prepare<{ departure: Day | null }>(
  "pms_shortest_stay",
  `SELECT min((h.after ->> 'departure')::date) AS departure FROM pms.booking_history h
   JOIN pms.rooms r ON r.hotel_id = h.hotel_id AND r.room_id = (h.after ->> 'room_id')::uuid AND r.room_type_id = $4
   WHERE h.hotel_id = $1 AND h.booking_id = $2 AND h.after ->> 'status' = 'confirmed' AND h.after ->> 'arrival' = $3::text`,
);

/** A stay in rooms of one type. */
interface RequestedStay {
  readonly roomTypeId: string;
  readonly arrival: Day;
  readonly departure: Day;
}

/**
 * Whether a booking's stay may begin on its arrival day, as far as the booking has not had it: a shorter one than it had from
 * that day is asked for the minimum stay, and any other for all.
 * @param override notes what is in the way, instead of a refusal
 * @throws Problem CLOSED_TO_ARRIVAL, MINIMUM_STAY
 */
export async function requireArrivalUnlessAccepted(
  trx: Trx,
  { hotel_id: hotelId, booking_id: id }: Pick<Booking, "hotel_id" | "booking_id">,
  rates: DayRates,
  asked: RequestedStay,
  override?: Override,
): Promise<void> {
  if (restrictionsOn(rates, asked).length === 0) return;
  const [had] = await shortestStatement.run(trx, [hotelId, id, asked.arrival, asked.roomTypeId]);
  const shortest = had?.departure ?? null;
  if (shortest === null) requireArrival(rates, asked, override);
  else if (asked.departure < shortest) requireMinimumStay(rates, asked, override);
}

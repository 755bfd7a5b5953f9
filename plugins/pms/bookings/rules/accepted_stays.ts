/**
 * Checks restrictions for a stay, unless the booking's history shows that the same stay was accepted before.
 *
 * A manager's override can have accepted it, or the day had no restriction then. So a mistake that the desk corrects
 * leaves no trace: the booking returns to its earlier stay without a second check.
 */
import { type Day, prepare, type Trx } from "../../../../core/mod.ts";
import type { Booking } from "../../models/booking.ts";
import type { DayRates } from "../../rates/prices.ts";
import { type Override, requireArrival, requireMinimumStay, restrictionsOn } from "../../rates/restrictions.ts";

const shortestStatement = prepare<{ departure: Day | null }>(
  "pms_shortest_stay",
  `SELECT min((h.after ->> 'departure')::date) AS departure FROM pms.booking_history h
   JOIN pms.rooms r ON r.hotel_id = h.hotel_id AND r.room_id = (h.after ->> 'room_id')::uuid AND r.room_type_id = $4
   WHERE h.hotel_id = $1 AND h.booking_id = $2
     AND h.after ->> 'status' = 'confirmed' AND h.after ->> 'arrival' = $3::text`,
);

/** A stay in rooms of one type. */
interface RequestedStay {
  readonly roomTypeId: string;
  readonly arrival: Day;
  readonly departure: Day;
}

/**
 * Checks that a stay can begin on its arrival day. The history decides which restrictions count:
 * - The booking had a stay from that day that was as short, or shorter: none.
 * - It had longer stays only: the minimum stay.
 * - It had no stay from that day: all restrictions.
 * @param override records the restrictions instead of a refusal
 * @throws Problem CLOSED_TO_ARRIVAL, MINIMUM_STAY
 */
export async function requireArrivalUnlessAccepted(
  trx: Trx,
  { hotel_id: hotelId, booking_id: id }: Pick<Booking, "hotel_id" | "booking_id">,
  rates: DayRates,
  requested: RequestedStay,
  override?: Override,
): Promise<void> {
  if (restrictionsOn(rates, requested).length === 0) return;
  const [accepted] = await shortestStatement.run(trx, [hotelId, id, requested.arrival, requested.roomTypeId]);
  const shortest = accepted?.departure ?? null;
  if (shortest === null) requireArrival(rates, requested, override);
  else if (requested.departure < shortest) requireMinimumStay(rates, requested, override);
}

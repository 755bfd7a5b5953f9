/**
 * Checks restrictions for a stay, unless the booking's history shows that the same stay was accepted before.
 *
 * A manager's override can have accepted it, or the day had no restriction then. So a mistake that the desk corrects
 * leaves no trace: the booking returns to its earlier stay without a second check.
 */
import { type Day, prepare, type Trx } from "../../../../core/mod.ts";
import type { Booking } from "../../models/booking.ts";
import type { DayRates } from "../../rates/prices.ts";
import {
  type Override,
  requireArrival,
  requireMinimumStay,
  type Restriction,
  restrictionsOn,
} from "../../rates/restrictions.ts";

const shortestStatement = prepare<{ departure: Day | null }>(
  "pms_shortest_stay",
  `SELECT min((h.after ->> 'departure')::date) AS departure FROM pms.booking_history h
   JOIN pms.rooms r ON r.hotel_id = h.hotel_id AND r.room_id = (h.after ->> 'room_id')::uuid AND r.room_type_id = $4
   WHERE h.hotel_id = $1 AND h.booking_id = $2
     AND h.after ->> 'status' = 'confirmed' AND h.after ->> 'arrival' = $3::text`,
);

type BookingKey = Pick<Booking, "hotel_id" | "booking_id">;

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
  booking: BookingKey,
  rates: DayRates,
  requested: RequestedStay,
  override?: Override,
): Promise<void> {
  if (restrictionsOn(rates, requested).length === 0) return;
  const shortest = await readShortest(trx, booking, requested);
  if (shortest === null) requireArrival(rates, requested, override);
  else if (requested.departure < shortest) requireMinimumStay(rates, requested, override);
}

/** Lists the restrictions with which `requireArrivalUnlessAccepted` would refuse the stay. */
export async function restrictionsUnlessAccepted(
  trx: Trx,
  booking: BookingKey,
  rates: DayRates,
  requested: RequestedStay,
): Promise<Restriction[]> {
  const broken = restrictionsOn(rates, requested);
  if (broken.length === 0) return broken;
  const shortest = await readShortest(trx, booking, requested);
  if (shortest === null) return broken;
  return requested.departure < shortest ? broken.filter((restriction) => restriction === "minimum_stay") : [];
}

/** Reads the departure of the shortest stay that the booking has had from that day in that type. */
async function readShortest(
  trx: Trx,
  { hotel_id: hotelId, booking_id: id }: BookingKey,
  { arrival, roomTypeId }: RequestedStay,
): Promise<Day | null> {
  const [accepted] = await shortestStatement.run(trx, [hotelId, id, arrival, roomTypeId]);
  return accepted?.departure ?? null;
}

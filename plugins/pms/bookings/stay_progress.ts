/** How far a stay is: which of its nights are over, and which are still ahead. */
import { addDays, type Day } from "../../../core/mod.ts";
import type { Booking } from "../models/booking.ts";

/**
 * The first night of a booking that another room can have: tonight's. The last night of a guest who arrives after the close
 * of its day is the one before the business date.
 */
export function firstNightAhead({ status, departure }: Pick<Booking, "status" | "departure">, today: Day): Day {
  return status === "confirmed" && departure === today ? addDays(today, -1) : today;
}

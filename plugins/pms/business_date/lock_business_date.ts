/**
 * Locks the business date of a hotel.
 *
 * A change reads the business date and writes it into its rows (`status_on`, `checked_in_on`, nights). The close of the
 * day counts exactly those rows. Row locks can't separate the two. The close would have to lock bookings that do not
 * exist yet, or that are in a state which it does not read.
 *
 * So every change takes a shared advisory lock, and the close takes an exclusive one. Both take it before any other
 * lock, so a transaction that waits for it blocks no other transaction.
 */
import { prepare, type Trx } from "../../../core/mod.ts";
import { type HotelSettings, readHotel } from "../../identity/port.ts";

const key = "hashtextextended('pms business day ' || $1, 0)";
const lockStatements = {
  shared: prepare("pms_share_day", `SELECT pg_advisory_xact_lock_shared(${key})`),
  exclusive: prepare("pms_close_day", `SELECT pg_advisory_xact_lock(${key})`),
};

/**
 * Locks the business date until the end of the transaction.
 * @param mode `shared` for a change: the day can't be closed meanwhile. `exclusive` for the close, and for a change
 *   that no booking can run beside
 */
export async function lockBusinessDate(trx: Trx, hotelId: string, mode: "shared" | "exclusive"): Promise<void> {
  await lockStatements[mode].run(trx, [hotelId]);
}

/** Takes the shared lock, and returns the hotel as it is under the lock. */
export async function shareBusinessDate(trx: Trx, hotelId: string): Promise<HotelSettings> {
  // Both statements are sent at once. PostgreSQL runs the second one after the first has its lock.
  const [, hotel] = await Promise.all([lockBusinessDate(trx, hotelId, "shared"), readHotel(trx, hotelId)]);
  return hotel;
}

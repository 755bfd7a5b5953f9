/**
 * The business day, held while something is done on it.
 *
 * A change reads the business date and writes it into what it changes (`status_on`, `checked_in_on`, nights), and the close
 * of the day counts exactly that. A row lock can't keep the two apart: the close would have to lock bookings that are not
 * there yet, or not in a state that it looks at. So every change holds the day together with the others, the close holds it
 * alone, and both take it before any other lock, so that nobody waits for it with something in hand.
 */
import { prepare, type Trx } from "../../../core/mod.ts";
import { type HotelSettings, readHotel } from "../../identity/port.ts";

const key = "hashtextextended('pms business day ' || $1, 0)";
const shareStatement = prepare("pms_share_day", `SELECT pg_advisory_xact_lock_shared(${key})`);
const closeStatement = prepare("pms_close_day", `SELECT pg_advisory_xact_lock(${key})`);

/** Keeps the day from being closed until the end of the transaction, and reads the hotel as it is then. */
export async function holdDay(trx: Trx, hotelId: string): Promise<HotelSettings> {
  // In one message: the second is not run before the first has its lock, so it sees the day that is held.
  const [, hotel] = await Promise.all([shareStatement.run(trx, [hotelId]), readHotel(trx, hotelId)]);
  return hotel;
}

/** Waits for all who hold the day, and keeps others from it until the end of the transaction. */
export async function holdDayAlone(trx: Trx, hotelId: string): Promise<void> {
  await closeStatement.run(trx, [hotelId]);
}

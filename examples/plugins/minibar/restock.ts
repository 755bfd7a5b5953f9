import type { Trx } from "#core/mod.ts";

/**
 * Computes one day's list from its charges instead of adding to it. So the number and the order of the job's runs do
 * not matter. The queue delivers at least once, and a failed job is tried again.
 *
 * @param hotelId of the tenant whose transaction enqueued the job
 */
export async function writeRestockList(trx: Trx, hotelId: string | undefined, day: string): Promise<void> {
  if (hotelId === undefined)
    throw new Error("A restock list belongs to one hotel. Enqueue its job inside of a tenant.");
  // Runs two jobs of one day one after the other. A statement sees only rows committed before it began. Without the
  // lock, the job that read first could write last, and the list would permanently lack a charge.
  await trx.raw("SELECT pg_advisory_xact_lock(hashtextextended('minibar ' || ? || ?, 0))", [hotelId, day]);
  await trx.raw(
    `INSERT INTO minibar.restock_lines (hotel_id, day, item, quantity, amount)
     SELECT hotel_id, day, item, sum(quantity), sum(amount) FROM minibar.charges
     WHERE hotel_id = ? AND day = ? GROUP BY hotel_id, day, item
     ON CONFLICT (hotel_id, day, item) DO UPDATE SET quantity = excluded.quantity, amount = excluded.amount`,
    [hotelId, day],
  );
  // An item whose charges were all taken back.
  await trx.raw(
    `DELETE FROM minibar.restock_lines l WHERE hotel_id = ? AND day = ? AND NOT EXISTS (
       SELECT FROM minibar.charges c WHERE c.hotel_id = l.hotel_id AND c.day = l.day AND c.item = l.item)`,
    [hotelId, day],
  );
}

import type { Trx } from "#core/mod.ts";

/**
 * Makes one day's list anew from its charges. It is computed and not added to, so it does not matter how often the job
 * runs, or in which order: the queue delivers at least once, and a job that failed is tried again.
 *
 * @param hotelId of the tenant whose transaction enqueued the job
 */
export async function writeRestockList(trx: Trx, hotelId: string | undefined, day: string): Promise<void> {
  if (hotelId === undefined)
    throw new Error("A restock list is one hotel's; the job was enqueued outside of a tenant.");
  // Two jobs of one day run one by one, and a statement sees what was committed before it began: without the lock, the
  // job that read first could write last, and a charge would be missing from the list for good.
  await trx.raw("SELECT pg_advisory_xact_lock(hashtextextended('minibar ' || ? || ?, 0))", [hotelId, day]);
  await trx.raw(
    `INSERT INTO minibar.restock_lines (hotel_id, day, item, quantity, amount)
     SELECT hotel_id, day, item, sum(quantity), sum(amount) FROM minibar.charges
     WHERE hotel_id = ? AND day = ? GROUP BY hotel_id, day, item
     ON CONFLICT (hotel_id, day, item) DO UPDATE SET quantity = excluded.quantity, amount = excluded.amount`,
    [hotelId, day],
  );
}

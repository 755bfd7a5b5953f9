/** The ledger of paid invoices, and what it says on the hotel's row. The reasons stand in `fold.ts`. */
import { prepare, type Trx } from "../../core/mod.ts";
import { foldValidTo, type PaidPeriod } from "./fold.ts";
import type { Invoice } from "./invoice.ts";

/** A hotel's row, locked until the transaction ends. */
export interface LockedHotel {
  readonly hotel_id: string;
  readonly trial_ends_at: Date;
  readonly subscription_valid: boolean;
  readonly valid_to: Date;
}

// Not FOR UPDATE: that would also hold up everyone who inserts a row that refers to the hotel.
const lockStatement = prepare<LockedHotel>(
  "billing_lock_hotel",
  `SELECT hotel_id, trial_ends_at, subscription_valid, valid_to FROM identity.hotels WHERE hotel_id = $1
   FOR NO KEY UPDATE`,
);
const recordStatement = prepare(
  "billing_record_invoice",
  `INSERT INTO billing.paid_invoices (hotel_id, invoice_id, subscription_id, customer_id, period_start, period_end,
     amount_paid, currency, paid_at, event_id)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
   ON CONFLICT (hotel_id, invoice_id) DO UPDATE SET subscription_id = excluded.subscription_id,
     customer_id = excluded.customer_id, period_start = excluded.period_start, period_end = excluded.period_end,
     amount_paid = excluded.amount_paid, currency = excluded.currency, paid_at = excluded.paid_at,
     event_id = excluded.event_id
   WHERE (coalesce(excluded.period_end, '-infinity'), excluded.event_id)
     > (coalesce(paid_invoices.period_end, '-infinity'), paid_invoices.event_id)`,
);
const paidStatement = prepare<PaidPeriod>(
  "billing_paid_periods",
  "SELECT invoice_id, period_end FROM billing.paid_invoices WHERE hotel_id = $1",
);
const extendStatement = prepare(
  "billing_extend_hotel",
  "UPDATE identity.hotels SET valid_to = $2, subscription_valid = $3, version = version + 1 WHERE hotel_id = $1",
);

/**
 * Locks a hotel, so that of two events of one hotel the second folds over what the first has written.
 * @returns undefined where there is no such hotel
 */
export async function lockHotel(trx: Trx, hotelId: string | null | undefined): Promise<LockedHotel | undefined> {
  if (hotelId === undefined || hotelId === null) return undefined;
  const [hotel] = await lockStatement.run(trx, [hotelId]);
  return hotel;
}

/** Writes the invoice's row. Of two tellings of one invoice the greater (period_end, event_id) stands, in either order. */
export function recordPaidInvoice(trx: Trx, { hotel_id }: LockedHotel, eventId: string, invoice: Invoice): void {
  recordStatement.send(trx, [
    hotel_id,
    invoice.invoice_id,
    invoice.subscription_id ?? null,
    invoice.customer_id ?? null,
    invoice.period?.start ?? null,
    invoice.period?.end ?? null,
    invoice.amount_paid,
    invoice.currency,
    invoice.paid_at ?? null,
    eventId,
  ]);
}

/** Folds the hotel's ledger and writes the outcome to its row; a row that says so already keeps its version. */
export async function refold(trx: Trx, hotel: LockedHotel, graceDays: number, now: Date): Promise<Date> {
  const paid = await paidStatement.run(trx, [hotel.hotel_id]);
  const { valid_to } = foldValidTo(paid, hotel.trial_ends_at, graceDays);
  const subscription_valid = valid_to > now;
  if (valid_to.getTime() !== hotel.valid_to.getTime() || subscription_valid !== hotel.subscription_valid) {
    extendStatement.send(trx, [hotel.hotel_id, valid_to, subscription_valid]);
  }
  return valid_to;
}

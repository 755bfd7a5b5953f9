/** The ledger of paid invoices, and what it says on the hotel's row. The reasons stand in `fold.ts`. */
import type { Trx } from "../../core/mod.ts";
import { foldValidTo } from "./fold.ts";
import type { Invoice } from "./invoice.ts";
import { PaidInvoice } from "./models/paid_invoice.ts";
import { isReplay } from "./replay_lock.ts";

/** A hotel's row, locked until the transaction ends. */
export interface LockedHotel {
  readonly hotel_id: string;
  readonly trial_ends_at: Date;
  readonly subscription_valid: boolean;
  readonly valid_to: Date;
}

/**
 * Locks a hotel, so that of two events of one hotel the second folds over what the first has written.
 * @returns undefined where there is no such hotel
 */
export async function lockHotel(trx: Trx, hotelId: string | null | undefined): Promise<LockedHotel | undefined> {
  if (hotelId === undefined || hotelId === null) return undefined;
  const hotel = trx("identity.hotels").where({ hotel_id: hotelId });
  // Not FOR UPDATE: that would also hold up everyone who inserts a row that refers to the hotel.
  return (isReplay(trx) ? hotel : hotel.forNoKeyUpdate()).first<LockedHotel | undefined>(
    "hotel_id",
    "trial_ends_at",
    "subscription_valid",
    "valid_to",
  );
}

/** Writes the invoice's row. Of two tellings of one invoice the greater (period_end, event_id) stands, in either order. */
export async function recordPaidInvoice(
  trx: Trx,
  { hotel_id }: LockedHotel,
  eventId: string,
  invoice: Invoice,
): Promise<void> {
  const row = {
    hotel_id,
    invoice_id: invoice.invoice_id,
    subscription_id: invoice.subscription_id ?? null,
    customer_id: invoice.customer_id ?? null,
    period_start: invoice.period?.start ?? null,
    period_end: invoice.period?.end ?? null,
    amount_paid: invoice.amount_paid,
    currency: invoice.currency,
    paid_at: invoice.paid_at ?? null,
    event_id: eventId,
  };
  await trx("billing.paid_invoices")
    .insert(row)
    .onConflict(["hotel_id", "invoice_id"])
    .merge()
    .whereRaw(
      `(coalesce(excluded.period_end, '-infinity'), excluded.event_id)
         > (coalesce(paid_invoices.period_end, '-infinity'), paid_invoices.event_id)`,
    );
}

/** Folds the hotel's ledger and writes the outcome to its row; a row that says so already keeps its version. */
export async function refold(trx: Trx, hotel: LockedHotel, graceDays: number, now: Date): Promise<Date> {
  return isReplay(trx) ? hotel.valid_to : foldHotel(trx, hotel, graceDays, now);
}

/** The same in a replay too, which calls it once for each hotel when all events are in. */
export async function foldHotel(trx: Trx, hotel: LockedHotel, graceDays: number, now: Date): Promise<Date> {
  const paid = await PaidInvoice.query(trx).select("invoice_id", "period_end").where({ hotel_id: hotel.hotel_id });
  const { valid_to } = foldValidTo(paid, hotel.trial_ends_at, graceDays);
  const subscription_valid = valid_to > now;
  if (valid_to.getTime() !== hotel.valid_to.getTime() || subscription_valid !== hotel.subscription_valid) {
    await trx("identity.hotels")
      .where({ hotel_id: hotel.hotel_id })
      .update({ valid_to, subscription_valid, version: trx.raw("version + 1") });
  }
  return valid_to;
}

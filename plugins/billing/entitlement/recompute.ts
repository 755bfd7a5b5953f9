/** Reads the facts of a hotel and writes the computed `valid_to` to its row. `valid_to.ts` gives the reasons. */
import { prepare, type Trx } from "../../../core/mod.ts";
import { type Coverage, computeValidTo, type PaidPeriod } from "./valid_to.ts";
import type { ApplyMode } from "./replay_lock.ts";
import { reversedInvoices } from "./reversed_invoices.ts";
import type { PaymentLink, ReversalFact } from "../facts/event_facts.ts";

/**
 * A hotel's row, locked until the transaction ends. So the second event of a hotel computes with the facts that the
 * first has saved.
 */
export interface LockedHotel {
  readonly hotel_id: string;
  readonly trial_ends_at: Date;
  readonly subscription_valid: boolean;
  readonly valid_to: Date;
}

/** The columns of a ledger row that `valid_to` is computed from. */
export interface LedgerRow {
  readonly invoice_id: string;
  readonly subscription_id: string | null;
  readonly period_end: Date | null;
  readonly amount_paid: string;
  readonly currency: string;
}

/** A row of `billing.reversals`. */
export interface ReversalRow extends Omit<ReversalFact, "charge_id" | "payment_intent_id" | "rank"> {
  readonly charge_id: string | null;
  readonly payment_intent_id: string | null;
}

/** All that `valid_to` is computed from, except the hotel's own row. */
export interface HotelFacts {
  readonly invoices: readonly LedgerRow[];
  readonly links: readonly PaymentLink[];
  readonly reversals: readonly ReversalRow[];
  /** When the ended subscriptions ended. */
  readonly endings: readonly Ending[];
}

export interface Ending {
  readonly subscription_id: string;
  readonly ended_at: Date;
}

/** The columns of `identity.hotels` that `LockedHotel` needs. */
export const hotelColumns = "hotel_id, trial_ends_at, subscription_valid, valid_to";
const invoicesStatement = prepare<LedgerRow>(
  "billing_fold_invoices",
  `SELECT invoice_id, subscription_id, period_end, amount_paid, currency FROM billing.paid_invoices
   WHERE hotel_id = $1`,
);
/** Only a hotel with reversals needs the links, and most hotels have no reversals. */
const linksStatement = prepare<PaymentLink>(
  "billing_fold_links",
  `SELECT payment_id, linked_id, to_invoice FROM billing.payment_links
   WHERE hotel_id = $1 AND EXISTS (SELECT FROM billing.reversals WHERE hotel_id = $1)`,
);
const reversalsStatement = prepare<ReversalRow>(
  "billing_fold_reversals",
  `SELECT reversal_id, kind, status, amount, currency, charge_id, payment_intent_id FROM billing.reversals
   WHERE hotel_id = $1 ORDER BY reversal_id`,
);
const endingsStatement = prepare<Ending>(
  "billing_fold_endings",
  "SELECT subscription_id, ended_at FROM billing.subscriptions WHERE hotel_id = $1 AND ended_at IS NOT NULL",
);
const writeStatement = prepare(
  "billing_write_valid_to",
  `UPDATE identity.hotels SET valid_to = $2, subscription_valid = $3, version = version + 1 WHERE hotel_id = $1`,
);

/** Reads the facts of a hotel. */
export async function readFacts(trx: Trx, hotelId: string): Promise<HotelFacts> {
  const [invoices, links, reversals, endings] = await Promise.all([
    invoicesStatement.run(trx, [hotelId]),
    linksStatement.run(trx, [hotelId]),
    reversalsStatement.run(trx, [hotelId]),
    endingsStatement.run(trx, [hotelId]),
  ]);
  return { invoices, links, reversals, endings };
}

/** The service period that a paid invoice counts for. */
export interface CountingPeriod extends PaidPeriod {
  readonly subscription_id: string | null;
}

/**
 * Returns the paid invoices that are not reversed, each with the end of the period that it counts for. A partly
 * refunded invoice counts at most until its subscription ends. A subscription that is canceled in the middle of its
 * year, with the rest refunded, thus covers the hotel until it was canceled.
 */
export function countingPeriods(facts: HotelFacts): CountingPeriod[] {
  const reversed = reversedInvoices(facts.invoices, facts.links, facts.reversals);
  const endings = new Map(facts.endings.map(({ subscription_id, ended_at }) => [subscription_id, ended_at]));
  return facts.invoices.flatMap(({ invoice_id, subscription_id, period_end }) => {
    const { isReversed = false, isReduced = false } = reversed.get(invoice_id) ?? {};
    if (isReversed) return [];
    const ended = isReduced ? endings.get(subscription_id ?? "") : undefined;
    const isCut = ended !== undefined && period_end !== null && ended < period_end;
    return [{ invoice_id, subscription_id, period_end: isCut ? ended : period_end }];
  });
}

/** Computes until when the facts cover the hotel. */
export function coverageOf(facts: HotelFacts, trialEndsAt: Date, graceDays: number): Coverage {
  return computeValidTo(countingPeriods(facts), trialEndsAt, graceDays);
}

export interface UpdateOptions {
  /** Days of 24 hours. */
  readonly graceDays: number;
  readonly now: Date;
  /**
   * - `live`: sends the UPDATE without waiting, which saves a round trip. An error fails the transaction.
   * - `replay`: waits for it, so that the caller knows which hotel PostgreSQL refuses.
   */
  readonly mode: ApplyMode;
}

/** Computes `valid_to` from the hotel's facts and writes it to its row. An unchanged row keeps its version. */
export async function updateValidTo(
  trx: Trx,
  hotel: LockedHotel,
  { graceDays, now, mode }: UpdateOptions,
): Promise<void> {
  const { valid_to } = coverageOf(await readFacts(trx, hotel.hotel_id), hotel.trial_ends_at, graceDays);
  const isValid = valid_to > now;
  if (valid_to.getTime() === hotel.valid_to.getTime() && isValid === hotel.subscription_valid) return;
  const values = [hotel.hotel_id, valid_to, isValid];
  if (mode === "live") writeStatement.send(trx, values);
  else await writeStatement.run(trx, values);
}

/** The facts of a hotel, and what they say on the hotel's row. The reasons stand in `fold.ts`. */
import { prepare, type Trx } from "../../../core/mod.ts";
import { type Coverage, foldValidTo, type PaidPeriod } from "./valid_to.ts";
import { isReplay } from "../recovery/replay_lock.ts";
import { reversedInvoices } from "./reversed_invoices.ts";
import type { PaymentLink, ReversalFact } from "../facts/event_facts.ts";

/** A hotel's row, locked until the transaction ends: of two events of one hotel the second folds what the first has written. */
export interface LockedHotel {
  readonly hotel_id: string;
  readonly trial_ends_at: Date;
  readonly subscription_valid: boolean;
  readonly valid_to: Date;
}

/** A row of the ledger, as far as the fold needs it. */
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

/** All from which `valid_to` is computed, beside the hotel's own row. */
export interface HotelFacts {
  readonly invoices: readonly LedgerRow[];
  readonly links: readonly PaymentLink[];
  readonly reversals: readonly ReversalRow[];
  /** When the subscriptions that have ended did so. */
  readonly endings: readonly Ending[];
}

export interface Ending {
  readonly subscription_id: string;
  readonly ended_at: Date;
}

/** The columns of `identity.hotels` that make a `LockedHotel`. */
export const hotelColumns = "hotel_id, trial_ends_at, subscription_valid, valid_to";
const invoicesStatement = prepare<LedgerRow>(
  "billing_fold_invoices",
  "SELECT invoice_id, subscription_id, period_end, amount_paid, currency FROM billing.paid_invoices WHERE hotel_id = $1",
);
/** Without a reversal, nobody asks for the links: most hotels have none. */
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

/** The time that a paid invoice counts for. */
export interface CountingPeriod extends PaidPeriod {
  readonly subscription_id: string | null;
}

/**
 * The paid invoices that no refund or dispute has taken out, with the end of the time that each counts for. Of an invoice
 * whose money was given back in part, the time after the end of its subscription is not paid for: a subscription that is
 * canceled in the middle of its year, with the rest refunded, covers until it was canceled.
 */
export function countingPeriods(facts: HotelFacts): CountingPeriod[] {
  const reversed = reversedInvoices(facts.invoices, facts.links, facts.reversals);
  const endings = new Map(facts.endings.map(({ subscription_id, ended_at }) => [subscription_id, ended_at]));
  return facts.invoices.flatMap(({ invoice_id, subscription_id, period_end }) => {
    const { isOut = false, isReduced = false } = reversed.get(invoice_id) ?? {};
    if (isOut) return [];
    const ended = isReduced ? endings.get(subscription_id ?? "") : undefined;
    const isCut = ended !== undefined && period_end !== null && ended < period_end;
    return [{ invoice_id, subscription_id, period_end: isCut ? ended : period_end }];
  });
}

/** What the facts say. */
export function coverageOf(facts: HotelFacts, trialEndsAt: Date, graceDays: number): Coverage {
  return foldValidTo(countingPeriods(facts), trialEndsAt, graceDays);
}

/** Folds the hotel's facts and writes the outcome to its row; a row that says so already keeps its version. */
export async function refold(trx: Trx, hotel: LockedHotel, graceDays: number, now: Date): Promise<Date> {
  return isReplay(trx) ? hotel.valid_to : foldHotel(trx, hotel, graceDays, now);
}

/** Not waited for, but in a replay: there, a hotel that refuses it must be told from the others. */
const write = (trx: Trx, values: readonly unknown[]): Promise<unknown> | void =>
  isReplay(trx) ? writeStatement.run(trx, values) : writeStatement.send(trx, values);

/** The same in a replay too, which calls it once for each hotel when all events are in. */
export async function foldHotel(trx: Trx, hotel: LockedHotel, graceDays: number, now: Date): Promise<Date> {
  const { valid_to } = coverageOf(await readFacts(trx, hotel.hotel_id), hotel.trial_ends_at, graceDays);
  const isValid = valid_to > now;
  if (valid_to.getTime() !== hotel.valid_to.getTime() || isValid !== hotel.subscription_valid)
    await write(trx, [hotel.hotel_id, valid_to, isValid]);
  return valid_to;
}

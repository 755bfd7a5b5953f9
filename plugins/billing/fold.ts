/**
 * Until when may a hotel work? Why `valid_to` is a fold, and why it is right.
 *
 * Stripe delivers an event at least once, in any order, and again for days when we were down; we apply it again when a
 * worker dies at the wrong moment, and an operator may replay all of them. "Add a month per payment" would then give a
 * different answer each time. So nothing is ever added: every delivery is turned into a fact, facts are kept by an id
 * that is Stripe's, and `valid_to` is computed from all of the facts that there are.
 *
 * 1. A fact is "this invoice was paid, and it pays for the service until this instant". It is keyed by the invoice's id,
 *    so the twin events of one payment (`invoice.paid`, `invoice.payment_succeeded`) and all repetitions are one fact.
 *    Should two tellings of a fact differ, the one with the greater (period_end, event_id) stands: a total order, so
 *    that it does not matter which of them came first (`ledger.ts`).
 * 2. What takes a fact back (a refund, a lost dispute) is a fact too, with an id of its own. It does not change the
 *    invoice's row; it takes the row out of what is folded here. So it may come before the invoice as well.
 * 3. The fold takes the greatest period end of the facts, adds the days of grace, and never goes before the trial's end.
 *    Greatest is commutative (order is nothing), associative (batches are nothing) and idempotent (repetition is
 *    nothing): the same set of facts gives the same `valid_to`, by whatever road the set was gathered.
 *
 * What remains is that no fact is lost and that the fold sees all of them. A fact commits together with the event's
 * "applied" (`apply_stripe_event.ts`), and it is written and folded under a lock of the hotel's row: of two events of one hotel
 * the second waits, and then folds over what the first has written.
 *
 * The trial gets no grace: grace is for a payment that is late, and a trial has none to be late.
 */

/** A paid invoice that no refund or dispute has taken out. */
export interface PaidPeriod {
  readonly invoice_id: string;
  /** Until when it pays for the service; null where it pays for none (prorations alone). */
  readonly period_end: Date | null;
}

export interface Coverage {
  readonly valid_to: Date;
  /** The greatest period end; undefined where nothing is paid. */
  readonly paid_until: Date | undefined;
  /** The invoice that it is of; of several, the one whose id sorts first. */
  readonly paid_by: string | undefined;
}

const dayMs = 86_400_000;

/**
 * Computes until when a hotel is covered.
 * @param graceDays days of 24 hours
 */
export function foldValidTo(periods: Iterable<PaidPeriod>, trialEndsAt: Date, graceDays: number): Coverage {
  let last: { readonly invoice_id: string; readonly period_end: Date } | undefined;
  for (const { invoice_id, period_end } of periods) {
    if (period_end === null) continue;
    const later = last === undefined ? 1 : period_end.getTime() - last.period_end.getTime();
    if (last === undefined || later > 0 || (later === 0 && invoice_id < last.invoice_id))
      last = { invoice_id, period_end };
  }
  const paidMs = last === undefined ? -Infinity : last.period_end.getTime() + graceDays * dayMs;
  return {
    valid_to: new Date(Math.max(paidMs, trialEndsAt.getTime())),
    paid_until: last?.period_end,
    paid_by: last?.invoice_id,
  };
}

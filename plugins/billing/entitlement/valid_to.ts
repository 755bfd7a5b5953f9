/**
 * Computes until when a hotel is entitled, `valid_to`, and proves that the result is right.
 *
 * Stripe delivers an event at least once, in any order, and retries for days after an outage. We apply an event again
 * if a worker dies at the wrong moment, and an operator may replay all events. "Add a month per payment" would give
 * another answer each time. So nothing is ever added. Every event is turned into facts (`extract_facts.ts`), and facts
 * are stored by Stripe's ids (`save_facts.ts`). `valid_to` is computed from all stored facts.
 *
 * 1. A fact is a join. Each kind of fact has a key and a total order. The greater of two versions of one fact remains,
 *    and equal versions are the same. Taking the greater is commutative (the order of events does not matter),
 *    associative (batches do not matter) and idempotent (repetition does not matter). So the rows are a function of the
 *    set of events, to the byte.
 *      - A paid invoice, by its id: the greater (period_end, event id). The line that determines the end follows from
 *        the invoice and `STRIPE_PRICE_ID` (`service_period.ts`). After a change of that variable, `billing replay
 *        --all` reads all invoices by the same rule. The two events of one payment (`invoice.paid`,
 *        `invoice.payment_succeeded`) and all repetitions are one fact.
 *      - A refund or a dispute, by its id: the greater (rank of its status, event id). Ranks follow the order of
 *        Stripe's states. For a refund: pending, succeeded, failed. For a dispute: needs_response, lost, won. The sum
 *        of a charge's refunds, by the charge's id: the greater sum.
 *      - A link between a payment and its invoice, or a charge and its payment intent: it exists or not. This is a
 *        union of sets.
 *      - A subscription, by its id: a final status before all others. Then the later by (time at which Stripe created
 *        the event, end of the period, rank of the status, event id). All of these are in the event; the time of its
 *        arrival is not used.
 *      - An invoice whose payment failed, by its id: void before all others, then the later. If it was paid since, the
 *        ledger's row shows that; this row is not overwritten.
 *
 *    Event ids are unique, and another body under a known id is never applied (`store_event.ts`). So no two versions
 *    that differ are equal in their order.
 * 2. A reversal changes no row of the ledger. Which invoices are reversed is computed here, from invoices, links and
 *    reversals together (`reversed_invoices.ts`). So each of the three may come last: a refund before its invoice, and
 *    the link after both. A failed refund or a won dispute is a later state of the same fact, and the invoice is then
 *    no longer reversed.
 * 3. The computation takes the greatest period end of the invoices that are not reversed, and adds the days of grace.
 *    The result is never before the trial's end. It is a function of the facts alone and uses no clock.
 * 4. The subscription's status changes `valid_to` in one case. A canceled subscription remains paid until the end of
 *    its paid period, and a past-due subscription was not paid for longer. But if an invoice was partly refunded and
 *    its subscription has ended, the invoice pays until that end (`recompute.ts`). The refund was for the rest of the
 *    period. Both are facts, so either may come first. In all other cases the status only explains the hotel's state
 *    (`subscription_status.ts`).
 *
 * It remains to show that no fact is lost, and that the computation sees all facts.
 *
 * - Facts commit together with the event's status `applied` (`apply_stripe_event.ts`). They are saved, and `valid_to`
 *   is computed, under a lock of the hotel's row. The second event of a hotel waits, and then sees what the first has
 *   saved.
 * - An event whose hotel is not known yet waits. The event that makes one of its ids known re-enqueues it. Locks on the
 *   ids themselves serialize the two (`find_hotel.ts`), so neither misses the other. A re-enqueued event can make
 *   further ids known and re-enqueue other events, until no waiting event can be applied. Which events still wait does
 *   not depend on the order either, because a known id never becomes unknown.
 * - Stripe is asked once for what an event lacks, and the answer is stored with the event (`fetch_missing.ts`). From
 *   then on it is part of the event, and a replay reads the same. An answer only adds links. The answer "no invoice"
 *   adds no link and decides nothing. The refund keeps waiting for its ids like any other event, and the event that
 *   links its invoice re-enqueues it.
 *
 * The hotel of a fact follows from the facts too (`owner.ts`). Several events can name a hotel for a subscription. The
 * greatest (time at which the name was written, event id) counts, which is one more join. A subscription without a name
 * belongs to the hotel of the latest name for its customer. An invoice belongs to its subscription's hotel; a payment
 * and its reversals belong to their invoice's hotel. If a later event names another hotel, the rows move, and
 * `valid_to` of both hotels is computed again.
 *
 * Two things are outside of this proof. One is a subscription of two customers, which Stripe does not have. The other
 * is the `hotel_id` on an event's own row: it says for which hotel the event was applied at that time.
 *
 * The trial gets no grace: grace is for a late payment, and a trial has no payment.
 */

/** A paid invoice that is not reversed. */
export interface PaidPeriod {
  readonly invoice_id: string;
  /** The end of the period that the invoice pays for. Null if it has only prorations. */
  readonly period_end: Date | null;
}

export interface Coverage {
  readonly valid_to: Date;
  /** The greatest period end. Undefined if nothing is paid. */
  readonly paid_until: Date | undefined;
  /** The invoice with that period end. If there are several, the one whose id sorts first. */
  readonly paid_by: string | undefined;
}

const dayMs = 86_400_000;

/**
 * Computes until when a hotel is entitled.
 * @param graceDays days of 24 hours
 */
export function computeValidTo(periods: Iterable<PaidPeriod>, trialEndsAt: Date, graceDays: number): Coverage {
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

/**
 * Until when may a hotel work? Why `valid_to` is a fold, and why it is right.
 *
 * Stripe delivers an event at least once, in any order, and again for days when we were down; we apply it again when a
 * worker dies at the wrong moment, and an operator may replay all of them. "Add a month per payment" would then give a
 * different answer each time. So nothing is ever added: every event is turned into facts (`read_event.ts`), facts are kept
 * by an id that is Stripe's (`record.ts`), and what a hotel may do is computed from all of the facts that there are.
 *
 * 1. A fact is a join. Each kind has a key and a total order, and of two tellings of one fact the greater stands; equal ones
 *    are the same. Taking the greater is commutative (order is nothing), associative (batches are nothing) and idempotent
 *    (repetition is nothing), so the rows are a function of the set of events, to the byte.
 *      - a paid invoice, by its id: the greater (period_end, event id). Which of its lines says the end is read from the
 *        invoice and `STRIPE_PRICE_ID` (`service_period.ts`), so after a change of that variable `billing replay --all` reads
 *        all of them alike. The twin events of one payment (`invoice.paid`,
 *        `invoice.payment_succeeded`) and all repetitions are one fact.
 *      - a refund or a dispute, by its id: the greater (rank of its status, event id), where ranks go the way that Stripe's
 *        states go: pending, succeeded, failed; needs_response, lost, won. The sum that a charge tells of its refunds, by
 *        the charge's id: the greater sum.
 *      - a link between a payment and its invoice, or a charge and its intent: it is there or not. The union of sets.
 *      - a subscription, by its id: ended before all others, for nothing follows that; then the later (the instant at which
 *        Stripe made the event, the end of the period, the rank of the status, event id). All of it stands in the event;
 *        when it came to us does not.
 *      - an invoice whose payment failed, by its id: void before all others, then the later. That it was paid since is not
 *        written over it, but seen by the ledger's row beside it.
 *    Event ids are unique, and another body under an id that is there is never applied (`intake.ts`), so no two tellings
 *    that differ are equal in their order.
 * 2. What takes a payment back changes no row of the ledger. Which invoices are out is computed here, from the invoices,
 *    the links and the reversals together (`taken_out.ts`), so each of the three may come last: a refund before its
 *    invoice, and the link after both. A failed refund or a dispute that was won is a later state of the same fact, and the
 *    invoice is simply not out any more.
 * 3. The fold takes the greatest period end of the invoices that are not out, adds the days of grace, and never goes before
 *    the trial's end. It is a function of the facts alone; there is no clock in it.
 * 4. The subscription's status changes `valid_to` in one case alone. A canceled subscription stays paid for as long as it was
 *    paid for, and one that is past due was not paid for longer. But where a part of an invoice was given back, and its
 *    subscription has ended, the invoice pays until that end (`ledger.ts`): the rest of the time is what was given back for.
 *    Both are facts, so either may come first. Else the status says why the hotel stands where it stands
 *    (`subscription_status.ts`).
 *
 * What remains is that no fact is lost, and that the fold sees all of them.
 *
 * - Facts commit together with the event's "applied" (`apply_stripe_event.ts`), and they are written and folded under a lock
 *   of the hotel's row: of two events of one hotel the second waits, and then folds over what the first has written.
 * - An event whose hotel is not known yet waits, and is called up by the event that makes one of its ids known. The two
 *   take turns by locks on the ids themselves (`ties.ts`), so that neither overlooks the other. What an event brings once it
 *   is called up (ties, links) calls up others, until none is left that could be applied: which are left does not hang on
 *   the order either, because what makes an id known never goes away.
 * - What an event lacks is asked of Stripe once, and the answer is kept with the event (`ask_stripe.ts`). From then on it is
 *   part of the event, and a replay reads the same. An answer only adds links. "Stripe knows no invoice of this payment" adds
 *   none and settles nothing: the refund goes on waiting for its ids like any other event, and the event that tells its
 *   invoice calls it up.
 *
 * Whose a fact is follows from the facts as well (`owner.ts`). Of the events that name a hotel for a subscription the
 * greatest (instant at which the name was written, event id) stands, which is one more join. A subscription without a name
 * goes by the latest name for its customer. An invoice is of its subscription's hotel; a payment and its reversals are of
 * their invoice's. Where a later event names another hotel, the rows move, and both hotels are folded again. Two things are
 * outside of this: one subscription of two customers, which Stripe does not know, and the `hotel_id` on an event's own row,
 * which says for which hotel it was applied at its time.
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

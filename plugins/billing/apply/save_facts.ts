/**
 * Saves the facts of an event as rows. Each of these statements is a join. The greater of two versions of one fact
 * remains, by a total order, whichever came first. The same version twice changes nothing. `entitlement/valid_to.ts`
 * proves why this is enough.
 */
import { prepare, prepareNamed, type Trx } from "../../../core/mod.ts";
import type {
  PaidInvoiceFact,
  ReversalFact,
  SubscriptionFact,
  EventFacts,
  UnpaidInvoiceFact,
} from "../facts/event_facts.ts";

/** The row exists: `saveOwner` has inserted it. */
const subscriptionStatement = prepareNamed(
  "billing_record_subscription",
  `UPDATE billing.subscriptions AS s SET status = :status, ended = :ended, ended_at = :ended_at, rank = :rank,
     current_period_end = :current_period_end, cancel_at = :cancel_at, told_at = :told_at, event_id = :event_id
   WHERE s.subscription_id = :subscription_id AND (s.status IS NULL
     OR (:ended::boolean, coalesce(:told_at::timestamptz, '-infinity'),
         coalesce(:current_period_end::timestamptz, '-infinity'), :rank::integer, :event_id::text)
      > (s.ended, coalesce(s.told_at, '-infinity'), coalesce(s.current_period_end, '-infinity'), s.rank, s.event_id))`,
);
const paidStatement = prepareNamed(
  "billing_record_paid_invoice",
  `INSERT INTO billing.paid_invoices AS p (hotel_id, invoice_id, subscription_id, customer_id, period_start, period_end,
     amount_paid, currency, paid_at, event_id)
   VALUES (:hotel_id, :invoice_id, :subscription_id, :customer_id, :period_start, :period_end,
     :amount_paid, :currency, :paid_at, :event_id)
   ON CONFLICT (invoice_id) DO UPDATE SET hotel_id = excluded.hotel_id, subscription_id = excluded.subscription_id,
     customer_id = excluded.customer_id, period_start = excluded.period_start, period_end = excluded.period_end,
     amount_paid = excluded.amount_paid, currency = excluded.currency, paid_at = excluded.paid_at,
     event_id = excluded.event_id
   WHERE (coalesce(excluded.period_end, '-infinity'), excluded.event_id)
       > (coalesce(p.period_end, '-infinity'), p.event_id)`,
);
const unpaidStatement = prepareNamed(
  "billing_record_unpaid_invoice",
  `INSERT INTO billing.unpaid_invoices AS u (hotel_id, invoice_id, subscription_id, customer_id, state, amount_due,
     currency, pay_url, next_attempt_at, told_at, event_id)
   VALUES (:hotel_id, :invoice_id, :subscription_id, :customer_id, :state, :amount_due,
     :currency, :pay_url, :next_attempt_at, :told_at, :event_id)
   ON CONFLICT (invoice_id) DO UPDATE SET hotel_id = excluded.hotel_id, subscription_id = excluded.subscription_id,
     customer_id = excluded.customer_id, state = excluded.state, amount_due = excluded.amount_due,
     currency = excluded.currency, pay_url = excluded.pay_url, next_attempt_at = excluded.next_attempt_at,
     told_at = excluded.told_at, event_id = excluded.event_id
   WHERE (excluded.state = 'void', coalesce(excluded.told_at, '-infinity'), excluded.event_id)
       > (u.state = 'void', coalesce(u.told_at, '-infinity'), u.event_id)`,
);
/** Keeps the payment's ids of all versions: not every version has both. */
const reversalStatement = prepareNamed(
  "billing_record_reversal",
  `INSERT INTO billing.reversals AS r (hotel_id, reversal_id, kind, status, amount, currency, charge_id,
     payment_intent_id, rank, event_id)
   VALUES (:hotel_id, :reversal_id, :kind, :status, :amount, :currency, :charge_id,
     :payment_intent_id, :rank, :event_id)
   ON CONFLICT (reversal_id) DO UPDATE SET (status, amount, currency, rank, event_id) =
     (SELECT g.status, g.amount, g.currency, g.rank, g.event_id
      FROM (VALUES (r.status, r.amount, r.currency, r.rank, r.event_id),
        (excluded.status, excluded.amount, excluded.currency, excluded.rank, excluded.event_id))
        AS g (status, amount, currency, rank, event_id)
      ORDER BY g.rank DESC, g.event_id COLLATE "C" DESC LIMIT 1),
     charge_id = greatest(r.charge_id, excluded.charge_id),
     payment_intent_id = greatest(r.payment_intent_id, excluded.payment_intent_id)`,
);
const linksStatement = prepare(
  "billing_record_links",
  `INSERT INTO billing.payment_links (hotel_id, payment_id, linked_id, to_invoice)
   SELECT $1::uuid, * FROM unnest($2::text[], $3::text[], $4::boolean[])
   ON CONFLICT (payment_id, linked_id) DO NOTHING`,
);

/** Saves all facts of an event. Sends the statements together; PostgreSQL runs one after the other. */
export async function saveFacts(trx: Trx, hotelId: string, eventId: string, facts: EventFacts): Promise<void> {
  const { owner, links, paid_invoice, unpaid_invoice, reversals = [], subscription } = facts;
  const sent: Promise<unknown>[] = [];
  if (owner?.subscription_id !== undefined && subscription !== undefined) {
    const values = subscriptionValues(facts, subscription);
    sent.push(subscriptionStatement.run(trx, { subscription_id: owner.subscription_id, event_id: eventId, ...values }));
  }
  const ids = { hotel_id: hotelId, event_id: eventId };
  if (paid_invoice !== undefined) sent.push(paidStatement.run(trx, { ...ids, ...paidValues(facts, paid_invoice) }));
  if (unpaid_invoice !== undefined)
    sent.push(unpaidStatement.run(trx, { ...ids, ...unpaidValues(facts, unpaid_invoice) }));
  for (const reversal of reversals) sent.push(reversalStatement.run(trx, { ...ids, ...reversalValues(reversal) }));
  if (links.length > 0)
    sent.push(
      linksStatement.run(trx, [
        hotelId,
        links.map((link) => link.payment_id),
        links.map((link) => link.linked_id),
        links.map((link) => link.to_invoice),
      ]),
    );
  await Promise.all(sent);
}

/** The values of each statement by name. pg sends undefined as NULL. */
function subscriptionValues({ created_at }: EventFacts, fact: SubscriptionFact) {
  const { status, ended, current_period_end, cancel_at, rank, ended_at } = fact;
  return { status, ended, current_period_end, cancel_at, told_at: created_at, rank, ended_at };
}

function paidValues({ owner }: EventFacts, fact: PaidInvoiceFact) {
  const { invoice_id, period, amount_paid, currency, paid_at } = fact;
  const dates = { period_start: period?.start, period_end: period?.end, paid_at };
  return { invoice_id, ...ownerIds(owner), ...dates, amount_paid, currency };
}

function unpaidValues({ owner, created_at }: EventFacts, fact: UnpaidInvoiceFact) {
  const { invoice_id, state, amount_due, currency, pay_url, next_attempt_at } = fact;
  const amounts = { amount_due, currency };
  return { invoice_id, ...ownerIds(owner), state, ...amounts, pay_url, next_attempt_at, told_at: created_at };
}

function reversalValues(fact: ReversalFact) {
  const { reversal_id, kind, status, amount, currency, charge_id, payment_intent_id, rank } = fact;
  return { reversal_id, kind, status, amount, currency, charge_id, payment_intent_id, rank };
}

function ownerIds(owner: EventFacts["owner"]) {
  return { subscription_id: owner?.subscription_id, customer_id: owner?.customer_id };
}

/**
 * Saves the facts of an event as rows. Each of these statements is a join. The greater of two versions of one fact
 * remains, by a total order, whichever came first. The same version twice changes nothing. `entitlement/valid_to.ts`
 * proves why this is enough.
 */
import { prepare, type Trx } from "../../../core/mod.ts";
import type {
  PaidInvoiceFact,
  ReversalFact,
  SubscriptionFact,
  EventFacts,
  UnpaidInvoiceFact,
} from "../facts/event_facts.ts";

/** The row exists: `saveOwner` has inserted it. */
const subscriptionStatement = prepare(
  "billing_record_subscription",
  `UPDATE billing.subscriptions AS s SET status = $2, ended = $3, current_period_end = $4, cancel_at = $5, told_at = $6,
     rank = $7, event_id = $8, ended_at = $9
   WHERE s.subscription_id = $1 AND (s.status IS NULL
     OR ($3::boolean, coalesce($6::timestamptz, '-infinity'), coalesce($4::timestamptz, '-infinity'), $7::integer,
         $8::text)
      > (s.ended, coalesce(s.told_at, '-infinity'), coalesce(s.current_period_end, '-infinity'), s.rank, s.event_id))`,
);
const paidStatement = prepare(
  "billing_record_paid_invoice",
  `INSERT INTO billing.paid_invoices AS p (hotel_id, invoice_id, subscription_id, customer_id, period_start, period_end,
     amount_paid, currency, paid_at, event_id)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
   ON CONFLICT (invoice_id) DO UPDATE SET hotel_id = excluded.hotel_id, subscription_id = excluded.subscription_id,
     customer_id = excluded.customer_id, period_start = excluded.period_start, period_end = excluded.period_end,
     amount_paid = excluded.amount_paid, currency = excluded.currency, paid_at = excluded.paid_at,
     event_id = excluded.event_id
   WHERE (coalesce(excluded.period_end, '-infinity'), excluded.event_id)
       > (coalesce(p.period_end, '-infinity'), p.event_id)`,
);
const unpaidStatement = prepare(
  "billing_record_unpaid_invoice",
  `INSERT INTO billing.unpaid_invoices AS u (hotel_id, invoice_id, subscription_id, customer_id, state, amount_due,
     currency, pay_url, next_attempt_at, told_at, event_id)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
   ON CONFLICT (invoice_id) DO UPDATE SET hotel_id = excluded.hotel_id, subscription_id = excluded.subscription_id,
     customer_id = excluded.customer_id, state = excluded.state, amount_due = excluded.amount_due,
     currency = excluded.currency, pay_url = excluded.pay_url, next_attempt_at = excluded.next_attempt_at,
     told_at = excluded.told_at, event_id = excluded.event_id
   WHERE (excluded.state = 'void', coalesce(excluded.told_at, '-infinity'), excluded.event_id)
       > (u.state = 'void', coalesce(u.told_at, '-infinity'), u.event_id)`,
);
/** Keeps the payment's ids of all versions: not every version has both. */
const reversalStatement = prepare(
  "billing_record_reversal",
  `INSERT INTO billing.reversals AS r (hotel_id, reversal_id, kind, status, amount, currency, charge_id,
     payment_intent_id, rank, event_id)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
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
  if (owner?.subscription_id !== undefined && subscription !== undefined)
    sent.push(
      subscriptionStatement.run(trx, [
        owner.subscription_id,
        ...subscriptionValues(facts, subscription),
        eventId,
        subscription.ended_at ?? null,
      ]),
    );
  if (paid_invoice !== undefined)
    sent.push(paidStatement.run(trx, [hotelId, ...paidValues(facts, paid_invoice), eventId]));
  if (unpaid_invoice !== undefined)
    sent.push(unpaidStatement.run(trx, [hotelId, ...unpaidValues(facts, unpaid_invoice), eventId]));
  for (const reversal of reversals)
    sent.push(reversalStatement.run(trx, [hotelId, ...reversalValues(reversal), eventId]));
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

function subscriptionValues({ created_at }: EventFacts, fact: SubscriptionFact): unknown[] {
  const { status, ended, current_period_end, cancel_at, rank } = fact;
  return [status, ended, current_period_end, cancel_at, created_at, rank].map(orNull);
}

function paidValues({ owner }: EventFacts, { invoice_id, period, ...rest }: PaidInvoiceFact): unknown[] {
  const { amount_paid, currency, paid_at } = rest;
  const ids = [invoice_id, owner?.subscription_id, owner?.customer_id];
  return [...ids, period?.start, period?.end, amount_paid, currency, paid_at].map(orNull);
}

function unpaidValues({ owner, created_at }: EventFacts, { invoice_id, ...rest }: UnpaidInvoiceFact): unknown[] {
  const { state, amount_due, currency, pay_url, next_attempt_at } = rest;
  const ids = [invoice_id, owner?.subscription_id, owner?.customer_id];
  return [...ids, state, amount_due, currency, pay_url, next_attempt_at, created_at].map(orNull);
}

function reversalValues({ reversal_id, kind, status, amount, currency, ...rest }: ReversalFact): unknown[] {
  const { charge_id, payment_intent_id, rank } = rest;
  return [reversal_id, kind, status, amount, currency, charge_id, payment_intent_id, rank].map(orNull);
}

/** pg sends undefined as NULL too. The explicit null shows that a missing value keeps its position. */
const orNull = (value: unknown): unknown => value ?? null;

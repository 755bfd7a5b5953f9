/**
 * Writes what an event tells into the rows of facts. Every one of these statements is a join: of two tellings of one fact
 * the greater by a total order stands, whichever came first, and the same telling twice changes nothing. `fold.ts` says why
 * that is all that is needed.
 */
import { prepare, type Trx } from "../../core/mod.ts";
import type { PaidInvoiceFact, ReversalFact, SubscriptionFact, Telling, UnpaidInvoiceFact } from "./telling.ts";

/** The first tie stands: a customer that pays for two hotels is told apart by the metadata, not by its last event. */
const customerStatement = prepare(
  "billing_tie_customer",
  `INSERT INTO billing.customers AS c (hotel_id, customer_id, deleted) VALUES ($1, $2, $3)
   ON CONFLICT (customer_id) DO UPDATE SET deleted = true WHERE excluded.deleted AND NOT c.deleted`,
);
const tieSubscriptionStatement = prepare(
  "billing_tie_subscription",
  `INSERT INTO billing.subscriptions (hotel_id, subscription_id) VALUES ($1, $2)
   ON CONFLICT (subscription_id) DO NOTHING`,
);
const subscriptionStatement = prepare(
  "billing_record_subscription",
  `INSERT INTO billing.subscriptions AS s (hotel_id, subscription_id, customer_id, status, ended, current_period_end,
     cancel_at, told_at, rank, event_id)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
   ON CONFLICT (subscription_id) DO UPDATE SET customer_id = excluded.customer_id, status = excluded.status,
     ended = excluded.ended, current_period_end = excluded.current_period_end, cancel_at = excluded.cancel_at,
     told_at = excluded.told_at, rank = excluded.rank, event_id = excluded.event_id
   WHERE s.status IS NULL
     OR (excluded.ended, coalesce(excluded.told_at, '-infinity'), coalesce(excluded.current_period_end, '-infinity'),
         excluded.rank, excluded.event_id)
      > (s.ended, coalesce(s.told_at, '-infinity'), coalesce(s.current_period_end, '-infinity'), s.rank, s.event_id)`,
);
const paidStatement = prepare(
  "billing_record_paid_invoice",
  `INSERT INTO billing.paid_invoices AS p (hotel_id, invoice_id, subscription_id, customer_id, period_start, period_end,
     amount_paid, currency, paid_at, event_id)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
   ON CONFLICT (hotel_id, invoice_id) DO UPDATE SET subscription_id = excluded.subscription_id,
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
   ON CONFLICT (hotel_id, invoice_id) DO UPDATE SET subscription_id = excluded.subscription_id,
     customer_id = excluded.customer_id, state = excluded.state, amount_due = excluded.amount_due,
     currency = excluded.currency, pay_url = excluded.pay_url, next_attempt_at = excluded.next_attempt_at,
     told_at = excluded.told_at, event_id = excluded.event_id
   WHERE (excluded.state = 'void', coalesce(excluded.told_at, '-infinity'), excluded.event_id)
       > (u.state = 'void', coalesce(u.told_at, '-infinity'), u.event_id)`,
);
/** The ids of its payment are gathered from all tellings: not every one of them has both. */
const reversalStatement = prepare(
  "billing_record_reversal",
  `INSERT INTO billing.reversals AS r (hotel_id, reversal_id, kind, status, amount, currency, charge_id,
     payment_intent_id, rank, event_id)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
   ON CONFLICT (hotel_id, reversal_id) DO UPDATE SET (status, amount, currency, rank, event_id) =
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
   SELECT $1::uuid, * FROM unnest($2::text[], $3::text[], $4::boolean[]) ON CONFLICT DO NOTHING`,
);

/** Sends all of them at once; PostgreSQL does them one after the other. */
export async function recordTelling(trx: Trx, hotelId: string, eventId: string, telling: Telling): Promise<void> {
  const { owner, links, paid_invoice, unpaid_invoice, reversals = [], subscription } = telling;
  const sent: Promise<unknown>[] = [];
  if (owner?.customer_id !== undefined)
    sent.push(customerStatement.run(trx, [hotelId, owner.customer_id, telling.is_customer_deleted === true]));
  if (owner?.subscription_id !== undefined) {
    const values = [hotelId, owner.subscription_id];
    if (subscription === undefined) sent.push(tieSubscriptionStatement.run(trx, values));
    else sent.push(subscriptionStatement.run(trx, [...values, ...subscriptionValues(telling, subscription), eventId]));
  }
  if (paid_invoice !== undefined)
    sent.push(paidStatement.run(trx, [hotelId, ...paidValues(telling, paid_invoice), eventId]));
  if (unpaid_invoice !== undefined)
    sent.push(unpaidStatement.run(trx, [hotelId, ...unpaidValues(telling, unpaid_invoice), eventId]));
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

function subscriptionValues({ owner, told_at }: Telling, fact: SubscriptionFact): unknown[] {
  const { status, ended, current_period_end, cancel_at, rank } = fact;
  return [owner?.customer_id, status, ended, current_period_end, cancel_at, told_at, rank].map(orNull);
}

function paidValues({ owner }: Telling, { invoice_id, period, ...rest }: PaidInvoiceFact): unknown[] {
  const { amount_paid, currency, paid_at } = rest;
  const ids = [invoice_id, owner?.subscription_id, owner?.customer_id];
  return [...ids, period?.start, period?.end, amount_paid, currency, paid_at].map(orNull);
}

function unpaidValues({ owner, told_at }: Telling, { invoice_id, ...rest }: UnpaidInvoiceFact): unknown[] {
  const { state, amount_due, currency, pay_url, next_attempt_at } = rest;
  const ids = [invoice_id, owner?.subscription_id, owner?.customer_id];
  return [...ids, state, amount_due, currency, pay_url, next_attempt_at, told_at].map(orNull);
}

function reversalValues({ reversal_id, kind, status, amount, currency, ...rest }: ReversalFact): unknown[] {
  const { charge_id, payment_intent_id, rank } = rest;
  return [reversal_id, kind, status, amount, currency, charge_id, payment_intent_id, rank].map(orNull);
}

/** pg sends undefined as NULL too; said here, because a missing value must not shift the others. */
const orNull = (value: unknown): unknown => value ?? null;

/**
 * Which hotel is a customer or a subscription of Stripe's? The one that the latest event names: of all events that name a
 * hotel for it, the greatest (instant at which the name was written, event id). That is a join like the facts of
 * `record.ts`, so it does not hang on the order in which events come.
 *
 * - A subscription that no event names a hotel for is of its customer's hotel.
 * - A customer can pay for several hotels. Its own hotel, which is that of the latest name for it or for one of its
 *   subscriptions, counts only for subscriptions without a name.
 * - Invoices are of their subscription's hotel, and payments and their reversals of their invoice's.
 *
 * A person can correct a wrong hotel_id at Stripe. The next event then names another hotel, and all rows of the
 * subscription move there in the transaction of that event. Both hotels are locked (`ties.ts`) and folded again.
 */
import { prepare, type Trx } from "../../../core/mod.ts";
import type { Telling } from "../facts/event_facts.ts";
import type { FoundHotel } from "./find_hotel.ts";

/** Whether the new row names a hotel later than the row that is there. */
const isLater = (row: string): string =>
  `(excluded.named_by IS NOT NULL AND (${row}.named_by IS NULL
     OR (coalesce(excluded.named_at, '-infinity'), excluded.named_by)
      > (coalesce(${row}.named_at, '-infinity'), ${row}.named_by)))`;
const takeLater = (row: string): string =>
  ["hotel_id", "named_at", "named_by"]
    .map((column) => `${column} = CASE WHEN ${isLater(row)} THEN excluded.${column} ELSE ${row}.${column} END`)
    .join(", ");

/** Stripe never gives a subscription to another customer; should events say so, the greater id stands. */
const subscriptionStatement = prepare(
  "billing_own_subscription",
  `INSERT INTO billing.subscriptions AS s (hotel_id, subscription_id, customer_id, named_at, named_by)
   VALUES ($1, $2, $3, $4, $5)
   ON CONFLICT (subscription_id) DO UPDATE SET customer_id = greatest(s.customer_id, excluded.customer_id),
     ${takeLater("s")}
   WHERE ${isLater("s")} OR coalesce(s.customer_id, '') < coalesce(excluded.customer_id, '')`,
);
const onCustomerConflict = `ON CONFLICT (customer_id) DO UPDATE SET deleted = c.deleted OR excluded.deleted,
     ${takeLater("c")}
   WHERE ${isLater("c")} OR (excluded.deleted AND NOT c.deleted)`;
const customerStatement = prepare(
  "billing_own_customer",
  `INSERT INTO billing.customers AS c (hotel_id, customer_id, deleted, named_at, named_by)
   VALUES ($1, $2, $3, $4, $5) ${onCustomerConflict}`,
);
/** The customer of a subscription: what names the subscription's hotel names the customer's. */
const payerStatement = prepare(
  "billing_own_payer",
  `INSERT INTO billing.customers AS c (hotel_id, customer_id, deleted, named_at, named_by)
   SELECT s.hotel_id, coalesce($2, s.customer_id), $3, s.named_at, s.named_by FROM billing.subscriptions s
   WHERE s.subscription_id = $1 AND coalesce($2, s.customer_id) IS NOT NULL ${onCustomerConflict}`,
);
const followersStatement = prepare<{ subscription_id: string }>(
  "billing_move_followers",
  `UPDATE billing.subscriptions AS s SET hotel_id = c.hotel_id FROM billing.customers c
   WHERE c.customer_id = ANY(ARRAY[$1, (SELECT customer_id FROM billing.subscriptions WHERE subscription_id = $2)])
     AND s.customer_id = c.customer_id AND s.named_by IS NULL AND s.hotel_id <> c.hotel_id
   RETURNING s.subscription_id`,
);
const hotelStatement = prepare<{ hotel_id: string | null }>(
  "billing_read_owner",
  `SELECT coalesce((SELECT hotel_id FROM billing.subscriptions WHERE subscription_id = $2),
     (SELECT hotel_id FROM billing.customers WHERE customer_id = $1)) AS hotel_id`,
);
const moveInvoices = (table: string) =>
  prepare<{ invoice_id: string }>(
    `billing_move_${table}`,
    `UPDATE billing.${table} AS i SET hotel_id = s.hotel_id FROM billing.subscriptions s
     WHERE s.subscription_id = ANY($1) AND i.subscription_id = s.subscription_id AND i.hotel_id <> s.hotel_id
     RETURNING i.invoice_id`,
  );
const paidStatement = moveInvoices("paid_invoices");
const unpaidStatement = moveInvoices("unpaid_invoices");
/**
 * Moves the links and reversals of the payments that hang together with these ids. Where they hang together with several
 * invoices, the one whose id sorts first says whose they are.
 */
const paymentsStatement = prepare<{ moved: number }>(
  "billing_move_payments",
  `WITH RECURSIVE reached (root, id) AS (
     SELECT id COLLATE "C", id COLLATE "C" FROM unnest($1::text[]) AS id
     UNION
     SELECT r.root, n.id FROM reached r CROSS JOIN LATERAL (
       SELECT linked_id AS id FROM billing.payment_links WHERE payment_id = r.id
       UNION ALL SELECT payment_id FROM billing.payment_links WHERE linked_id = r.id) AS n),
   owned AS (
     SELECT DISTINCT ON (r.root) r.root, i.hotel_id FROM reached r CROSS JOIN LATERAL (
       SELECT invoice_id, hotel_id, 1 AS turn FROM billing.paid_invoices WHERE invoice_id = r.id
       UNION ALL SELECT invoice_id, hotel_id, 2 FROM billing.unpaid_invoices WHERE invoice_id = r.id) AS i
     ORDER BY r.root, i.invoice_id, i.turn),
   places AS (SELECT DISTINCT r.id, o.hotel_id FROM reached r JOIN owned o USING (root)),
   links AS (
     UPDATE billing.payment_links AS l SET hotel_id = p.hotel_id FROM places p
     WHERE l.payment_id = p.id AND l.hotel_id <> p.hotel_id RETURNING 1),
   back AS (
     UPDATE billing.reversals AS v SET hotel_id = p.hotel_id FROM places p
     WHERE p.id IN (v.charge_id, v.payment_intent_id) AND v.hotel_id <> p.hotel_id RETURNING 1)
   SELECT (SELECT count(*) FROM links)::int + (SELECT count(*) FROM back)::int AS moved`,
);

/** Ties the event's subscription and customer to a hotel. Sends its statements and waits for them. */
export async function recordOwner(trx: Trx, eventId: string, telling: Telling, found: FoundHotel): Promise<void> {
  const { owner, told_at, is_customer_deleted = false } = telling;
  if (owner === undefined) return;
  const { customer_id = null, subscription_id } = owner;
  const { hotel_id } = found.hotel;
  const name = found.isNamed ? [owner.named_at ?? told_at ?? null, eventId] : [null, null];
  if (subscription_id !== undefined)
    await Promise.all([
      subscriptionStatement.run(trx, [hotel_id, subscription_id, customer_id, ...name]),
      payerStatement.run(trx, [subscription_id, customer_id, is_customer_deleted]),
    ]);
  else if (customer_id !== null)
    await customerStatement.run(trx, [hotel_id, customer_id, is_customer_deleted, ...name]);
}

/** What has to follow an event's owner, where events disagree about the hotel. */
export interface Disagreement {
  /** Whose the event is, now that it has written whom it names. */
  readonly hotelId: string;
  /** Subscriptions that can have moved. */
  readonly subscriptions: readonly string[];
}

/** Moves the subscriptions that follow their customer. Called after `recordOwner`, before the event's facts are written. */
export async function moveFollowers(trx: Trx, { owner }: Telling, found: FoundHotel): Promise<Disagreement> {
  const ids = [owner?.customer_id ?? null, owner?.subscription_id ?? null];
  const [followers, [now]] = await Promise.all([followersStatement.run(trx, ids), hotelStatement.run(trx, ids)]);
  const subscriptions = [owner?.subscription_id, ...followers.map((row) => row.subscription_id)];
  return {
    hotelId: now?.hotel_id ?? found.hotel.hotel_id,
    subscriptions: subscriptions.filter((id) => id !== undefined),
  };
}

/** Moves the invoices of the subscriptions, and the payments of those and of the event. @returns how many rows moved */
export async function moveFacts(trx: Trx, telling: Telling, { subscriptions }: Disagreement): Promise<number> {
  const [paid, unpaid] = await Promise.all([
    paidStatement.run(trx, [subscriptions]),
    unpaidStatement.run(trx, [subscriptions]),
  ]);
  const invoices = [...paid, ...unpaid].map(({ invoice_id }) => invoice_id);
  const [payments] = await paymentsStatement.run(trx, [[...new Set([...invoices, ...telling.payment_ids])]]);
  return invoices.length + (payments?.moved ?? 0);
}

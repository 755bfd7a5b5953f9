/**
 * Decides which hotel a Stripe customer or subscription belongs to: the one that the latest event names. The event with
 * the greatest (time at which the name was written, event id) counts. This is a join like the facts of `save_facts.ts`,
 * so the order in which events arrive does not matter.
 *
 * - A subscription that no event names a hotel for belongs to its customer's hotel.
 * - A customer can pay for several hotels. Its own hotel is that of the latest name for it or for one of its
 *   subscriptions. It counts only for subscriptions without a name.
 * - Invoices belong to their subscription's hotel. Payments and their reversals belong to their invoice's hotel.
 *
 * A person can correct a wrong hotel_id at Stripe. The next event then names another hotel, and its transaction moves
 * all rows of the subscription there. Both hotels are locked (`find_hotel.ts`), and `valid_to` of both is computed
 * again.
 */
import { prepare, type Trx } from "../../../core/mod.ts";
import type { EventFacts } from "../facts/event_facts.ts";
import type { FoundHotel } from "./find_hotel.ts";

/** Whether the new row names a hotel later than the existing row. */
const isLater = (row: string): string =>
  `(excluded.named_by IS NOT NULL AND (${row}.named_by IS NULL
     OR (coalesce(excluded.named_at, '-infinity'), excluded.named_by)
      > (coalesce(${row}.named_at, '-infinity'), ${row}.named_by)))`;
const keepLater = (row: string): string =>
  ["hotel_id", "named_at", "named_by"]
    .map((column) => `${column} = CASE WHEN ${isLater(row)} THEN excluded.${column} ELSE ${row}.${column} END`)
    .join(", ");

/** Stripe never gives a subscription to another customer. If events say so, the greater customer id counts. */
const subscriptionStatement = prepare(
  "billing_own_subscription",
  `INSERT INTO billing.subscriptions AS s (hotel_id, subscription_id, customer_id, named_at, named_by)
   VALUES ($1, $2, $3, $4, $5)
   ON CONFLICT (subscription_id) DO UPDATE SET customer_id = greatest(s.customer_id, excluded.customer_id),
     ${keepLater("s")}
   WHERE ${isLater("s")} OR coalesce(s.customer_id, '') < coalesce(excluded.customer_id, '')`,
);
const onCustomerConflict = `ON CONFLICT (customer_id) DO UPDATE SET deleted = c.deleted OR excluded.deleted,
     ${keepLater("c")}
   WHERE ${isLater("c")} OR (excluded.deleted AND NOT c.deleted)`;
const customerStatement = prepare(
  "billing_own_customer",
  `INSERT INTO billing.customers AS c (hotel_id, customer_id, deleted, named_at, named_by)
   VALUES ($1, $2, $3, $4, $5) ${onCustomerConflict}`,
);
/** Saves the customer of a subscription. The event that names the subscription's hotel also names the customer's. */
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
 * Moves the links and reversals of the payments that links connect to these ids. If links connect them to several
 * invoices, the invoice whose id sorts first determines the hotel.
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
   moved_links AS (
     UPDATE billing.payment_links AS l SET hotel_id = p.hotel_id FROM places p
     WHERE l.payment_id = p.id AND l.hotel_id <> p.hotel_id RETURNING 1),
   moved_reversals AS (
     UPDATE billing.reversals AS v SET hotel_id = p.hotel_id FROM places p
     WHERE p.id IN (v.charge_id, v.payment_intent_id) AND v.hotel_id <> p.hotel_id RETURNING 1)
   SELECT (SELECT count(*) FROM moved_links)::int + (SELECT count(*) FROM moved_reversals)::int AS moved`,
);

/** Links the event's subscription and customer to a hotel. */
export async function saveOwner(trx: Trx, eventId: string, facts: EventFacts, found: FoundHotel): Promise<void> {
  const { owner, created_at, is_customer_deleted = false } = facts;
  if (owner === undefined) return;
  const { customer_id = null, subscription_id } = owner;
  const { hotel_id } = found.hotel;
  const name = found.isNamed ? [owner.named_at ?? created_at ?? null, eventId] : [null, null];
  if (subscription_id !== undefined)
    await Promise.all([
      subscriptionStatement.run(trx, [hotel_id, subscription_id, customer_id, ...name]),
      payerStatement.run(trx, [subscription_id, customer_id, is_customer_deleted]),
    ]);
  else if (customer_id !== null)
    await customerStatement.run(trx, [hotel_id, customer_id, is_customer_deleted, ...name]);
}

/** The rows that follow an event's owner to its hotel, if events disagree about the hotel. */
export interface Followers {
  /** The event's hotel after `saveOwner`. */
  readonly hotelId: string;
  /** Subscriptions that can have moved. */
  readonly subscriptions: readonly string[];
}

/** Moves the subscriptions that follow their customer. Runs after `saveOwner` and before `saveFacts`. */
export async function moveFollowers(trx: Trx, { owner }: EventFacts, found: FoundHotel): Promise<Followers> {
  const ids = [owner?.customer_id ?? null, owner?.subscription_id ?? null];
  const [followers, [owned]] = await Promise.all([followersStatement.run(trx, ids), hotelStatement.run(trx, ids)]);
  const subscriptions = [owner?.subscription_id, ...followers.map((row) => row.subscription_id)];
  return {
    hotelId: owned?.hotel_id ?? found.hotel.hotel_id,
    subscriptions: subscriptions.filter((id) => id !== undefined),
  };
}

/**
 * Moves the invoices of the subscriptions, and the payments of those and of the event.
 * @returns the number of moved rows
 */
export async function moveFacts(trx: Trx, facts: EventFacts, { subscriptions }: Followers): Promise<number> {
  const [paid, unpaid] = await Promise.all([
    paidStatement.run(trx, [subscriptions]),
    unpaidStatement.run(trx, [subscriptions]),
  ]);
  const invoices = [...paid, ...unpaid].map(({ invoice_id }) => invoice_id);
  const [payments] = await paymentsStatement.run(trx, [[...new Set([...invoices, ...facts.payment_ids])]]);
  return invoices.length + (payments?.moved ?? 0);
}

/**
 * Whose event is it? The hotel that its metadata names; else the one that its subscription or its customer is tied to. What
 * is about a payment goes by the invoice that the payment was for. An event that is not known by any of these waits, and the
 * one that makes it known calls it up.
 */
import { prepare, type Trx } from "../../core/mod.ts";
import type { BillingContext } from "./context.ts";
import { applyStripeEvent } from "./jobs.ts";
import { type LockedHotel, lockHotel } from "./ledger.ts";
import { isReplay } from "./replay_lock.ts";
import { idsOf, type Owner, type Telling } from "./telling.ts";

interface Ties {
  readonly by_customer: string | null;
  readonly by_subscription: string | null;
}

/**
 * Who makes an id known and who waits for it take turns. There is no row to lock for what is not known yet, so the id
 * itself is locked; always in the same order, and always before the hotel's row.
 */
const lockStatement = prepare(
  "billing_lock_ids",
  "SELECT pg_advisory_xact_lock(hashtextextended('billing.tie ' || id, 0)) FROM unnest($1::text[]) AS id",
);
const tiesStatement = prepare<Ties>(
  "billing_read_ties",
  `SELECT (SELECT hotel_id FROM billing.customers WHERE customer_id = $1) AS by_customer,
     (SELECT hotel_id FROM billing.subscriptions WHERE subscription_id = $2) AS by_subscription`,
);
const paymentStatement = prepare<{ hotel_id: string }>(
  "billing_find_payment",
  `SELECT hotel_id FROM billing.payment_links WHERE payment_id = ANY($1)
   UNION SELECT hotel_id FROM billing.payment_links WHERE linked_id = ANY($1)
   UNION SELECT hotel_id FROM billing.paid_invoices WHERE invoice_id = ANY($1)
   UNION SELECT hotel_id FROM billing.unpaid_invoices WHERE invoice_id = ANY($1)
   ORDER BY hotel_id LIMIT 1`,
);
const waitingStatement = prepare<{ event_id: string }>(
  "billing_find_waiting",
  "SELECT event_id FROM billing.stripe_events WHERE status = 'waiting' AND waits_for && $1 AND event_id <> $2",
);

/** An event's hotel, and which of the event's ids it may be the first to make known. */
export interface FoundHotel extends LockedHotel {
  readonly news: readonly string[];
}

/**
 * Finds and locks the event's hotel.
 * @returns undefined where no hotel is known yet. The event may then be marked as waiting: until this transaction ends,
 * nobody else can make one of its ids known and so overlook it.
 */
export async function findHotel(
  ctx: BillingContext,
  trx: Trx,
  eventId: string,
  telling: Telling,
): Promise<FoundHotel | undefined> {
  const locked = isReplay(trx) ? undefined : lockStatement.run(trx, [idsOf(telling)]);
  const { owner, payment_ids } = telling;
  if (owner === undefined) {
    const [, [paid]] = await Promise.all([locked, paymentStatement.run(trx, [payment_ids])]);
    const hotel = await lockHotel(trx, paid?.hotel_id);
    return hotel && { ...hotel, news: idsOf(telling) };
  }
  // Sent together, done one after the other: each statement sees what was committed before it got its locks.
  const [, [ties], named] = await Promise.all([locked, readTies(trx, owner), lockHotel(trx, owner.named_hotel_id)]);
  const hotel = named ?? (await lockHotel(trx, ties?.by_subscription ?? ties?.by_customer));
  const others = [ties?.by_customer, ties?.by_subscription].filter((id) => id && id !== hotel?.hotel_id);
  if (hotel !== undefined && others.length > 0)
    ctx.log.warn(
      { event_id: eventId, hotel_id: hotel.hotel_id, others },
      "a customer of Stripe's is tied to two hotels",
    );
  return hotel && { ...hotel, news: idsOf({ owner: unknownOf(owner, ties), payment_ids }) };
}

/**
 * What of an owner is not known yet. Who waited for the rest was called up when that became known: to call them again with
 * each of the events that they are would make of a thousand that wait half a million jobs.
 */
const unknownOf = (owner: Owner, ties: Ties | undefined): Owner => ({
  ...owner,
  customer_id: ties?.by_customer ? undefined : owner.customer_id,
  subscription_id: ties?.by_subscription ? undefined : owner.subscription_id,
});

const readTies = (trx: Trx, { customer_id, subscription_id }: Owner) =>
  tiesStatement.run(trx, [customer_id ?? null, subscription_id ?? null]);

/** What the event waits for, where its hotel is not known. */
export function awaitedIds({ owner, payment_ids }: Telling): string[] {
  return owner === undefined ? idsOf({ owner, payment_ids }) : idsOf({ owner, payment_ids: [] });
}

/** Has the events applied again that wait for what this one has made known. */
export async function callWaiting(ctx: BillingContext, trx: Trx, eventId: string, { news }: FoundHotel): Promise<void> {
  const waiting = await waitingStatement.run(trx, [news, eventId]);
  await Promise.all(waiting.map(({ event_id }) => ctx.enqueue(trx, applyStripeEvent, { event_id })));
}

/**
 * Whose event is it? The hotel that its metadata names; else the one that its subscription or its customer is tied to. What
 * is about a payment goes by the invoice that the payment was for. An event that is not known by any of these waits, and the
 * one that makes it known calls it up. Events can disagree: `owner.ts` says which of them holds.
 */
import { prepare, type Trx } from "../../../core/mod.ts";
import type { BillingContext } from "../context.ts";
import { applyStripeEvent } from "../jobs.ts";
import { hotelColumns, type LockedHotel } from "../entitlement/recompute.ts";
import { isReplay } from "../recovery/replay_lock.ts";
import { idsOf, type Owner, type Telling } from "../facts/event_facts.ts";

interface Ties {
  readonly by_customer: string | null;
  readonly by_subscription: string | null;
  /** Of its payments and invoices. */
  readonly by_payment: readonly string[];
}

/**
 * Who makes an id known and who waits for it take turns. There is no row to lock for what is not known yet, so the id
 * itself is locked; always in the same order, and always before the hotel's row.
 */
const lockStatement = prepare(
  "billing_lock_ids",
  "SELECT pg_advisory_xact_lock(hashtextextended('billing.tie ' || id, 0)) FROM unnest($1::text[]) AS id",
);
const hotelsOfPayments = (ids: string): string =>
  `SELECT hotel_id FROM billing.payment_links WHERE payment_id = ANY(${ids})
   UNION SELECT hotel_id FROM billing.payment_links WHERE linked_id = ANY(${ids})
   UNION SELECT hotel_id FROM billing.paid_invoices WHERE invoice_id = ANY(${ids})
   UNION SELECT hotel_id FROM billing.unpaid_invoices WHERE invoice_id = ANY(${ids})`;
const tiesStatement = prepare<Ties>(
  "billing_read_ties",
  `SELECT (SELECT hotel_id FROM billing.customers WHERE customer_id = $1) AS by_customer,
     (SELECT hotel_id FROM billing.subscriptions WHERE subscription_id = $2) AS by_subscription,
     ARRAY(${hotelsOfPayments("$3::text[]")} ORDER BY hotel_id) AS by_payment`,
);
/** Every hotel that the event can concern: the one that it names, and those of the rows that it can change. */
const hotelsText = `SELECT ${hotelColumns} FROM identity.hotels WHERE hotel_id = ANY(ARRAY(
    SELECT $1::uuid AS hotel_id
    UNION SELECT hotel_id FROM billing.customers WHERE customer_id = $2
    UNION SELECT hotel_id FROM billing.subscriptions WHERE subscription_id = $3
    UNION ${hotelsOfPayments("$4::text[]")}))
  ORDER BY hotel_id`;
const hotelsStatement = prepare<LockedHotel>("billing_find_hotels", hotelsText);
// Not FOR UPDATE: that would also hold up everyone who inserts a row that refers to the hotel.
const lockHotelsStatement = prepare<LockedHotel>("billing_lock_hotels", `${hotelsText} FOR NO KEY UPDATE`);
const waitingStatement = prepare<{ event_id: string }>(
  "billing_find_waiting",
  "SELECT event_id FROM billing.stripe_events WHERE status = 'waiting' AND waits_for && $1 AND event_id <> $2",
);

/** An event's hotel, and which of the event's ids it may be the first to make known. */
export interface FoundHotel {
  /** Whose the event is, as far as the rows say before it has written its own. */
  readonly hotel: LockedHotel;
  /** This one and all others that the event can concern, by id. More than one only where events disagree. */
  readonly hotels: readonly LockedHotel[];
  /** Whether the event itself names `hotel`. */
  readonly isNamed: boolean;
  readonly news: readonly string[];
}

/** A hotel's rows can move to another one while their lock is waited for; more often than this they do not. */
const mostTurns = 5;

/**
 * Finds and locks the hotels of an event, in the order of their ids.
 * @returns undefined where no hotel is known yet. The event may then be marked as waiting: until this transaction ends,
 * nobody else can make one of its ids known and so overlook it.
 */
export async function findHotel(trx: Trx, telling: Telling): Promise<FoundHotel | undefined> {
  const locked = isReplay(trx) ? undefined : lockStatement.run(trx, [idsOf(telling)]);
  const { owner, payment_ids } = telling;
  const ids = [owner?.customer_id ?? null, owner?.subscription_id ?? null, payment_ids];
  const hotelsOf = isReplay(trx) ? hotelsStatement : lockHotelsStatement;
  for (let turn = 1; turn <= mostTurns; turn += 1) {
    // Sent together, done one after the other: each statement sees what was committed before it got its locks.
    const [, hotels, [ties]] = await Promise.all([
      locked,
      hotelsOf.run(trx, [owner?.named_hotel_id ?? null, ...ids]),
      tiesStatement.run(trx, ids),
    ]);
    if (ties === undefined) throw new Error("PostgreSQL gave no row for the hotels of an event.");
    const tied = [ties.by_subscription, ties.by_customer, ...ties.by_payment].filter((id) => id !== null);
    const byId = new Map(hotels.map((hotel) => [hotel.hotel_id, hotel]));
    if (tied.some((id) => !byId.has(id))) continue;
    const named = byId.get(owner?.named_hotel_id ?? "");
    const known = owner === undefined ? ties.by_payment[0] : (ties.by_subscription ?? ties.by_customer);
    const hotel = named ?? byId.get(known ?? "");
    const news = owner === undefined ? idsOf(telling) : idsOf({ owner: unknownOf(owner, ties), payment_ids });
    return hotel && { hotel, hotels, isNamed: named !== undefined, news };
  }
  throw new Error("What the event is about moves from hotel to hotel while it is being applied.");
}

/**
 * What of an owner is not known yet. Who waited for the rest was called up when that became known: to call them again with
 * each of the events that they are would make of a thousand that wait half a million jobs.
 */
const unknownOf = (owner: Owner, ties: Ties): Owner => ({
  ...owner,
  customer_id: ties.by_customer === null ? owner.customer_id : undefined,
  subscription_id: ties.by_subscription === null ? owner.subscription_id : undefined,
});

/** What the event waits for, where its hotel is not known. */
export function awaitedIds({ owner, payment_ids }: Telling): string[] {
  return owner === undefined ? idsOf({ owner, payment_ids }) : idsOf({ owner, payment_ids: [] });
}

/** Has the events applied again that wait for what this one has made known. */
export async function callWaiting(ctx: BillingContext, trx: Trx, eventId: string, { news }: FoundHotel): Promise<void> {
  const waiting = await waitingStatement.run(trx, [news, eventId]);
  await Promise.all(waiting.map(({ event_id }) => ctx.enqueue(trx, applyStripeEvent, { event_id })));
}

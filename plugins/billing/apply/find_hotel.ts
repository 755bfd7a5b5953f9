/**
 * Finds the hotel of an event. The order of precedence:
 *
 * 1. the hotel that the event's metadata names
 * 2. the hotel that its subscription or its customer is linked to
 * 3. for an event about a payment: the hotel of the invoice that was paid
 *
 * An event with none of these waits. The event that makes one of its ids known re-enqueues it. Events can disagree:
 * `owner.ts` decides between them.
 */
import { prepare, type Trx } from "../../../core/mod.ts";
import { hotelColumns, type LockedHotel } from "../entitlement/recompute.ts";
import { type EventFacts, idsOf, type Owner } from "../facts/event_facts.ts";
import type { ApplyMode } from "../entitlement/replay_lock.ts";

/** The hotels that the event's ids are linked to. */
interface LinkedHotels {
  readonly by_customer: string | null;
  readonly by_subscription: string | null;
  /** The hotels of its payments and invoices. */
  readonly by_payment: readonly string[];
}

/**
 * Serializes the event that makes an id known and the event that waits for it. An unknown id has no row to lock, so the
 * advisory lock is on the id itself. The order of the ids is fixed, and they are locked before the hotel's row.
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
const linkedHotelsStatement = prepare<LinkedHotels>(
  "billing_read_linked_hotels",
  `SELECT (SELECT hotel_id FROM billing.customers WHERE customer_id = $1) AS by_customer,
     (SELECT hotel_id FROM billing.subscriptions WHERE subscription_id = $2) AS by_subscription,
     ARRAY(${hotelsOfPayments("$3::text[]")} ORDER BY hotel_id) AS by_payment`,
);
/** Selects every hotel that the event can concern: the one that it names, and those of the rows that it can change. */
const hotelsText = `SELECT ${hotelColumns} FROM identity.hotels WHERE hotel_id = ANY(ARRAY(
    SELECT $1::uuid AS hotel_id
    UNION SELECT hotel_id FROM billing.customers WHERE customer_id = $2
    UNION SELECT hotel_id FROM billing.subscriptions WHERE subscription_id = $3
    UNION ${hotelsOfPayments("$4::text[]")}))
  ORDER BY hotel_id`;
const hotelsStatement = prepare<LockedHotel>("billing_find_hotels", hotelsText);
// Not FOR UPDATE: that would also block each transaction that inserts a row with a foreign key to the hotel.
const lockHotelsStatement = prepare<LockedHotel>("billing_lock_hotels", `${hotelsText} FOR NO KEY UPDATE`);
const waitingStatement = prepare<{ event_id: string }>(
  "billing_find_waiting",
  "SELECT event_id FROM billing.stripe_events WHERE status = 'waiting' AND waits_for && $1 AND event_id <> $2",
);

/** An event's hotel, and which of the event's ids it may be the first to make known. */
export interface FoundHotel {
  /** The hotel of the event by the rows before the event has saved its own. */
  readonly hotel: LockedHotel;
  /** `hotel` and all others that the event can concern, by id. More than one only if events disagree. */
  readonly hotels: readonly LockedHotel[];
  /** Whether the event itself names `hotel`. */
  readonly isNamed: boolean;
  readonly newlyKnownIds: readonly string[];
}

/**
 * A hotel's rows can move to another hotel while this transaction waits for their lock. Five moves in a row mean a
 * fault, so the job fails.
 */
const maxAttempts = 5;

/**
 * Finds the hotels of an event, in the order of their ids, and locks them. A replay locks none: it is alone.
 * @returns undefined if no hotel is known yet. The caller may then mark the event as waiting. Until this transaction
 * ends, no other can make one of the ids known and so miss the waiting event.
 * @throws Error if the rows move from hotel to hotel with each attempt
 */
export async function findHotel(trx: Trx, facts: EventFacts, mode: ApplyMode): Promise<FoundHotel | undefined> {
  const locked = mode === "live" ? lockStatement.run(trx, [idsOf(facts)]) : undefined;
  const { owner, payment_ids } = facts;
  const ids = [owner?.customer_id ?? null, owner?.subscription_id ?? null, payment_ids];
  const hotelsStatementOfMode = mode === "live" ? lockHotelsStatement : hotelsStatement;
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    // Sent together, run one after the other: each statement sees what was committed before it got its locks.
    const [, hotels, [linked]] = await Promise.all([
      locked,
      hotelsStatementOfMode.run(trx, [owner?.named_hotel_id ?? null, ...ids]),
      linkedHotelsStatement.run(trx, ids),
    ]);
    if (linked === undefined) throw new Error("PostgreSQL returned no row for the hotels of an event.");
    const linkedIds = [linked.by_subscription, linked.by_customer, ...linked.by_payment].filter((id) => id !== null);
    const byId = new Map(hotels.map((hotel) => [hotel.hotel_id, hotel]));
    if (linkedIds.some((id) => !byId.has(id))) continue;
    const named = byId.get(owner?.named_hotel_id ?? "");
    const linkedId = owner === undefined ? linked.by_payment[0] : (linked.by_subscription ?? linked.by_customer);
    const hotel = named ?? byId.get(linkedId ?? "");
    const newlyKnownIds =
      owner === undefined ? idsOf(facts) : idsOf({ owner: withoutKnownIds(owner, linked), payment_ids });
    return hotel && { hotel, hotels, isNamed: named !== undefined, newlyKnownIds };
  }
  throw new Error(`The hotel of an event's rows changed ${maxAttempts} times while the event was applied.`);
}

/**
 * Returns the owner with only the ids that are new. Events that waited for the other ids were re-enqueued when those
 * became known. To re-enqueue them with every event would make half a million jobs of a thousand waiting events.
 */
const withoutKnownIds = (owner: Owner, linked: LinkedHotels): Owner => ({
  ...owner,
  customer_id: linked.by_customer === null ? owner.customer_id : undefined,
  subscription_id: linked.by_subscription === null ? owner.subscription_id : undefined,
});

/** The ids that an event without a known hotel waits for. */
export function awaitedIds({ owner, payment_ids }: EventFacts): string[] {
  return owner === undefined ? idsOf({ owner, payment_ids }) : idsOf({ owner, payment_ids: [] });
}

/** Finds the events that wait for an id that this event has made known. */
export async function findWaitingEvents(trx: Trx, eventId: string, { newlyKnownIds }: FoundHotel): Promise<string[]> {
  const waiting = await waitingStatement.run(trx, [newlyKnownIds, eventId]);
  return waiting.map(({ event_id }) => event_id);
}

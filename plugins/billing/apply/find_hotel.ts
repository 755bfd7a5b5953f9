/**
 * Finds the hotel of a Stripe event. The first of these that exists is the hotel:
 *
 * 1. the hotel that the event's metadata names
 * 2. the hotel that the event's subscription or customer is linked to
 * 3. for an event about a payment: the hotel of the invoice that was paid
 *
 * If none exists, the event gets the status `waiting` and lists the ids that it waits for. A later event can link one
 * of these ids to a hotel. That later event then enqueues the waiting event again.
 *
 * Two events can name different hotels for the same id. `owner.ts` decides which one is right.
 */
import { prepare, type Trx } from "../../../core/mod.ts";
import { hotelColumns, type LockedHotel } from "../entitlement/recompute.ts";
import { type EventFacts, idsOf, type Owner } from "../facts/event_facts.ts";
import type { ApplyMode } from "../entitlement/replay_lock.ts";

/** The hotels to which rows of earlier events link the event's ids. */
interface LinkedHotels {
  readonly by_customer: string | null;
  readonly by_subscription: string | null;
  /** The hotels of its payments and invoices. */
  readonly by_payment: readonly string[];
}

/**
 * Locks the ids of an event until the transaction ends. Without the lock, one event could start to wait for an id while
 * another one links the id, and neither would see the other.
 *
 * An id without a hotel has no row to lock, so this is an advisory lock on the id itself. To prevent deadlocks, the ids
 * are always locked in the same order, and before the hotel's row.
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
/** Selects each hotel that the event can change: the hotel that it names, and those that its ids are linked to. */
const hotelsText = `SELECT ${hotelColumns} FROM identity.hotels WHERE hotel_id = ANY(ARRAY(
    SELECT $1::uuid AS hotel_id
    UNION SELECT hotel_id FROM billing.customers WHERE customer_id = $2
    UNION SELECT hotel_id FROM billing.subscriptions WHERE subscription_id = $3
    UNION ${hotelsOfPayments("$4::text[]")}))
  ORDER BY hotel_id`;
const hotelsStatement = prepare<LockedHotel>("billing_find_hotels", hotelsText);
// FOR UPDATE would also block each transaction that inserts a row with a foreign key to the hotel.
const lockHotelsStatement = prepare<LockedHotel>("billing_lock_hotels", `${hotelsText} FOR NO KEY UPDATE`);
const waitingStatement = prepare<{ event_id: string }>(
  "billing_find_waiting",
  "SELECT event_id FROM billing.stripe_events WHERE status = 'waiting' AND waits_for && $1 AND event_id <> $2",
);

/** The hotel of an event. */
export interface FoundHotel {
  /** The hotel by the event's metadata and by the rows of earlier events. */
  readonly hotel: LockedHotel;
  /** `hotel` and all others that the event can change, by id. There are others only if events disagree. */
  readonly hotels: readonly LockedHotel[];
  /** Whether the event itself names `hotel`. */
  readonly isNamed: boolean;
  /** The ids of the event that may have had no hotel until now. Other events may wait for them. */
  readonly newlyKnownIds: readonly string[];
}

/**
 * While this transaction waits for a lock on a hotel, another event can link the ids to a different hotel. The search
 * then starts again. Five changes in a row mean a fault, so the job fails.
 */
const maxAttempts = 5;

/**
 * Finds the hotels of an event, in the order of their ids, and locks them. A replay locks none, because no other event
 * is applied while it runs.
 * @returns undefined if no hotel is known yet. The caller can then safely mark the event as waiting: the locks on its
 *   ids keep other events from linking them before this transaction ends
 * @throws Error if the ids are linked to a different hotel in each of five attempts
 */
export async function findHotel(trx: Trx, facts: EventFacts, mode: ApplyMode): Promise<FoundHotel | undefined> {
  const locked = mode === "live" ? lockStatement.run(trx, [idsOf(facts)]) : undefined;
  const { owner, payment_ids } = facts;
  const ids = [owner?.customer_id ?? null, owner?.subscription_id ?? null, payment_ids];
  const hotelsStatementOfMode = mode === "live" ? lockHotelsStatement : hotelsStatement;
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    // The statements are sent together, to save round trips. PostgreSQL runs them in this order, each with a new
    // snapshot. So it reads the hotels after it has locked the ids.
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
 * Returns the owner with only the ids that are not linked to a hotel yet. Events that waited for the linked ids were
 * enqueued when these ids got their hotel. To enqueue them with every event again would make half a million jobs of a
 * thousand waiting events.
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

/** Finds the events that wait for an id which this event has linked to its hotel. */
export async function findWaitingEvents(trx: Trx, eventId: string, { newlyKnownIds }: FoundHotel): Promise<string[]> {
  const waiting = await waitingStatement.run(trx, [newlyKnownIds, eventId]);
  return waiting.map(({ event_id }) => event_id);
}

/**
 * Applies a stored event. The transaction locks the event's row and commits its effect, its status `applied` and the
 * end of the job together. A worker that is killed has therefore applied all of the event or nothing.
 *
 * Nothing here calls Stripe: an answer can take a minute, and a transaction is open. An event that lacks something
 * waits. Another job asks Stripe, stores the answer with the event and applies the event again (`fetch_missing.ts`).
 */
import { prepare, type Trx } from "../../../core/mod.ts";
import type { BillingContext } from "../context.ts";
import { type LockedHotel, updateValidTo } from "../entitlement/recompute.ts";
import type { EventFacts, Owner } from "../facts/event_facts.ts";
import { extractFacts, type Fetched, fetchedSchema } from "../facts/extract_facts.ts";
import { readEvent } from "../facts/stripe_event.ts";
import { isWrongMode } from "../inbox/livemode.ts";
import { applyStripeEvent, askStripe } from "../jobs.ts";
import type { StripeEvent } from "../models/stripe_event.ts";
import { type ApplyMode, lockForApplying } from "../entitlement/replay_lock.ts";
import { awaitedIds, findHotel, findWaitingEvents, type FoundHotel } from "./find_hotel.ts";
import { moveFacts, moveFollowers, saveOwner } from "./owner.ts";
import { saveFacts } from "./save_facts.ts";

/** Work that an applied event makes necessary. The caller enqueues it, or does it itself in a replay. */
export interface FollowUps {
  /** Events to apply again: they waited for an id that this event has made known. */
  readonly waitingEventIds: readonly string[];
  /** Whether Stripe must be asked for what the event lacks. */
  readonly needsStripe: boolean;
}

const noFollowUps: FollowUps = { waitingEventIds: [], needsStripe: false };

/** The result of an event: columns of its row, and the follow-ups. */
interface Outcome {
  readonly status: StripeEvent["status"];
  readonly reason?: string;
  readonly hotel_id?: string;
  readonly owner?: Owner | undefined;
  /** Stripe ids, one of which must become known. */
  readonly awaits?: readonly string[];
  /** Whether the wait can end with an answer of Stripe. */
  readonly isKnownToStripe?: boolean;
  readonly waitingEventIds?: readonly string[];
}

type Stored = Pick<StripeEvent, "event_id" | "status" | "livemode" | "body" | "fetched">;

const lockStatement = prepare<Stored>(
  "billing_take_event",
  "SELECT event_id, status, livemode, body, fetched FROM billing.stripe_events WHERE event_id = $1 FOR UPDATE",
);
const endStatement = prepare(
  "billing_end_event",
  `UPDATE billing.stripe_events SET status = $2, status_reason = $3, hotel_id = $4, customer_id = $5,
     subscription_id = $6, waits_for = $7, processed_at = now() WHERE event_id = $1`,
);

/** Applies the event with this id once, however often it is called, and enqueues the follow-ups. */
export async function applyAndEnqueue(ctx: BillingContext, trx: Trx, eventId: string): Promise<void> {
  const { waitingEventIds, needsStripe } = await applyEvent(ctx, trx, eventId, "live");
  if (needsStripe) await ctx.enqueue(trx, askStripe, { event_id: eventId });
  await Promise.all(waitingEventIds.map((event_id) => ctx.enqueue(trx, applyStripeEvent, { event_id })));
}

/**
 * Applies the event with this id once, however often it is called.
 * @param mode `replay`: the caller holds the replay lock, and computes `valid_to` of every hotel afterwards
 * @throws Error if no event has this id, or PostgreSQL refuses the event's facts
 */
export async function applyEvent(ctx: BillingContext, trx: Trx, eventId: string, mode: ApplyMode): Promise<FollowUps> {
  // Sent together: PostgreSQL reads the row after it has granted the replay lock.
  const locked = mode === "live" ? lockForApplying(trx) : undefined;
  const [, [stored]] = await Promise.all([locked, lockStatement.run(trx, [eventId])]);
  if (stored === undefined) throw new Error(`There is no stored event ${eventId}.`);
  if (stored.status !== "stored" && stored.status !== "waiting") return noFollowUps;
  const event = readEvent(JSON.parse(stored.body));
  const outcome: Outcome = isWrongMode(ctx.env.STRIPE_API_KEY, stored.livemode)
    ? { status: "quarantined", reason: "livemode" }
    : await computeOutcome(ctx, trx, stored, event, mode);
  const { status, reason, hotel_id, owner, awaits, isKnownToStripe = false, waitingEventIds = [] } = outcome;
  endStatement.send(trx, [
    eventId,
    status,
    reason ?? null,
    hotel_id ?? null,
    owner?.customer_id ?? null,
    owner?.subscription_id ?? null,
    awaits ?? null,
  ]);
  ctx.log.info({ event_id: eventId, type: event.type, status, reason, hotel_id }, "stripe event");
  const canAskStripe = stored.fetched === null && ctx.env.STRIPE_API_KEY !== undefined;
  return { waitingEventIds, needsStripe: isKnownToStripe && canAskStripe };
}

async function computeOutcome(
  ctx: BillingContext,
  trx: Trx,
  { event_id, fetched }: Stored,
  event: ReturnType<typeof readEvent>,
  mode: ApplyMode,
): Promise<Outcome> {
  const fetchedParts = fetched === null ? {} : fetchedSchema.parse(JSON.parse(fetched));
  const extraction = extractFacts(event, fetchedParts, ctx.env.STRIPE_PRICE_ID);
  if (extraction.kind === "ignored") return { status: "ignored", reason: extraction.reason, owner: extraction.owner };
  if (extraction.kind === "incomplete")
    return { status: "waiting", reason: extraction.missing, owner: extraction.owner, isKnownToStripe: true };
  const { facts } = extraction;
  const { owner } = facts;
  const found = await findHotel(trx, facts, mode);
  if (found === undefined) {
    const isPayment = owner === undefined;
    const reason = isPayment ? reasonOfPayment(fetchedParts) : "hotel";
    return { status: "waiting", reason, owner, awaits: awaitedIds(facts), isKnownToStripe: isPayment };
  }
  return { status: "applied", owner, ...(await takeEffect(ctx, trx, event_id, { facts, found, mode })) };
}

/** `no_invoice`: Stripe was asked for the payment's invoice, and knew no invoice of a subscription. */
const reasonOfPayment = ({ links }: Fetched): "invoice" | "no_invoice" =>
  links === undefined || links.some((link) => link.to_invoice) ? "invoice" : "no_invoice";

interface Effect {
  readonly facts: EventFacts;
  readonly found: FoundHotel;
  readonly mode: ApplyMode;
}

/** Saves the event's facts and updates `valid_to` of the hotels that they change. Returns the hotel of the event. */
async function takeEffect(
  ctx: BillingContext,
  trx: Trx,
  eventId: string,
  { facts, found, mode }: Effect,
): Promise<Required<Pick<Outcome, "hotel_id" | "waitingEventIds">>> {
  const { hotel, hotels } = found;
  // A replay updates each hotel once, after all events.
  const updateHotels = async (all: readonly LockedHotel[]) => {
    if (mode === "replay") return;
    const options = { graceDays: ctx.env.GRACE_DAYS, now: new Date(), mode };
    await Promise.all(all.map((one) => updateValidTo(trx, one, options)));
    for (const one of all) ctx.announce(trx, one.hotel_id, ["billing", "hotels"]);
  };
  if (hotels.length === 1) {
    // Sent together: PostgreSQL runs one after the other.
    const [, , , waitingEventIds] = await Promise.all([
      saveOwner(trx, eventId, facts, found),
      saveFacts(trx, hotel.hotel_id, eventId, facts),
      changesValidTo(facts) ? updateHotels(hotels) : undefined,
      findWaitingEvents(trx, eventId, found),
    ]);
    return { hotel_id: hotel.hotel_id, waitingEventIds };
  }
  await saveOwner(trx, eventId, facts, found);
  const followers = await moveFollowers(trx, facts, found);
  const { hotelId } = followers;
  await saveFacts(trx, hotelId, eventId, facts);
  const rows = await moveFacts(trx, facts, followers);
  if (rows > 0)
    ctx.log.warn(
      { event_id: eventId, hotel_id: hotelId, hotels: hotels.map((one) => one.hotel_id), rows },
      "moved rows to another hotel: events name different hotels for a subscription, and the last name counts",
    );
  await updateHotels(hotels);
  return { hotel_id: hotelId, waitingEventIds: await findWaitingEvents(trx, eventId, found) };
}

function changesValidTo({ paid_invoice, reversals = [], links, subscription }: EventFacts): boolean {
  const hasEnded = subscription?.ended === true;
  return paid_invoice !== undefined || reversals.length > 0 || links.length > 0 || hasEnded;
}

/**
 * Applies a stored event. The event's row is locked, and its effect and its "applied" commit together (with the end of
 * the job itself), so a worker that is killed has done all of it or nothing.
 *
 * No call to Stripe is made in here: an answer can take a minute, and a transaction is open. An event that lacks something
 * waits, and a job of its own asks (`ask_stripe.ts`), keeps the answer with the event, and comes back.
 */
import { prepare, type Trx } from "../../../core/mod.ts";
import type { BillingContext } from "../context.ts";
import { readEvent } from "../facts/stripe_event.ts";
import { askStripe } from "../jobs.ts";
import { type LockedHotel, refold } from "../entitlement/recompute.ts";
import { isOtherMode } from "../inbox/livemode.ts";
import type { StripeEvent } from "../models/stripe_event.ts";
import { moveFacts, moveFollowers, recordOwner } from "./owner.ts";
import { type Fetched, fetchedSchema, readTelling } from "../facts/extract_facts.ts";
import { recordTelling } from "./save_facts.ts";
import { applyBesideOthers } from "../recovery/replay_lock.ts";
import type { Owner, Telling } from "../facts/event_facts.ts";
import { awaitedIds, callWaiting, findHotel, type FoundHotel } from "./find_hotel.ts";

/** What became of an event: columns of its row. */
interface Outcome {
  readonly status: StripeEvent["status"];
  readonly reason?: string;
  readonly hotel_id?: string;
  readonly owner?: Owner | undefined;
  /** Ids that it waits for. */
  readonly awaits?: readonly string[];
  /** Whether Stripe knows what it waits for. */
  readonly isToAsk?: boolean;
}

type Stored = Pick<StripeEvent, "event_id" | "status" | "livemode" | "body" | "fetched">;

const takeStatement = prepare<Stored>(
  "billing_take_event",
  "SELECT event_id, status, livemode, body, fetched FROM billing.stripe_events WHERE event_id = $1 FOR UPDATE",
);
const endStatement = prepare(
  "billing_end_event",
  `UPDATE billing.stripe_events SET status = $2, status_reason = $3, hotel_id = $4, customer_id = $5,
     subscription_id = $6, waits_for = $7, processed_at = now() WHERE event_id = $1`,
);

/** Applies the event of this id once, however often it is called. */
export async function applyEvent(ctx: BillingContext, trx: Trx, eventId: string): Promise<void> {
  // Sent together: the row is read when the lock is there.
  const [, [stored]] = await Promise.all([applyBesideOthers(trx), takeStatement.run(trx, [eventId])]);
  if (stored === undefined) throw new Error(`There is no stored event ${eventId}.`);
  if (stored.status !== "stored" && stored.status !== "waiting") return;
  const event = readEvent(JSON.parse(stored.body));
  const outcome: Outcome = isOtherMode(ctx.env.STRIPE_API_KEY, stored.livemode)
    ? { status: "quarantined", reason: "livemode" }
    : await effectOf(ctx, trx, stored, event);
  const { status, reason, hotel_id, owner, awaits, isToAsk } = outcome;
  endStatement.send(trx, [
    eventId,
    status,
    reason ?? null,
    hotel_id ?? null,
    owner?.customer_id ?? null,
    owner?.subscription_id ?? null,
    awaits ?? null,
  ]);
  if (isToAsk === true && stored.fetched === null && ctx.env.STRIPE_API_KEY !== undefined)
    await ctx.enqueue(trx, askStripe, { event_id: eventId });
  ctx.log.info({ event_id: eventId, type: event.type, status, reason, hotel_id }, "stripe event");
}

async function effectOf(
  ctx: BillingContext,
  trx: Trx,
  { event_id, fetched }: Stored,
  event: ReturnType<typeof readEvent>,
): Promise<Outcome> {
  const answered = fetched === null ? {} : fetchedSchema.parse(JSON.parse(fetched));
  const reading = readTelling(event, answered, ctx.env.STRIPE_PRICE_ID);
  if (reading.kind === "ignored") return { status: "ignored", reason: reading.reason, owner: reading.owner };
  if (reading.kind === "lacks") return { status: "waiting", reason: reading.what, owner: reading.owner, isToAsk: true };
  const { telling } = reading;
  const { owner } = telling;
  const found = await findHotel(trx, telling);
  if (found === undefined) {
    const isPayment = owner === undefined;
    const reason = isPayment ? missingInvoice(answered) : "hotel";
    return { status: "waiting", reason, owner, awaits: awaitedIds(telling), isToAsk: isPayment };
  }
  const hotel_id = await takeEffect(ctx, trx, event_id, telling, found);
  return { status: "applied", hotel_id, owner };
}

/** Whether Stripe is still to be asked for the invoice of a payment, or was asked and knew none of a subscription. */
const missingInvoice = ({ links }: Fetched): "invoice" | "no_invoice" =>
  links === undefined || links.some((link) => link.to_invoice) ? "invoice" : "no_invoice";

/** Writes the event's facts and folds the hotels that they change. @returns the hotel whose event it is */
async function takeEffect(
  ctx: BillingContext,
  trx: Trx,
  eventId: string,
  telling: Telling,
  found: FoundHotel,
): Promise<string> {
  const { hotel, hotels } = found;
  const refoldAll = (all: readonly LockedHotel[]) =>
    Promise.all(all.map((one) => refold(trx, one, ctx.env.GRACE_DAYS, new Date())));
  if (hotels.length === 1) {
    // Sent together, done one after the other.
    await Promise.all([
      recordOwner(trx, eventId, telling, found),
      recordTelling(trx, hotel.hotel_id, eventId, telling),
      changesValidTo(telling) ? refoldAll(hotels) : undefined,
      callWaiting(ctx, trx, eventId, found),
    ]);
    return hotel.hotel_id;
  }
  await recordOwner(trx, eventId, telling, found);
  const moving = await moveFollowers(trx, telling, found);
  await recordTelling(trx, moving.hotelId, eventId, telling);
  const moved = await moveFacts(trx, telling, moving);
  if (moved > 0)
    ctx.log.warn(
      { event_id: eventId, hotel_id: moving.hotelId, hotels: hotels.map((one) => one.hotel_id), rows: moved },
      "events name different hotels for a subscription; its rows are moved to the hotel that was named last",
    );
  await refoldAll(hotels);
  await callWaiting(ctx, trx, eventId, found);
  return moving.hotelId;
}

function changesValidTo({ paid_invoice, reversals = [], links, subscription }: Telling): boolean {
  const hasEnded = subscription?.ended === true;
  return paid_invoice !== undefined || reversals.length > 0 || links.length > 0 || hasEnded;
}

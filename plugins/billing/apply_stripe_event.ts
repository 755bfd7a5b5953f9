/**
 * Applies a stored event. The event's row is locked, and its effect and its "applied" commit together (with the end of
 * the job itself), so a worker that is killed has done all of it or nothing.
 */
import { prepare, type Trx } from "../../core/mod.ts";
import type { BillingContext } from "./context.ts";
import { readEvent, type StripeEventBody } from "./event.ts";
import { readInvoice } from "./invoice.ts";
import { recordPaidInvoice, refold } from "./ledger.ts";
import type { StripeEvent } from "./models/stripe_event.ts";
import { findHotel } from "./ties.ts";

/** What became of an event: columns of its row. */
type Outcome = Pick<StripeEvent, "status"> &
  Partial<Pick<StripeEvent, "status_reason" | "hotel_id" | "customer_id" | "subscription_id">>;

type Effect = (ctx: BillingContext, trx: Trx, event: StripeEventBody) => Promise<Outcome>;

/** The types that have an effect. Any other is kept, and ignored. */
const effects: ReadonlyMap<string, Effect> = new Map([
  ["invoice.paid", applyPaidInvoice],
  ["invoice.payment_succeeded", applyPaidInvoice],
]);

const lockStatement = prepare<Pick<StripeEvent, "status" | "body">>(
  "billing_lock_event",
  "SELECT status, body FROM billing.stripe_events WHERE event_id = $1 FOR UPDATE",
);
const endStatement = prepare(
  "billing_end_event",
  `UPDATE billing.stripe_events SET status = $2, status_reason = $3, hotel_id = $4, customer_id = $5,
     subscription_id = $6, processed_at = now()
   WHERE event_id = $1`,
);

/** Applies the event of this id once, however often it is called. */
export async function applyEvent(ctx: BillingContext, trx: Trx, eventId: string): Promise<void> {
  const [stored] = await lockStatement.run(trx, [eventId]);
  if (stored === undefined) throw new Error(`There is no stored event ${eventId}.`);
  if (stored.status === "applied" || stored.status === "ignored") return;
  const event = readEvent(JSON.parse(stored.body));
  const effect = effects.get(event.type);
  const outcome: Outcome =
    effect === undefined ? { status: "ignored", status_reason: "type" } : await effect(ctx, trx, event);
  const { status, status_reason: reason, hotel_id } = outcome;
  const ids = [hotel_id ?? null, outcome.customer_id ?? null, outcome.subscription_id ?? null];
  endStatement.send(trx, [eventId, status, reason ?? null, ...ids]);
  ctx.log.info({ event_id: eventId, type: event.type, status, reason, hotel_id }, "stripe event");
}

async function applyPaidInvoice(ctx: BillingContext, trx: Trx, event: StripeEventBody): Promise<Outcome> {
  const invoice = readInvoice(event.data.object);
  const ids = { customer_id: invoice.customer_id ?? null, subscription_id: invoice.subscription_id ?? null };
  if (invoice.subscription_id === undefined) return { status: "ignored", status_reason: "no_subscription", ...ids };
  // A payment can succeed and leave the invoice open: it was one of several.
  if (!invoice.paid) return { status: "ignored", status_reason: "not_paid", ...ids };
  if (!invoice.complete) return { status: "waiting", status_reason: "lines", ...ids };
  const hotel = await findHotel(ctx, trx, event.id, invoice);
  if (hotel === undefined) return { status: "waiting", status_reason: "hotel", ...ids };
  recordPaidInvoice(trx, hotel, event.id, invoice);
  await refold(trx, hotel, ctx.env.GRACE_DAYS, new Date());
  return { status: "applied", hotel_id: hotel.hotel_id, ...ids };
}

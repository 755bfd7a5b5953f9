/**
 * Deletes events that say nothing about a hotel. A Stripe account can have other products and connected accounts, and
 * their events carry the data of other companies' customers.
 *
 * Deleted are events with the status `ignored`, and events that have waited for a hotel or an invoice without success.
 * Applied events remain, because the ledger is made of them. An event with a dead job remains for a person.
 *
 * If Stripe delivers a deleted event again, it is stored and read again, with the same outcome. If a later event links
 * a hotel to paid invoices that were deleted, the nightly reconciliation finds them again.
 */
import type { Trx } from "../../../core/mod.ts";
import type { BillingContext } from "../context.ts";
import { eventsWithJob } from "./event_jobs.ts";
import { applyStripeEvent, askStripe } from "../jobs.ts";

/** Days. Stripe lists its events for 30 days, and retries a delivery for 3 days. */
const forgetAfterDays = 90;

const batch = 500;

/** Deletes old events in batches. @returns the number of deleted events */
export async function forgetEvents(ctx: BillingContext, signal?: AbortSignal): Promise<number> {
  let forgotten = 0;
  for (;;) {
    const count = await ctx.db.crossTenant(forgetBatch);
    forgotten += count;
    if (count < batch || signal?.aborted === true) break;
  }
  await ctx.db.crossTenant((trx) =>
    trx("billing.conflicting_deliveries")
      .whereRaw("received_at < now() - make_interval(days => ?)", [forgetAfterDays])
      .delete(),
  );
  if (forgotten > 0) ctx.log.info({ events: forgotten, days: forgetAfterDays }, "deleted old events without a hotel");
  return forgotten;
}

async function forgetBatch(trx: Trx): Promise<number> {
  const ids = await trx("billing.stripe_events")
    .whereRaw("received_at < now() - make_interval(days => ?)", [forgetAfterDays])
    .whereRaw("(status = 'ignored' OR (status = 'waiting' AND status_reason IN ('hotel', 'invoice', 'no_invoice')))")
    .whereNotIn("event_id", eventsWithJob(trx, applyStripeEvent, askStripe))
    .orderBy("received_at")
    .limit(batch)
    .forUpdate()
    .skipLocked()
    .pluck<string[]>("event_id");
  // Rows with a foreign key to the events are deleted first.
  await trx("billing.conflicting_deliveries").whereRaw("event_id = ANY (?)", [ids]).delete();
  await trx("billing.stripe_events").whereRaw("event_id = ANY (?)", [ids]).delete();
  return ids.length;
}

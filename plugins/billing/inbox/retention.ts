/**
 * Forgets the events that have told nothing of a hotel. An account of Stripe's can have other products and connected accounts,
 * and their events carry the data of other people's customers.
 *
 * Forgotten are events that are `ignored`, and that have waited in vain for a hotel or an invoice. An event that was applied
 * stays: the ledger is made of those. One whose job is dead stays for a person. Should Stripe deliver a forgotten event again,
 * it is stored and read anew, and comes to the same end. Paid invoices that a later tie would have needed are found again by
 * the nightly reconciliation.
 */
import type { Trx } from "../../../core/mod.ts";
import type { BillingContext } from "../context.ts";
import { eventsWithJob } from "./event_jobs.ts";
import { applyStripeEvent, askStripe } from "../jobs.ts";

/** Days. Stripe lists its events for 30, and delivers again for 3. */
const forgetAfterDays = 90;

const batch = 500;

/** @returns how many events were forgotten */
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
  if (forgotten > 0)
    ctx.log.info({ events: forgotten, days: forgetAfterDays }, "events that told nothing were forgotten");
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
  // The rows that refer to the events go first.
  await trx("billing.conflicting_deliveries").whereRaw("event_id = ANY (?)", [ids]).delete();
  await trx("billing.stripe_events").whereRaw("event_id = ANY (?)", [ids]).delete();
  return ids.length;
}

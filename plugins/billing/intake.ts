import type { BillingContext } from "./context.ts";
import type { StripeEventBody } from "./event.ts";
import { applyStripeEvent } from "./jobs.ts";

/**
 * Stores an event with the job that applies it, once per event id: of deliveries at the same time one inserts, and the
 * others wait for it and find the row.
 * @param body the text that was signed
 * @returns whether it is new
 */
export function storeEvent({ db, enqueue }: BillingContext, event: StripeEventBody, body: string): Promise<boolean> {
  return db.platform(async (trx) => {
    const inserted = await trx("billing.stripe_events")
      .insert({
        event_id: event.id,
        type: event.type,
        api_version: event.api_version ?? null,
        livemode: event.livemode ?? null,
        created_at: typeof event.created === "number" ? new Date(event.created * 1000) : null,
        body,
      })
      .onConflict("event_id")
      .ignore()
      .returning("event_id");
    if (inserted.length === 0) return false;
    await enqueue(trx, applyStripeEvent, { event_id: event.id });
    return true;
  });
}

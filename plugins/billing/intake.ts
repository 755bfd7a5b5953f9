import { prepare } from "../../core/mod.ts";
import type { BillingContext } from "./context.ts";
import type { StripeEventBody } from "./event.ts";
import { applyStripeEvent } from "./jobs.ts";

const insertStatement = prepare<{ event_id: string }>(
  "billing_store_event",
  `INSERT INTO billing.stripe_events (event_id, type, api_version, livemode, created_at, body)
   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (event_id) DO NOTHING RETURNING event_id`,
);

/**
 * Stores an event with the job that applies it, once per event id: of deliveries at the same time one inserts, and the
 * others wait for it and find the row.
 * @param body the text that was signed
 * @returns whether it is new
 */
export function storeEvent({ db, enqueue }: BillingContext, event: StripeEventBody, body: string): Promise<boolean> {
  return db.platform(async (trx) => {
    const createdAt = typeof event.created === "number" ? new Date(event.created * 1000) : null;
    const inserted = await insertStatement.run(trx, [
      event.id,
      event.type,
      event.api_version ?? null,
      event.livemode ?? null,
      createdAt,
      body,
    ]);
    if (inserted.length === 0) return false;
    await enqueue(trx, applyStripeEvent, { event_id: event.id });
    return true;
  });
}

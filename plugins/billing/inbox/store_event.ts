import { createHash } from "node:crypto";

import { prepare, type Trx } from "../../../core/mod.ts";
import type { BillingContext } from "../context.ts";
import type { StripeEventBody } from "../facts/stripe_event.ts";
import { applyStripeEvent } from "../jobs.ts";
import { isWrongMode } from "./livemode.ts";
import type { EventSource } from "../models/stripe_event.ts";
import { isSameEvent } from "./same_event.ts";

const insertStatement = prepare<{ event_id: string }>(
  "billing_store_event",
  `INSERT INTO billing.stripe_events (event_id, type, api_version, livemode, created_at, body, status, status_reason,
     source)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (event_id) DO NOTHING RETURNING event_id`,
);
const bodyStatement = prepare<{ body: string; source: EventSource }>(
  "billing_read_body",
  "SELECT body, source FROM billing.stripe_events WHERE event_id = $1",
);
const conflictStatement = prepare(
  "billing_keep_conflict",
  `INSERT INTO billing.conflicting_deliveries (event_id, body_hash, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
);

/**
 * - `new`: stored, with the job that applies it
 * - `quarantined`: stored and not applied, because it is of the other Stripe mode than STRIPE_API_KEY
 * - `known`: stored before
 * - `conflicting`: another body is stored under its id. This body is stored separately and not applied
 */
export type Intake = "new" | "quarantined" | "known" | "conflicting";

/**
 * Stores an event once per event id, with the job that applies it. If deliveries arrive at the same time, one inserts
 * the row. The others wait for it and find the row.
 * @param body the signed text, or the event that a reconciliation created
 */
export function storeEvent(
  { db, enqueue, env }: BillingContext,
  event: StripeEventBody,
  body: string,
  source: EventSource = "webhook",
): Promise<Intake> {
  const isOfWrongMode = isWrongMode(env.STRIPE_API_KEY, event.livemode);
  return db.crossTenant(async (trx) => {
    const createdAt = typeof event.created === "number" ? new Date(event.created * 1000) : null;
    const inserted = await insertStatement.run(trx, [
      event.id,
      event.type,
      event.api_version ?? null,
      event.livemode ?? null,
      createdAt,
      body,
      isOfWrongMode ? "quarantined" : "stored",
      isOfWrongMode ? "livemode" : null,
      source,
    ]);
    if (inserted.length === 0) return source === "webhook" ? compareBodies(trx, event.id, body) : "known";
    if (isOfWrongMode) return "quarantined";
    await enqueue(trx, applyStripeEvent, { event_id: event.id });
    return "new";
  });
}

async function compareBodies(trx: Trx, eventId: string, body: string): Promise<Intake> {
  const [stored] = await bodyStatement.run(trx, [eventId]);
  // A reconciliation stores other text than Stripe signs.
  if (stored?.source !== "webhook" || isSameEvent(stored.body, body)) return "known";
  await conflictStatement.run(trx, [eventId, createHash("sha256").update(body).digest(), body]);
  return "conflicting";
}

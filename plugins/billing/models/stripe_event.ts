import { Model } from "objection";

/**
 * - `stored`: not applied yet
 * - `applied`: had its effect
 * - `ignored`: has no effect
 * - `waiting`: can't have its effect yet. It is applied when what it waits for becomes known
 * - `quarantined`: of the other Stripe mode (test, live) than STRIPE_API_KEY, and not applied
 */
export const eventStatuses = ["stored", "applied", "ignored", "waiting", "quarantined"] as const;
export type EventStatus = (typeof eventStatuses)[number];

/** The origin of the event: the signed webhook, or a reconciliation (`reconcile.ts`). */
export type EventSource = "webhook" | "events_list" | "invoices_list";

/** A stored Stripe event, as it was received. */
export class StripeEvent extends Model {
  static override tableName = "billing.stripe_events";
  static override idColumn = "event_id";
  declare event_id: string;
  declare type: string;
  declare api_version: string | null;
  declare livemode: boolean | null;
  declare created_at: Date | null;
  declare received_at: Date;
  declare body: string;
  declare source: EventSource;
  declare status: EventStatus;
  declare status_reason: string | null;
  declare processed_at: Date | null;
  declare hotel_id: string | null;
  declare customer_id: string | null;
  declare subscription_id: string | null;
  /** Stripe ids, one of which has to become known. */
  declare waits_for: string[] | null;
  /** JSON: Stripe's answer to the lookup of what the body lacks. */
  declare fetched: string | null;
}

import { Model } from "objection";

/**
 * - `stored`: nobody has looked at it yet
 * - `applied`: it has had its effect
 * - `ignored`: it has none
 * - `waiting`: it can't have its effect yet; it is applied when what it waits for becomes known
 * - `quarantined`: it is of the other of Stripe's two worlds (live, test) than our key, and is not applied
 */
export const eventStatuses = ["stored", "applied", "ignored", "waiting", "quarantined"] as const;
export type EventStatus = (typeof eventStatuses)[number];

/** How it came here: as it was signed, or found by a reconciliation (`reconcile.ts`). */
export type EventSource = "webhook" | "events_list" | "invoices_list";

/** An event of Stripe's, as it came. */
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
  /** Ids of Stripe's, one of which has to become known. */
  declare waits_for: string[] | null;
  /** JSON: what Stripe answered when it was asked for what the body lacks. */
  declare fetched: string | null;
}

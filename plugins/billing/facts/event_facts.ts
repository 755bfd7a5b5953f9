/**
 * What one event tells, once its object is read: facts under ids of Stripe's, in one form for all API versions. A telling is
 * a function of the event alone (and of what Stripe answered where it had to be asked, which is kept with the event), so that
 * a replay tells the same.
 */

/** Whose it is, as far as the event says. */
export interface Owner {
  /** The hotel that the metadata names, if it names one. */
  readonly named_hotel_id: string | undefined;
  /**
   * When the metadata that names it was written to the object, where that is before the event: an invoice keeps the copy
   * that was made of the subscription's metadata when the invoice was made, however late it is paid.
   */
  readonly named_at?: Date | undefined;
  readonly customer_id: string | undefined;
  readonly subscription_id: string | undefined;
}

/** That a payment (a charge, a payment intent) paid for an invoice, or that a charge is of a payment intent. */
export interface PaymentLink {
  readonly payment_id: string;
  readonly linked_id: string;
  readonly to_invoice: boolean;
}

/** A paid invoice: a row of the ledger. */
export interface PaidInvoiceFact {
  readonly invoice_id: string;
  /** The service period that it pays for; undefined where all of its lines are prorations or one-off items. */
  readonly period: { readonly start: Date; readonly end: Date } | undefined;
  /** A decimal string in `currency`. */
  readonly amount_paid: string;
  readonly currency: string;
  readonly paid_at: Date | undefined;
}

/** An invoice whose payment failed, or that is void since. */
export interface UnpaidInvoiceFact {
  readonly invoice_id: string;
  readonly state: "failed" | "action_required" | "void";
  readonly amount_due: string;
  readonly currency: string;
  /** Stripe's page on which it can be paid. */
  readonly pay_url: string | undefined;
  readonly next_attempt_at: Date | undefined;
}

/** Something that takes a payment back. */
export interface ReversalFact {
  /** Of the refund or the dispute; for a charge's sum, of the charge. */
  readonly reversal_id: string;
  /** `charge_sum`: what a charge says was refunded of it in all, without the refunds themselves. */
  readonly kind: "refund" | "dispute" | "charge_sum";
  readonly status: string;
  readonly amount: string;
  readonly currency: string;
  readonly charge_id: string | undefined;
  readonly payment_intent_id: string | undefined;
  /** Of two tellings of one reversal the greater (rank, event id) stands. */
  readonly rank: number;
}

/** A subscription, as an object of Stripe's showed it. */
export interface SubscriptionFact {
  readonly status: string;
  /** No other status follows this one. */
  readonly ended: boolean;
  /** When that was, where the object says it. */
  readonly ended_at: Date | undefined;
  readonly current_period_end: Date | undefined;
  /** When it will end without being renewed, where that is settled. */
  readonly cancel_at: Date | undefined;
  readonly rank: number;
}

export interface Telling {
  /** Undefined where the object says nothing of its owner: a payment is known by its invoice. */
  readonly owner: Owner | undefined;
  /** When Stripe made the event. */
  readonly told_at: Date | undefined;
  readonly links: readonly PaymentLink[];
  /** Payments and invoices that it is about. */
  readonly payment_ids: readonly string[];
  /** Those of `payment_ids` that are charges. */
  readonly charge_ids?: readonly string[];
  /** Those of `payment_ids` that are payment intents. */
  readonly intent_ids?: readonly string[];
  readonly paid_invoice?: PaidInvoiceFact;
  readonly unpaid_invoice?: UnpaidInvoiceFact;
  readonly reversals?: readonly ReversalFact[];
  readonly subscription?: SubscriptionFact;
  readonly is_customer_deleted?: boolean;
}

/** What reading an event gives: facts; or that there are none for us, and why; or that something is missing in it. */
export type Reading =
  | { readonly kind: "tells"; readonly telling: Telling }
  | { readonly kind: "ignored"; readonly reason: string; readonly owner?: Owner }
  | { readonly kind: "lacks"; readonly what: "lines"; readonly owner: Owner };

/** Every id under which somebody may wait for this, or it for somebody. */
export function idsOf({ owner, payment_ids }: Pick<Telling, "owner" | "payment_ids">): string[] {
  const ids = [owner?.customer_id, owner?.subscription_id, ...payment_ids].filter((id) => id !== undefined);
  return [...new Set(ids)].sort();
}

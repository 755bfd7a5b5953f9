/**
 * The facts that one event states, by Stripe's ids, in one form for all API versions. They are a function of the event
 * alone, and of the answer that Stripe gave to a lookup. That answer is stored with the event, so a replay extracts the
 * same facts.
 */

/** The owner of an event's object, as far as the event names it. */
export interface Owner {
  /** The hotel that the metadata names. */
  readonly named_hotel_id: string | undefined;
  /**
   * When the metadata that names the hotel was written to the object, if that was before the event. An invoice copies
   * its subscription's metadata when it is created, and may be paid much later.
   */
  readonly named_at?: Date | undefined;
  readonly customer_id: string | undefined;
  readonly subscription_id: string | undefined;
}

/** Links a payment (charge or payment intent) to an invoice that it paid, or a charge to its payment intent. */
export interface PaymentLink {
  readonly payment_id: string;
  readonly linked_id: string;
  readonly to_invoice: boolean;
}

/** A paid invoice: a row of the ledger. */
export interface PaidInvoiceFact {
  readonly invoice_id: string;
  /** The service period that the invoice pays for. Undefined if all of its lines are prorations or one-off items. */
  readonly period: { readonly start: Date; readonly end: Date } | undefined;
  /** A decimal string in `currency`. */
  readonly amount_paid: string;
  readonly currency: string;
  readonly paid_at: Date | undefined;
}

/** An invoice whose payment failed, or that became void afterwards. */
export interface UnpaidInvoiceFact {
  readonly invoice_id: string;
  readonly state: "failed" | "action_required" | "void";
  readonly amount_due: string;
  readonly currency: string;
  /** Stripe's page for paying the invoice. */
  readonly pay_url: string | undefined;
  readonly next_attempt_at: Date | undefined;
}

/** A refund or a dispute of a payment, or the sum of a charge's refunds. */
export interface ReversalFact {
  /** The id of the refund or the dispute. For a charge's sum, the id of the charge. */
  readonly reversal_id: string;
  /** `charge_sum`: the total that a charge reports as refunded, without the refunds themselves. */
  readonly kind: "refund" | "dispute" | "charge_sum";
  readonly status: string;
  readonly amount: string;
  readonly currency: string;
  readonly charge_id: string | undefined;
  readonly payment_intent_id: string | undefined;
  /** Decides between two versions of one reversal: the greater (rank, event id) counts. */
  readonly rank: number;
}

/** A subscription's state in one event. */
export interface SubscriptionFact {
  readonly status: string;
  /** Whether the status is final. */
  readonly ended: boolean;
  /** When the subscription ended, if the object says so. */
  readonly ended_at: Date | undefined;
  readonly current_period_end: Date | undefined;
  /** When the subscription will end without being renewed, if that is decided. */
  readonly cancel_at: Date | undefined;
  readonly rank: number;
}

export interface EventFacts {
  /** Undefined if the object names no owner. A payment is found by its invoice. */
  readonly owner: Owner | undefined;
  /** When Stripe created the event. */
  readonly created_at: Date | undefined;
  readonly links: readonly PaymentLink[];
  /** Payments and invoices that the event is about. */
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

/** The result of reading an event: its facts, the reason to ignore it, or the part that its payload lacks. */
export type Extraction =
  | { readonly kind: "facts"; readonly facts: EventFacts }
  | { readonly kind: "ignored"; readonly reason: string; readonly owner?: Owner }
  | { readonly kind: "incomplete"; readonly missing: "lines"; readonly owner: Owner };

/** All ids by which another event can wait for this one, or this one for another, sorted. */
export function idsOf({ owner, payment_ids }: Pick<EventFacts, "owner" | "payment_ids">): string[] {
  const ids = [owner?.customer_id, owner?.subscription_id, ...payment_ids].filter((id) => id !== undefined);
  return [...new Set(ids)].sort();
}

/**
 * Computes a hotel's subscription status. `valid_to` alone decides what the hotel may do. The status says why, and
 * warns.
 *
 * Stripe's own status of the subscription warns of a failed payment. If no subscription object has been seen, a failed
 * invoice that was neither paid nor made void warns instead.
 */
export type SubscriptionStatus = "trial" | "active" | "past_due" | "grace" | "lapsed";

export interface SubscriptionRow {
  readonly subscription_id: string;
  readonly status: string | null;
  readonly ended: boolean | null;
  readonly current_period_end: Date | null;
  readonly cancel_at: Date | null;
}

export interface UnpaidInvoiceRow {
  readonly invoice_id: string;
  readonly subscription_id: string | null;
  readonly state: "failed" | "action_required" | "void";
  readonly amount_due: string;
  readonly currency: string;
  readonly pay_url: string | null;
  readonly next_attempt_at: Date | null;
}

export interface StatusFacts {
  /** Whether the hotel is entitled now: `valid_to` is in the future. */
  readonly isOpen: boolean;
  readonly paidUntil: Date | undefined;
  readonly trialEndsAt: Date;
  readonly subscriptions: readonly SubscriptionRow[];
  /** Invoices that are still to be paid. */
  readonly owed: readonly UnpaidInvoiceRow[];
}

/**
 * Returns the invoices that still have to be paid: their payment failed, and they are neither void nor in the ledger.
 */
export function owedInvoices(
  unpaid: readonly UnpaidInvoiceRow[],
  paid: readonly { readonly invoice_id: string }[],
): UnpaidInvoiceRow[] {
  const settled = new Set(paid.map(({ invoice_id }) => invoice_id));
  return unpaid.filter(({ invoice_id, state }) => state !== "void" && !settled.has(invoice_id));
}

export function computeStatus(facts: StatusFacts, now: Date): SubscriptionStatus {
  if (!facts.isOpen) return "lapsed";
  if (isPastDue(facts)) return "past_due";
  if (facts.paidUntil !== undefined && facts.paidUntil > now) return "active";
  return facts.trialEndsAt > now ? "trial" : "grace";
}

function isPastDue({ subscriptions, owed }: StatusFacts): boolean {
  const known = subscriptions.filter(({ status }) => status !== null);
  if (known.some(({ status }) => status === "past_due" || status === "unpaid")) return true;
  return owed.some((invoice) => known.every(({ subscription_id }) => subscription_id !== invoice.subscription_id));
}

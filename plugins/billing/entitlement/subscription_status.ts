/**
 * Where a hotel stands, in one word. What it may do goes by `valid_to` alone; the word says why, and warns.
 *
 * Stripe's own status of the subscription warns of a payment that failed. Only where no subscription object has been seen,
 * a failed invoice that was neither paid nor made void speaks for it.
 */
export type StandingWord = "trial" | "active" | "past_due" | "grace" | "lapsed";

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

export interface StandingFacts {
  /** Whether the hotel is open now: `valid_to` has not come yet. */
  readonly isOpen: boolean;
  readonly paidUntil: Date | undefined;
  readonly trialEndsAt: Date;
  readonly subscriptions: readonly SubscriptionRow[];
  /** Those that are still to be paid. */
  readonly owed: readonly UnpaidInvoiceRow[];
}

/** What still has to be paid: what failed, was not made void, and does not stand in the ledger. */
export function owedInvoices(
  unpaid: readonly UnpaidInvoiceRow[],
  paid: readonly { readonly invoice_id: string }[],
): UnpaidInvoiceRow[] {
  const settled = new Set(paid.map(({ invoice_id }) => invoice_id));
  return unpaid.filter(({ invoice_id, state }) => state !== "void" && !settled.has(invoice_id));
}

export function standingOf(facts: StandingFacts, now: Date): StandingWord {
  if (!facts.isOpen) return "lapsed";
  if (isPastDue(facts)) return "past_due";
  if (facts.paidUntil !== undefined && facts.paidUntil > now) return "active";
  return facts.trialEndsAt > now ? "trial" : "grace";
}

function isPastDue({ subscriptions, owed }: StandingFacts): boolean {
  const known = subscriptions.filter(({ status }) => status !== null);
  if (known.some(({ status }) => status === "past_due" || status === "unpaid")) return true;
  return owed.some((invoice) => known.every(({ subscription_id }) => subscription_id !== invoice.subscription_id));
}

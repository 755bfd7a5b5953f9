/**
 * The history of the payments between a hotel and its card issuer: the facts that events report in pieces. Generates
 * random histories for property tests. `story_events.ts` turns a history into Stripe's events, and `oracle.ts` computes
 * the expected result.
 */
import fc from "fast-check";

export interface RefundStory {
  readonly id: string;
  /** The percentage of the payment's amount. */
  readonly share: number;
  /** The states in order. The last one counts. */
  readonly states: readonly string[];
}

export interface DisputeStory {
  readonly id: string;
  /** The percentage of the payment's amount. */
  readonly share: number;
  readonly states: readonly string[];
}

export interface PaymentStory {
  /** In the currency's smallest unit. */
  readonly amount: number;
  readonly refunds: readonly RefundStory[];
  readonly disputes: readonly DisputeStory[];
  /** Whether `charge.refunded` events report the refunds: not at all, with their list, or with their sum alone. */
  readonly chargeShows: "not" | "list" | "sum";
}

export interface InvoiceStory {
  readonly shape: "older" | "basil";
  /** In Stripe's form: with two decimals, none, or three. */
  readonly currency: "eur" | "jpy" | "kwd";
  /**
   * The end of the paid period, in days from now. Undefined for an invoice that has only prorations without an amount.
   */
  readonly until: number | undefined;
  /**
   * - `plan`: a line of the plan pays for the period
   * - `with_add_on`: in addition to the plan's month, an add-on's year, which does not extend the period
   * - `proration`: a proration with an amount alone pays for the period
   */
  readonly lines: "plan" | "with_add_on" | "proration";
  readonly end: "paid" | "failed" | "void";
  /** Whether a payment failed before. */
  readonly failedFirst: boolean;
  /** Whether both events of a payment are sent. */
  readonly twin: boolean;
  /** Whether the invoice names its hotel. */
  readonly named: boolean;
  readonly payments: readonly PaymentStory[];
}

export interface SubscriptionStory {
  /** The states in order. If there are none, no subscription object was ever sent. */
  readonly states: readonly string[];
  /** The object whose metadata names the hotel first. */
  readonly namedBy: "checkout" | "subscription";
  readonly invoices: readonly InvoiceStory[];
  /** When the subscription ended, in days from now, if its last state is final. */
  readonly endedIn: number;
  /**
   * The hotel of the subscription:
   * - `ours`: always this hotel
   * - `was_other`: first the other hotel by mistake, corrected before all other events
   * - `became_other`: first this hotel by mistake, corrected to the other hotel at the end
   */
  readonly hotel: "ours" | "was_other" | "became_other";
}

export interface PaymentHistory {
  /** The end of both hotels' trials, in days from now. */
  readonly trial: number;
  readonly subscriptions: readonly SubscriptionStory[];
  /**
   * The paid period's end, in days from now, of another subscription of the same customer. No event names a hotel for
   * it. Undefined: it does not exist.
   */
  readonly unnamedPaidUntil: number | undefined;
  /** Whether unrelated events are sent too. */
  readonly noise: boolean;
}

/** Half days, so that no period ends at the time of the test. */
const days = (min: number, max: number) => fc.integer({ min, max }).map((day) => day + 0.5);

const oneInThree = fc.constantFrom(true, false, false);

const refund = fc.record({
  share: fc.constantFrom(30, 50, 50, 100, 100, 100),
  states: fc.constantFrom(
    ["succeeded"],
    ["succeeded"],
    ["succeeded"],
    ["pending", "succeeded"],
    ["succeeded", "failed"],
    ["pending", "failed"],
    ["requires_action", "canceled"],
    ["pending"],
  ),
});

const dispute = fc.record({
  share: fc.constantFrom(10, 50, 70, 100, 100, 100),
  states: fc.constantFrom(
    ["needs_response", "under_review", "lost"],
    ["needs_response", "won"],
    ["needs_response", "lost", "won"],
    ["warning_needs_response", "warning_closed"],
    ["warning_under_review", "needs_response"],
    ["lost"],
  ),
});

const payment = fc.record({
  amount: fc.constantFrom(0, 4_900, 24_900),
  refunds: fc.oneof(
    { weight: 5, arbitrary: fc.constant([]) },
    { weight: 4, arbitrary: fc.array(refund, { minLength: 1, maxLength: 2 }) },
  ),
  disputes: fc.oneof(
    { weight: 6, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(dispute, { minLength: 1, maxLength: 1 }) },
  ),
  chargeShows: fc.constantFrom("not" as const, "list" as const, "sum" as const),
});

const invoice = fc.record({
  shape: fc.constantFrom("older" as const, "basil" as const),
  currency: fc.constantFrom("eur" as const, "eur" as const, "jpy" as const, "kwd" as const),
  until: fc.oneof(
    { weight: 6, arbitrary: days(-40, 400) },
    // Just in the past, so that days of grace may still cover it.
    { weight: 2, arbitrary: days(-5, -1) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  ),
  end: fc.constantFrom(
    "paid" as const,
    "paid" as const,
    "paid" as const,
    "paid" as const,
    "failed" as const,
    "void" as const,
  ),
  lines: fc.constantFrom("plan" as const, "plan" as const, "with_add_on" as const, "proration" as const),
  failedFirst: oneInThree,
  twin: oneInThree,
  named: fc.boolean(),
  payments: fc.oneof(
    { weight: 5, arbitrary: fc.array(payment, { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(payment, { minLength: 2, maxLength: 2 }) },
  ),
});

const subscription = fc.record({
  states: fc.constantFrom(
    [],
    ["active"],
    ["incomplete", "active"],
    ["trialing", "active", "past_due"],
    ["active", "past_due", "active"],
    ["active", "past_due", "unpaid"],
    ["active", "canceled"],
    ["incomplete", "incomplete_expired"],
  ),
  namedBy: fc.constantFrom("checkout" as const, "subscription" as const),
  invoices: fc.array(invoice, { maxLength: 3 }),
  endedIn: days(-50, 200),
  hotel: fc.oneof(
    { weight: 4, arbitrary: fc.constant("ours" as const) },
    { weight: 1, arbitrary: fc.constant("was_other" as const) },
    { weight: 1, arbitrary: fc.constant("became_other" as const) },
  ),
});

type HistoryWithoutIds = typeof historyWithoutIds extends fc.Arbitrary<infer T> ? T : never;

/** Numbers the refunds and disputes by their position, so that shrinking keeps their ids different. */
function withReversalIds(history: HistoryWithoutIds): PaymentHistory {
  let count = 0;
  const withIds = <T extends object>(prefix: string, stories: readonly T[]) =>
    stories.map((story) => ({ ...story, id: `${prefix}_${(count += 1)}` }));
  const subscriptions = history.subscriptions.map((story) => ({
    ...story,
    invoices: story.invoices.map((one) => ({
      ...one,
      // An invoice of the older versions has one charge, and an unpaid invoice has no successful payment.
      payments: one.payments.slice(0, one.shape === "older" ? 1 : 2).map((paid) => ({
        ...paid,
        refunds: withIds("re", one.end === "paid" && paid.amount > 0 ? paid.refunds : []),
        disputes: withIds("dp", one.end === "paid" && paid.amount > 0 ? paid.disputes : []),
      })),
    })),
  }));
  return { ...history, subscriptions };
}

const historyWithoutIds = fc.record({
  trial: days(-60, 20),
  subscriptions: fc.oneof(
    { weight: 6, arbitrary: fc.array(subscription, { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(subscription, { minLength: 2, maxLength: 2 }) },
  ),
  unnamedPaidUntil: fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: days(-5, 100) }),
  noise: fc.boolean(),
});

/** Any history. */
export const paymentHistories: fc.Arbitrary<PaymentHistory> = historyWithoutIds.map(withReversalIds);

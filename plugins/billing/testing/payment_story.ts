/**
 * Makes a random payment history of a hotel and its card issuer for property tests. `story_events.ts` makes
 * Stripe's events from it, and `oracle.ts` computes the expected result.
 */
import fc from "fast-check";

export interface RefundStory {
  readonly id: string;
  /** The part of the payment's amount, in hundredths. */
  readonly share: number;
  /** The states that it went through. The last one is final. */
  readonly states: readonly string[];
}

export interface DisputeStory {
  readonly id: string;
  /** The part of the payment's amount, in hundredths. */
  readonly share: number;
  readonly states: readonly string[];
}

export interface PaymentStory {
  /** In the currency's smallest unit. */
  readonly amount: number;
  readonly refunds: readonly RefundStory[];
  readonly disputes: readonly DisputeStory[];
  /** Whether charges report their refunds (`charge.refunded`), with the list of them or with the sum alone. */
  readonly chargeTells: "not" | "list" | "sum";
}

export interface InvoiceStory {
  readonly shape: "older" | "basil";
  /** As Stripe writes the currency: with two decimals, none, or three. */
  readonly currency: "eur" | "jpy" | "kwd";
  /**
   * The end of the paid period, in days from now. Undefined if the invoice has only prorations without an amount.
   */
  readonly until: number | undefined;
  /**
   * `plan`: a line of the plan pays. `with_add_on`: besides the plan's month there is an add-on's year, which does
   * not extend the period. `proration`: only a proration with an amount pays.
   */
  readonly lines: "plan" | "with_add_on" | "proration";
  readonly end: "paid" | "failed" | "void";
  /** A payment failed before. */
  readonly stumbled: boolean;
  /** Both events of a payment are sent. */
  readonly twin: boolean;
  /** The invoice names its hotel. */
  readonly named: boolean;
  readonly payments: readonly PaymentStory[];
}

export interface SubscriptionStory {
  /** The states that it went through. Empty if no subscription object was ever sent. */
  readonly states: readonly string[];
  /** The object whose metadata names the hotel first: the checkout, or the subscription. */
  readonly tiedBy: "checkout" | "subscription";
  readonly invoices: readonly InvoiceStory[];
  /** When it ended, in days from now, if its last state is an end. */
  readonly endedIn: number;
  /**
   * The owner. `ours` is always this hotel. The others begin with a mistake: the other hotel's, corrected before
   * all other events, or ours, corrected to the other hotel at the end.
   */
  readonly hotel: "ours" | "was_other" | "became_other";
}

export interface World {
  /** The end of both hotels' trials, in days from now. */
  readonly trial: number;
  readonly subscriptions: readonly SubscriptionStory[];
  /**
   * The end of the period that another subscription of the same customer has paid for, in days from now. No event
   * names a hotel for that subscription. Undefined if there is none.
   */
  readonly unnamedUntil: number | undefined;
  /** The number of unrelated events. */
  readonly noise: boolean;
}

/** Half days, so that nothing ends at the moment when the test reads. */
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
  chargeTells: fc.constantFrom("not" as const, "list" as const, "sum" as const),
});

const invoice = fc.record({
  shape: fc.constantFrom("older" as const, "basil" as const),
  currency: fc.constantFrom("eur" as const, "eur" as const, "jpy" as const, "kwd" as const),
  until: fc.oneof(
    { weight: 6, arbitrary: days(-40, 400) },
    // Shortly before now, so that days of grace can still cover it.
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
  stumbled: oneInThree,
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
  tiedBy: fc.constantFrom("checkout" as const, "subscription" as const),
  invoices: fc.array(invoice, { maxLength: 3 }),
  endedIn: days(-50, 200),
  hotel: fc.oneof(
    { weight: 4, arbitrary: fc.constant("ours" as const) },
    { weight: 1, arbitrary: fc.constant("was_other" as const) },
    { weight: 1, arbitrary: fc.constant("became_other" as const) },
  ),
});

type BareWorld = typeof bareWorld extends fc.Arbitrary<infer T> ? T : never;

/** A refund's id comes from its position in the story, so that shrinking keeps refunds distinct. */
function numbered(world: BareWorld): World {
  let count = 0;
  const withIds = <T extends object>(prefix: string, stories: readonly T[]) =>
    stories.map((story) => ({ ...story, id: `${prefix}_${(count += 1)}` }));
  const subscriptions = world.subscriptions.map((story) => ({
    ...story,
    invoices: story.invoices.map((one) => ({
      ...one,
      // An invoice of the older versions has one charge, and an unpaid one has none.
      payments: one.payments.slice(0, one.shape === "older" ? 1 : 2).map((paid) => ({
        ...paid,
        refunds: withIds("re", one.end === "paid" && paid.amount > 0 ? paid.refunds : []),
        disputes: withIds("dp", one.end === "paid" && paid.amount > 0 ? paid.disputes : []),
      })),
    })),
  }));
  return { ...world, subscriptions };
}

const bareWorld = fc.record({
  trial: days(-60, 20),
  subscriptions: fc.oneof(
    { weight: 6, arbitrary: fc.array(subscription, { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(subscription, { minLength: 2, maxLength: 2 }) },
  ),
  unnamedUntil: fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: days(-5, 100) }),
  noise: fc.boolean(),
});

/** Any story. */
export const worlds: fc.Arbitrary<World> = bareWorld.map(numbered);

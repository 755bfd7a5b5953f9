/**
 * What truly happened between a hotel and its guests' card issuers: the story that events tell in pieces. A random one for
 * property tests. `tell.ts` makes Stripe's events of it, and `oracle.ts` says what has to come out.
 */
import fc from "fast-check";

export interface RefundStory {
  readonly id: string;
  /** Of what its payment brought, in hundredths. */
  readonly share: number;
  /** The states that it went through; the last one holds. */
  readonly states: readonly string[];
}

export interface DisputeStory {
  readonly id: string;
  /** Of what its payment brought, in hundredths. */
  readonly share: number;
  readonly states: readonly string[];
}

export interface PaymentStory {
  /** In the currency's smallest unit. */
  readonly amount: number;
  readonly refunds: readonly RefundStory[];
  readonly disputes: readonly DisputeStory[];
  /** Whether charges tell of their refunds (`charge.refunded`), with the list of them or with the sum alone. */
  readonly chargeTells: "not" | "list" | "sum";
}

export interface InvoiceStory {
  readonly shape: "older" | "basil";
  /** As Stripe writes it: with two decimals, none, or three. */
  readonly currency: "eur" | "jpy" | "kwd";
  /** The end of what it pays for, in days from now; undefined: it is made of prorations without an amount alone. */
  readonly until: number | undefined;
  /**
   * `plan`: a line of the plan pays for it. `with_add_on`: beside the plan's month there is an add-on's year, which pays for no
   * more. `proration`: a proration with an amount is all that pays for it.
   */
  readonly lines: "plan" | "with_add_on" | "proration";
  readonly end: "paid" | "failed" | "void";
  /** A payment failed before. */
  readonly stumbled: boolean;
  /** Both events of a payment tell it. */
  readonly twin: boolean;
  /** The invoice names its hotel. */
  readonly named: boolean;
  readonly payments: readonly PaymentStory[];
}

export interface SubscriptionStory {
  /** The states that it went through; none: no subscription object was ever sent. */
  readonly states: readonly string[];
  /** Whose metadata names the hotel first: the checkout, or the subscription's own. */
  readonly tiedBy: "checkout" | "subscription";
  readonly invoices: readonly InvoiceStory[];
  /** When it ended, in days from now, where its last state says that it has. */
  readonly endedIn: number;
  /**
   * Whose it is: ours all along; the other hotel's by mistake, and corrected before all else that is told of it; or ours by
   * mistake, and corrected to the other hotel's after all.
   */
  readonly hotel: "ours" | "was_other" | "became_other";
}

export interface World {
  /** The end of both hotels' trials, in days from now. */
  readonly trial: number;
  readonly subscriptions: readonly SubscriptionStory[];
  /**
   * The end, in days from now, of what one more subscription of the same customer has paid for. No event names a hotel for
   * it. Undefined: there is none.
   */
  readonly unnamedUntil: number | undefined;
  /** Events that have nothing to do with it. */
  readonly noise: boolean;
}

/** Half days, so that nothing ends just when the test looks. */
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
    // Just past, which days of grace may still cover.
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

/** A refund's id lies in its place in the story, so that shrinking keeps it apart from the others. */
function numbered(world: BareWorld): World {
  let count = 0;
  const withIds = <T extends object>(prefix: string, stories: readonly T[]) =>
    stories.map((story) => ({ ...story, id: `${prefix}_${(count += 1)}` }));
  const subscriptions = world.subscriptions.map((story) => ({
    ...story,
    invoices: story.invoices.map((one) => ({
      ...one,
      // An invoice of the older versions has one charge, and an unpaid one none that held.
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

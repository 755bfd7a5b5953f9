/** Makes Stripe's events of a story, in the order in which Stripe would have made them. */
import { basilInvoice, eventAround, olderInvoice, type TestEvent } from "./deliveries.ts";
import { disputedAmount, refundAmounts } from "./oracle.ts";
import type { InvoiceStory, PaymentStory, SubscriptionStory, World } from "./payment_story.ts";

type Json = Record<string, unknown>;

interface Scene {
  readonly hotelId: string;
  /** The hotel that owns subscriptions by mistake, or at the end. */
  readonly otherId: string;
  /** In seconds since 1970. */
  readonly now: number;
  readonly customer: string;
  /** A prefix that makes the story's ids unique. */
  readonly tag: string;
  readonly events: TestEvent[];
}

/** Returns the events of a story about these two hotels. Their ids are unique to these hotels. */
export function tell(world: World, [hotelId, otherId]: readonly [string, string], now: number): TestEvent[] {
  const tag = hotelId.slice(-12);
  const scene: Scene = { hotelId, otherId, now, customer: `cus_${tag}`, tag, events: [] };
  world.subscriptions.forEach((story, index) => tellSubscription(scene, story, `sub_${tag}_${index}`));
  if (world.unnamedUntil !== undefined) tellUnnamed(scene, world.unnamedUntil);
  if (world.noise) tellNoise(scene);
  return scene.events;
}

function say(scene: Scene, type: string, object: Json): void {
  const number = scene.events.length;
  const event = eventAround(type, object, `evt_${scene.tag}_${String(number).padStart(3, "0")}`);
  // One second apart, a month ago.
  scene.events.push({ ...event, created: scene.now - 30 * 86_400 + number });
}

function tellSubscription(scene: Scene, story: SubscriptionStory, id: string): void {
  const metadata = { hotel_id: scene.hotelId };
  if (story.hotel === "was_other") tellCheckout(scene, id, scene.otherId);
  if (story.tiedBy === "checkout" || story.states.length === 0) tellCheckout(scene, id, scene.hotelId);
  story.states.forEach((status, index) => {
    const type = index === 0 ? "created" : status === "canceled" ? "deleted" : "updated";
    const period = { current_period_end: scene.now + index * 86_400 };
    const isBasil = index % 2 === 0;
    say(scene, `customer.subscription.${type}`, {
      id,
      object: "subscription",
      status,
      customer: scene.customer,
      metadata: story.tiedBy === "subscription" ? metadata : {},
      ended_at: status === "canceled" || status === "incomplete_expired" ? scene.now + story.endedIn * 86_400 : null,
      ...(isBasil ? { items: { data: [period] } } : period),
    });
  });
  story.invoices.forEach((invoice, index) => tellInvoice(scene, invoice, id, `${id}_${index}`));
  if (story.hotel === "became_other") tellCheckout(scene, id, scene.otherId);
}

function tellCheckout(scene: Scene, subscription: string, hotelId: string): void {
  const session = { id: `cs_${subscription}`, mode: "subscription", customer: scene.customer, subscription };
  say(scene, "checkout.session.completed", { ...session, client_reference_id: hotelId, metadata: {} });
}

/** A subscription of the same customer for which no event names a hotel. */
function tellUnnamed(scene: Scene, until: number): void {
  const ids = {
    customerId: scene.customer,
    subscriptionId: `sub_${scene.tag}_unnamed`,
    invoiceId: `in_${scene.tag}_u`,
  };
  say(scene, "invoice.paid", basilInvoice({ ...ids, periodEnd: scene.now + until * 86_400 }));
}

function tellInvoice(scene: Scene, story: InvoiceStory, subscriptionId: string, key: string): void {
  const isOlder = story.shape === "older";
  const made = (isOlder ? olderInvoice : basilInvoice)({
    hotelId: story.named ? scene.hotelId : undefined,
    invoiceId: `in_${key}`,
    customerId: scene.customer,
    subscriptionId,
    periodEnd: scene.now + (story.until ?? 0) * 86_400,
  });
  const lines = made["lines"] as { data: Json[] };
  const total = story.payments.reduce((sum, payment) => sum + payment.amount, 0);
  const paid: Json = {
    ...made,
    currency: story.currency,
    amount_paid: total,
    amount_due: total,
    lines: { ...lines, data: linesOf(story, lines.data) },
    ...(isOlder ? { charge: `ch_${key}_0`, payment_intent: `pi_${key}_0` } : {}),
  };
  const open = { ...paid, status: "open", paid: false, amount_paid: 0, amount_remaining: total };
  if (story.stumbled || story.end !== "paid") say(scene, "invoice.payment_failed", open);
  if (story.stumbled && story.twin) say(scene, "invoice.payment_action_required", open);
  if (story.end === "void") say(scene, "invoice.voided", { ...open, status: "void" });
  if (story.end !== "paid") return;
  say(scene, "invoice.payment_succeeded", paid);
  if (story.twin) say(scene, "invoice.paid", paid);
  story.payments.forEach((payment, index) => tellPayment(scene, payment, story, `${key}_${index}`, `in_${key}`));
}

/** The first line is the plan's. The others pay for nothing. */
function linesOf({ until, lines }: InvoiceStory, [plan = {}, ...others]: Json[]): Json[] {
  if (until === undefined) return others;
  if (lines === "plan") return [plan, ...others];
  if (lines === "with_add_on") {
    const { start } = plan["period"] as { start: number };
    return [{ ...plan, period: { start, end: start + 365 * 86_400 } }, plan, ...others];
  }
  const parent = plan["parent"] as Json | undefined;
  const proration =
    parent === undefined
      ? { ...plan, proration: true }
      : { ...plan, parent: { ...parent, subscription_item_details: { proration: true } } };
  return [{ ...proration, amount: -900 }, { ...proration, amount: 4_900 }, ...others];
}

function tellPayment(scene: Scene, story: PaymentStory, invoice: InvoiceStory, key: string, invoiceId: string): void {
  const isOlder = invoice.shape === "older";
  const { currency } = invoice;
  const [charge, payment_intent] = [`ch_${key}`, `pi_${key}`];
  const isTold = story.refunds.length + story.disputes.length > 0;
  if (!isOlder && isTold)
    say(scene, "invoice_payment.paid", {
      id: `inpay_${key}`,
      object: "invoice_payment",
      invoice: invoiceId,
      amount_paid: story.amount,
      payment: { type: "payment_intent", payment_intent },
      status: "paid",
    });
  const amounts = refundAmounts(story);
  const refunds = story.refunds.map((refund, index) => ({
    id: `${refund.id}_${scene.tag}`,
    object: "refund",
    amount: amounts[index] ?? 0,
    currency,
    charge,
    // Some name only the charge. In that case the charge names its intent.
    payment_intent: story.chargeTells === "not" ? payment_intent : null,
    states: refund.states,
  }));
  let isEnough = story.chargeTells === "list";
  if (story.chargeTells === "sum") isEnough = story.refunds.every(({ states }) => states.join() === "succeeded");
  refunds.forEach(({ states, ...refund }) => {
    states.forEach((status, index) => {
      const isLast = index === states.length - 1;
      // A charge reports that a refund was made. Without the list of refunds, only the refund itself reports its
      // end.
      if (isLast && status === "succeeded" && isEnough) return;
      const type = index === 0 ? "refund.created" : status === "failed" ? "refund.failed" : "charge.refund.updated";
      say(scene, type, { ...refund, status });
    });
  });
  if (story.chargeTells !== "not" && refunds.length > 0) {
    const list = refunds.map(({ states, ...refund }) => ({ ...refund, payment_intent, status: states.at(-1) }));
    const sum = list.filter(({ status }) => status !== "failed" && status !== "canceled");
    say(scene, "charge.refunded", {
      id: charge,
      object: "charge",
      amount: story.amount,
      amount_refunded: sum.reduce((total, { amount }) => total + amount, 0),
      currency,
      payment_intent,
      invoice: isOlder ? invoiceId : undefined,
      ...(story.chargeTells === "list" ? { refunds: { object: "list", data: list, has_more: false } } : {}),
    });
  }
  for (const dispute of story.disputes)
    dispute.states.forEach((status, index) => {
      const isEnd = ["won", "lost", "warning_closed"].includes(status);
      say(scene, `charge.dispute.${index === 0 ? "created" : isEnd ? "closed" : "updated"}`, {
        id: `${dispute.id}_${scene.tag}`,
        object: "dispute",
        amount: disputedAmount(story, dispute),
        currency,
        charge,
        payment_intent: isOlder ? null : payment_intent,
        status,
      });
    });
}

/** Events of other hotels, or without effect. */
function tellNoise(scene: Scene): void {
  const { tag } = scene;
  const far = scene.now + 900 * 86_400;
  say(scene, "invoice.finalized", olderInvoice({ hotelId: scene.hotelId, periodEnd: far }));
  say(scene, "invoice.paid", { ...olderInvoice({ customerId: scene.customer, periodEnd: far }), subscription: null });
  say(
    scene,
    "invoice.paid",
    basilInvoice({ customerId: `cus_other_${tag}`, subscriptionId: `sub_other_${tag}`, periodEnd: far }),
  );
  say(scene, "refund.created", {
    id: `re_other_${tag}`,
    amount: 100,
    currency: "eur",
    charge: `ch_other_${tag}`,
    payment_intent: `pi_other_${tag}`,
    status: "succeeded",
  });
  say(scene, "customer.updated", { id: scene.customer, object: "customer" });
}

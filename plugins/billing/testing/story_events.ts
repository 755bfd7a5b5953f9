/** Turns a payment history into Stripe's events, in the order in which Stripe would have created them. */
import { basilInvoice, eventAround, olderInvoice, type TestEvent } from "./deliveries.ts";
import { disputedAmount, refundAmounts } from "./oracle.ts";
import type { InvoiceStory, PaymentStory, SubscriptionStory, PaymentHistory } from "./payment_story.ts";

type Json = Record<string, unknown>;

interface Scene {
  readonly hotelId: string;
  /** The other hotel, which some subscriptions name by mistake or in the end. */
  readonly otherId: string;
  /** In seconds since 1970. */
  readonly now: number;
  readonly customer: string;
  /** Makes the history's ids unique. */
  readonly tag: string;
  readonly events: TestEvent[];
}

/** Returns the events of a history of these two hotels. Other hotels' histories have other ids. */
export function storyEvents(
  history: PaymentHistory,
  [hotelId, otherId]: readonly [string, string],
  now: number,
): TestEvent[] {
  const tag = hotelId.slice(-12);
  const scene: Scene = { hotelId, otherId, now, customer: `cus_${tag}`, tag, events: [] };
  history.subscriptions.forEach((story, index) => addSubscriptionEvents(scene, story, `sub_${tag}_${index}`));
  if (history.unnamedPaidUntil !== undefined) addUnnamedInvoice(scene, history.unnamedPaidUntil);
  if (history.noise) addUnrelatedEvents(scene);
  return scene.events;
}

function addEvent(scene: Scene, type: string, object: Json): void {
  const number = scene.events.length;
  const event = eventAround(type, object, `evt_${scene.tag}_${String(number).padStart(3, "0")}`);
  // One event per second, a month ago.
  scene.events.push({ ...event, created: scene.now - 30 * 86_400 + number });
}

function addSubscriptionEvents(scene: Scene, story: SubscriptionStory, id: string): void {
  const metadata = { hotel_id: scene.hotelId };
  if (story.hotel === "was_other") addCheckoutEvent(scene, id, scene.otherId);
  if (story.namedBy === "checkout" || story.states.length === 0) addCheckoutEvent(scene, id, scene.hotelId);
  story.states.forEach((status, index) => {
    const type = index === 0 ? "created" : status === "canceled" ? "deleted" : "updated";
    const period = { current_period_end: scene.now + index * 86_400 };
    const isBasil = index % 2 === 0;
    addEvent(scene, `customer.subscription.${type}`, {
      id,
      object: "subscription",
      status,
      customer: scene.customer,
      metadata: story.namedBy === "subscription" ? metadata : {},
      ended_at: status === "canceled" || status === "incomplete_expired" ? scene.now + story.endedIn * 86_400 : null,
      ...(isBasil ? { items: { data: [period] } } : period),
    });
  });
  story.invoices.forEach((invoice, index) => addInvoiceEvents(scene, invoice, id, `${id}_${index}`));
  if (story.hotel === "became_other") addCheckoutEvent(scene, id, scene.otherId);
}

function addCheckoutEvent(scene: Scene, subscription: string, hotelId: string): void {
  const session = { id: `cs_${subscription}`, mode: "subscription", customer: scene.customer, subscription };
  addEvent(scene, "checkout.session.completed", { ...session, client_reference_id: hotelId, metadata: {} });
}

/** A subscription of the same customer that no event names a hotel for. */
function addUnnamedInvoice(scene: Scene, until: number): void {
  const ids = {
    customerId: scene.customer,
    subscriptionId: `sub_${scene.tag}_unnamed`,
    invoiceId: `in_${scene.tag}_u`,
  };
  addEvent(scene, "invoice.paid", basilInvoice({ ...ids, periodEnd: scene.now + until * 86_400 }));
}

function addInvoiceEvents(scene: Scene, story: InvoiceStory, subscriptionId: string, key: string): void {
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
  if (story.failedFirst || story.end !== "paid") addEvent(scene, "invoice.payment_failed", open);
  if (story.failedFirst && story.twin) addEvent(scene, "invoice.payment_action_required", open);
  if (story.end === "void") addEvent(scene, "invoice.voided", { ...open, status: "void" });
  if (story.end !== "paid") return;
  addEvent(scene, "invoice.payment_succeeded", paid);
  if (story.twin) addEvent(scene, "invoice.paid", paid);
  story.payments.forEach((payment, index) => addPaymentEvents(scene, payment, story, `${key}_${index}`, `in_${key}`));
}

/** Returns the lines. The first line is the plan's; the others pay for nothing. */
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

function addPaymentEvents(
  scene: Scene,
  story: PaymentStory,
  invoice: InvoiceStory,
  key: string,
  invoiceId: string,
): void {
  const isOlder = invoice.shape === "older";
  const { currency } = invoice;
  const [charge, payment_intent] = [`ch_${key}`, `pi_${key}`];
  const isReversed = story.refunds.length + story.disputes.length > 0;
  if (!isOlder && isReversed)
    addEvent(scene, "invoice_payment.paid", {
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
    // Some refunds name only the charge. Then the charge names its intent.
    payment_intent: story.chargeShows === "not" ? payment_intent : null,
    states: refund.states,
  }));
  let isEnough = story.chargeShows === "list";
  if (story.chargeShows === "sum") isEnough = story.refunds.every(({ states }) => states.join() === "succeeded");
  refunds.forEach(({ states, ...refund }) => {
    states.forEach((status, index) => {
      const isLast = index === states.length - 1;
      // A charge shows that a refund was created. Without the list, only the refund's own event shows its final state.
      if (isLast && status === "succeeded" && isEnough) return;
      const type = index === 0 ? "refund.created" : status === "failed" ? "refund.failed" : "charge.refund.updated";
      addEvent(scene, type, { ...refund, status });
    });
  });
  if (story.chargeShows !== "not" && refunds.length > 0) {
    const list = refunds.map(({ states, ...refund }) => ({ ...refund, payment_intent, status: states.at(-1) }));
    const sum = list.filter(({ status }) => status !== "failed" && status !== "canceled");
    addEvent(scene, "charge.refunded", {
      id: charge,
      object: "charge",
      amount: story.amount,
      amount_refunded: sum.reduce((total, { amount }) => total + amount, 0),
      currency,
      payment_intent,
      invoice: isOlder ? invoiceId : undefined,
      ...(story.chargeShows === "list" ? { refunds: { object: "list", data: list, has_more: false } } : {}),
    });
  }
  for (const dispute of story.disputes)
    dispute.states.forEach((status, index) => {
      const isEnd = ["won", "lost", "warning_closed"].includes(status);
      addEvent(scene, `charge.dispute.${index === 0 ? "created" : isEnd ? "closed" : "updated"}`, {
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

/** Adds events that are not about the hotel, or have no effect. */
function addUnrelatedEvents(scene: Scene): void {
  const { tag } = scene;
  const far = scene.now + 900 * 86_400;
  addEvent(scene, "invoice.finalized", olderInvoice({ hotelId: scene.hotelId, periodEnd: far }));
  addEvent(scene, "invoice.paid", {
    ...olderInvoice({ customerId: scene.customer, periodEnd: far }),
    subscription: null,
  });
  addEvent(
    scene,
    "invoice.paid",
    basilInvoice({ customerId: `cus_other_${tag}`, subscriptionId: `sub_other_${tag}`, periodEnd: far }),
  );
  addEvent(scene, "refund.created", {
    id: `re_other_${tag}`,
    amount: 100,
    currency: "eur",
    charge: `ch_other_${tag}`,
    payment_intent: `pi_other_${tag}`,
    status: "succeeded",
  });
  addEvent(scene, "customer.updated", { id: scene.customer, object: "customer" });
}

/**
 * Computes the result of a story from the story itself, by the rules of SPEC. It uses no event, no order and none
 * of the plugin's code. It is as simple as possible, so that a reader sees that it is right.
 */
import type { DisputeStory, InvoiceStory, PaymentStory, SubscriptionStory, World } from "./payment_story.ts";

export interface Verdict {
  /** In days from now. */
  readonly validTo: number;
  readonly status: string;
}

/** @param hotel of the story's two hotels, the one whose result is computed */
export function judge(whole: World, graceDays: number, hotel: "ours" | "other"): Verdict {
  const world = partOf(whole, hotel);
  const paidUntil = Math.max(
    world.unnamedUntil ?? -Infinity,
    ...world.subscriptions.flatMap((story) => story.invoices.map((invoice) => coveredUntil(story, invoice))),
  );
  const validTo = Math.max(world.trial, paidUntil + graceDays);
  if (validTo < 0) return { validTo, status: "lapsed" };
  if (isWarned(world)) return { validTo, status: "past_due" };
  if (paidUntil > 0) return { validTo, status: "active" };
  return { validTo, status: world.trial > 0 ? "trial" : "grace" };
}

/** Selects a hotel's part of the story. A subscription belongs to the hotel that was named last. */
function partOf(world: World, hotel: "ours" | "other"): World {
  const ownerOf = (story: SubscriptionStory) => (story.hotel === "became_other" ? "other" : "ours");
  // A subscription without a hotel of its own belongs to the last hotel named for any object of its customer.
  const last = world.subscriptions.at(-1);
  const isUnnamedHere = last !== undefined && ownerOf(last) === hotel;
  return {
    ...world,
    subscriptions: world.subscriptions.filter((story) => ownerOf(story) === hotel),
    unnamedUntil: isUnnamedHere ? world.unnamedUntil : undefined,
  };
}

/** Two refunds of a payment never return more than was paid. The second refund takes the rest. */
export function refundAmounts(payment: PaymentStory): number[] {
  let left = payment.amount;
  return payment.refunds.map((refund) => {
    const wanted = Math.round((payment.amount * refund.share) / 100);
    // A failed refund leaves its amount to the next one.
    const amount = Math.min(wanted, left);
    left -= refund.states.at(-1) === "succeeded" ? amount : 0;
    return amount;
  });
}

/** A dispute is about a part of its payment or all of it. */
export const disputedAmount = (payment: PaymentStory, { share }: DisputeStory): number =>
  Math.round((payment.amount * share) / 100);

/**
 * Until when an invoice pays, in days from now. A partly refunded invoice pays at most until the end of its
 * subscription.
 */
function coveredUntil({ states, endedIn }: SubscriptionStory, invoice: InvoiceStory): number {
  const { paid, back } = balanceOf(invoice);
  if (invoice.end !== "paid" || invoice.until === undefined || (paid > 0 && back >= paid)) return -Infinity;
  const hasEnded = states.some((state) => state === "canceled" || state === "incomplete_expired");
  return hasEnded && back > 0 ? Math.min(invoice.until, endedIn) : invoice.until;
}

/** The paid amount and the part that was returned. Lost disputes and succeeded refunds count alike. */
function balanceOf(invoice: InvoiceStory): { readonly paid: number; readonly back: number } {
  let paid = 0;
  let back = 0;
  for (const payment of invoice.payments) {
    paid += payment.amount;
    const amounts = refundAmounts(payment);
    payment.refunds.forEach((refund, index) => {
      if (refund.states.at(-1) === "succeeded") back += amounts[index] ?? 0;
    });
    for (const dispute of payment.disputes)
      if (dispute.states.at(-1) === "lost") back += disputedAmount(payment, dispute);
  }
  return { paid, back };
}

function isWarned(world: World): boolean {
  return world.subscriptions.some(({ states, invoices }) => {
    const last = states.at(-1);
    if (last === undefined) return invoices.some((invoice) => invoice.end === "failed");
    return last === "past_due" || last === "unpaid";
  });
}

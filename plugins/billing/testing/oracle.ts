/**
 * What has to come out of a story, by SPEC's rules, from the story itself: no event, no order, and nothing of the plugin's
 * code. As simple as it can be, so that a reader sees that it is right.
 */
import type { DisputeStory, InvoiceStory, PaymentStory, SubscriptionStory, World } from "./payment_story.ts";

export interface Verdict {
  /** In days from now. */
  readonly validTo: number;
  readonly status: string;
}

/** @param hotel of the story's two hotels, the one that is judged */
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

/** A hotel's part of the story: a subscription is of the hotel that was named last, however many were named before. */
function partOf(world: World, hotel: "ours" | "other"): World {
  const ownerOf = (story: SubscriptionStory) => (story.hotel === "became_other" ? "other" : "ours");
  // Without a name of its own, a subscription goes by the last name for anything of its customer's.
  const last = world.subscriptions.at(-1);
  const isUnnamedHere = last !== undefined && ownerOf(last) === hotel;
  return {
    ...world,
    subscriptions: world.subscriptions.filter((story) => ownerOf(story) === hotel),
    unnamedUntil: isUnnamedHere ? world.unnamedUntil : undefined,
  };
}

/** Two refunds of a payment never give back more than it brought: the second takes what is left. */
export function refundAmounts(payment: PaymentStory): number[] {
  let left = payment.amount;
  return payment.refunds.map((refund) => {
    const wanted = Math.round((payment.amount * refund.share) / 100);
    // One that comes to nothing leaves what it wanted for the next.
    const amount = Math.min(wanted, left);
    left -= refund.states.at(-1) === "succeeded" ? amount : 0;
    return amount;
  });
}

/** A dispute is of a part of its payment, or of all of it. */
export const disputedAmount = (payment: PaymentStory, { share }: DisputeStory): number =>
  Math.round((payment.amount * share) / 100);

/**
 * Until when an invoice pays, in days from now. One of which something was given back pays no longer than until the end of its
 * subscription.
 */
function coveredUntil({ states, endedIn }: SubscriptionStory, invoice: InvoiceStory): number {
  const { paid, back } = balanceOf(invoice);
  if (invoice.end !== "paid" || invoice.until === undefined || (paid > 0 && back >= paid)) return -Infinity;
  const hasEnded = states.some((state) => state === "canceled" || state === "incomplete_expired");
  return hasEnded && back > 0 ? Math.min(invoice.until, endedIn) : invoice.until;
}

/** What was paid for it and what of that was given back: lost disputes and succeeded refunds count alike. */
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

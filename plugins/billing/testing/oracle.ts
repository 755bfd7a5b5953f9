/**
 * Computes the expected result of a payment history by SPEC's rules, from the history itself. It uses no events, no
 * order and no code of the plugin. It is as simple as possible, so that a reader sees that it is right.
 */
import type { DisputeStory, InvoiceStory, PaymentStory, SubscriptionStory, PaymentHistory } from "./payment_story.ts";

export interface Verdict {
  /** In days from now. */
  readonly validTo: number;
  readonly status: string;
}

/** @param hotel the hotel to compute the result for */
export function computeVerdict(whole: PaymentHistory, graceDays: number, hotel: "ours" | "other"): Verdict {
  const history = partOf(whole, hotel);
  const paidUntil = Math.max(
    history.unnamedPaidUntil ?? -Infinity,
    ...history.subscriptions.flatMap((story) => story.invoices.map((invoice) => coveredUntil(story, invoice))),
  );
  const validTo = Math.max(history.trial, paidUntil + graceDays);
  if (validTo < 0) return { validTo, status: "lapsed" };
  if (isWarned(history)) return { validTo, status: "past_due" };
  if (paidUntil > 0) return { validTo, status: "active" };
  return { validTo, status: history.trial > 0 ? "trial" : "grace" };
}

/** Returns a hotel's part of the history. A subscription belongs to the hotel that was named last. */
function partOf(history: PaymentHistory, hotel: "ours" | "other"): PaymentHistory {
  const ownerOf = (story: SubscriptionStory) => (story.hotel === "became_other" ? "other" : "ours");
  // A subscription without a name belongs to the hotel of the last name for its customer.
  const last = history.subscriptions.at(-1);
  const isUnnamedHere = last !== undefined && ownerOf(last) === hotel;
  return {
    ...history,
    subscriptions: history.subscriptions.filter((story) => ownerOf(story) === hotel),
    unnamedPaidUntil: isUnnamedHere ? history.unnamedPaidUntil : undefined,
  };
}

/** Computes refund amounts. Two refunds of a payment never exceed its amount: the second takes the rest. */
export function refundAmounts(payment: PaymentStory): number[] {
  let left = payment.amount;
  return payment.refunds.map((refund) => {
    const wanted = Math.round((payment.amount * refund.share) / 100);
    // A failed refund leaves its amount for the next.
    const amount = Math.min(wanted, left);
    left -= refund.states.at(-1) === "succeeded" ? amount : 0;
    return amount;
  });
}

/** The disputed amount, which is all or a part of the payment. */
export const disputedAmount = (payment: PaymentStory, { share }: DisputeStory): number =>
  Math.round((payment.amount * share) / 100);

/**
 * Computes until when an invoice pays, in days from now. A partly refunded invoice pays at most until the end of its
 * subscription.
 */
function coveredUntil({ states, endedIn }: SubscriptionStory, invoice: InvoiceStory): number {
  const { paid, returned } = balanceOf(invoice);
  if (invoice.end !== "paid" || invoice.until === undefined || (paid > 0 && returned >= paid)) return -Infinity;
  const hasEnded = states.some((state) => state === "canceled" || state === "incomplete_expired");
  return hasEnded && returned > 0 ? Math.min(invoice.until, endedIn) : invoice.until;
}

/** Computes the paid and the returned amount of an invoice. Lost disputes and succeeded refunds count alike. */
function balanceOf(invoice: InvoiceStory): { readonly paid: number; readonly returned: number } {
  let paid = 0;
  let returned = 0;
  for (const payment of invoice.payments) {
    paid += payment.amount;
    const amounts = refundAmounts(payment);
    payment.refunds.forEach((refund, index) => {
      if (refund.states.at(-1) === "succeeded") returned += amounts[index] ?? 0;
    });
    for (const dispute of payment.disputes)
      if (dispute.states.at(-1) === "lost") returned += disputedAmount(payment, dispute);
  }
  return { paid, returned };
}

function isWarned(history: PaymentHistory): boolean {
  return history.subscriptions.some(({ states, invoices }) => {
    const last = states.at(-1);
    if (last === undefined) return invoices.some((invoice) => invoice.end === "failed");
    return last === "past_due" || last === "unpaid";
  });
}

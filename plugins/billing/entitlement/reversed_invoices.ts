/**
 * Determines which paid invoices do not count because their money was returned. Computed from all facts of a hotel,
 * like `valid_to` itself. So it does not matter whether the invoice, the refund or the link between them came first.
 *
 * Links connect the ids of one payment (its charges and its payment intent), and a payment to its invoice. The refunded
 * amount of a payment is the sum of its succeeded refunds.
 *
 * A charge also shows the sum of its refunds. Newer API versions show only this sum in `charge.refunded`. The part of
 * the sum that no known refund explains counts as refunded. Once the single refunds are known, they explain the sum,
 * and a refund that has failed since no longer counts.
 *
 * A lost dispute reverses its own amount, which can be a part of the payment. It counts in addition to the refunds,
 * because Stripe does not include it in a charge's sum. A bank can also reverse a payment in another currency. Such a
 * lost dispute cannot be compared with the paid amount, so it counts as all of it.
 *
 * An invoice is reversed when the succeeded refunds and lost disputes of its payments reach the paid amount.
 */
import type { PaymentLink, ReversalFact } from "../facts/event_facts.ts";

type Reversal = Pick<ReversalFact, "reversal_id" | "kind" | "status" | "amount" | "currency"> & {
  readonly charge_id: string | null;
  readonly payment_intent_id: string | null;
};

/** The paid amount of an invoice. */
export interface PaidAmount {
  readonly invoice_id: string;
  readonly amount_paid: string;
  readonly currency: string;
}

export interface Reversed<R extends Reversal> {
  /** All reversals of the invoice's payments, with or without success. */
  readonly reversals: readonly R[];
  readonly isReversed: boolean;
  /** Whether any of the paid amount was returned. */
  readonly isReduced: boolean;
}

/** Finds the reversals of each invoice. An invoice without reversals is not in the result. */
export function reversedInvoices<R extends Reversal>(
  invoices: Iterable<PaidAmount>,
  links: readonly PaymentLink[],
  reversals: readonly R[],
): Map<string, Reversed<R>> {
  const found = new Map<string, Reversed<R>>();
  if (reversals.length === 0) return found;
  const payments = groupPayments(links, reversals);
  const byPayment = new Map<string, number[]>();
  reversals.forEach((reversal, at) => push(byPayment, payments.get(paymentOf(reversal) ?? "") ?? "", at));
  // Only payments with reversals: a hotel may have thousands of others.
  const paymentsOf = new Map<string, string[]>();
  for (const { payment_id, linked_id, to_invoice } of links) {
    const payment = payments.get(payment_id) ?? "";
    if (to_invoice && byPayment.has(payment)) push(paymentsOf, linked_id, payment);
  }
  for (const { invoice_id, amount_paid, currency } of invoices) {
    const own = [...new Set(paymentsOf.get(invoice_id))].map((payment) => byPayment.get(payment) ?? []);
    if (own.length === 0) continue;
    const pick = (places: readonly number[]) => places.map((at) => reversals[at]).filter((one) => one !== undefined);
    const refunded = own.reduce(
      (sum, places) => sum + refundedUnits(pick(places).filter((one) => one.currency === currency)),
      0n,
    );
    const ofInvoice = pick(own.flat().sort((one, other) => one - other));
    const isForeign = ofInvoice.some(
      (one) => one.kind === "dispute" && one.status === "lost" && one.currency !== currency,
    );
    // For an invoice of zero nothing was paid, so nothing can be returned.
    found.set(invoice_id, {
      reversals: ofInvoice,
      isReversed: isForeign || (refunded > 0n && refunded >= unitsOf(amount_paid)),
      isReduced: isForeign || refunded > 0n,
    });
  }
  return found;
}

function push<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

const paymentOf = ({ charge_id, payment_intent_id }: Reversal): string | null => charge_id ?? payment_intent_id;

/** Maps every id of a payment to one id of its group. Links in either direction put ids into one group. */
function groupPayments(links: readonly PaymentLink[], reversals: readonly Reversal[]): Map<string, string> {
  const linkedIds = new Map<string, string[]>();
  const join = (one: string, other: string): void => {
    push(linkedIds, one, other);
    push(linkedIds, other, one);
  };
  for (const { payment_id, linked_id, to_invoice } of links) join(payment_id, to_invoice ? payment_id : linked_id);
  for (const reversal of reversals) {
    const payment = paymentOf(reversal);
    if (payment !== null) join(payment, reversal.payment_intent_id ?? payment);
  }
  const groups = new Map<string, string>();
  for (const start of linkedIds.keys()) {
    const pending = groups.has(start) ? [] : [start];
    for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
      if (groups.has(id)) continue;
      groups.set(id, start);
      pending.push(...(linkedIds.get(id) ?? []));
    }
  }
  return groups;
}

/** Computes the returned amount of one payment, in the currency's smallest units. */
function refundedUnits(reversals: readonly Reversal[]): bigint {
  const sum = (kind: Reversal["kind"], status?: string): bigint =>
    reversals
      .filter((reversal) => reversal.kind === kind && (status === undefined || reversal.status === status))
      .reduce((units, { amount }) => units + unitsOf(amount), 0n);
  const unexplained = sum("charge_sum") - sum("refund");
  return sum("refund", "succeeded") + (unexplained > 0n ? unexplained : 0n) + sum("dispute", "lost");
}

/** Amounts of one currency all have its number of decimals (`stripe_amount.ts`). */
const unitsOf = (amount: string): bigint => BigInt(amount.replace(".", ""));

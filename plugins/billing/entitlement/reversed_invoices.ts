/**
 * Which paid invoices do not count, because their money went back? Computed from all facts of a hotel, like `valid_to`
 * itself, so that it does not matter whether the invoice, the refund or the link between them came first.
 *
 * The ids of one payment (its charges and its intent) hang together by links, and so do a payment and its invoice. Of one
 * payment is back what its succeeded refunds add up to. A charge also tells the sum of its refunds, and newer versions of
 * the API tell no more than that in `charge.refunded`. What of that sum no refund is known for counts as well; as soon as
 * the refunds are known one by one they explain it, and one of them that has failed since counts no more.
 *
 * A lost dispute takes back its own amount, which can be a part of the payment. It counts beside the refunds, because Stripe
 * keeps it out of a charge's sum. A bank can also take the money back in another currency than the payment's. Such a lost
 * dispute cannot be compared with what was paid, so it counts as all of it.
 *
 * An invoice is out when what is back of its payments by succeeded refunds and lost disputes reaches what was paid.
 */
import type { PaymentLink, ReversalFact } from "../facts/event_facts.ts";

type Reversal = Pick<ReversalFact, "reversal_id" | "kind" | "status" | "amount" | "currency"> & {
  readonly charge_id: string | null;
  readonly payment_intent_id: string | null;
};

/** What is asked about an invoice. */
export interface PaidAmount {
  readonly invoice_id: string;
  readonly amount_paid: string;
  readonly currency: string;
}

export interface Reversed<R extends Reversal> {
  /** All that aims at the invoice, whether it came to anything or not. */
  readonly reversals: readonly R[];
  readonly isOut: boolean;
  /** Whether any of its money is back. */
  readonly isReduced: boolean;
}

/** Finds for each invoice what was reversed of it; an invoice that nothing aims at is not in the answer. */
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
  // Only those of payments that something aims at: a hotel may have thousands of others.
  const paymentsOf = new Map<string, string[]>();
  for (const { payment_id, linked_id, to_invoice } of links) {
    const payment = payments.get(payment_id) ?? "";
    if (to_invoice && byPayment.has(payment)) push(paymentsOf, linked_id, payment);
  }
  for (const { invoice_id, amount_paid, currency } of invoices) {
    const own = [...new Set(paymentsOf.get(invoice_id))].map((payment) => byPayment.get(payment) ?? []);
    if (own.length === 0) continue;
    const pick = (places: readonly number[]) => places.map((at) => reversals[at]).filter((one) => one !== undefined);
    const back = own.reduce(
      (sum, places) => sum + unitsBack(pick(places).filter((one) => one.currency === currency)),
      0n,
    );
    const aimed = pick(own.flat().sort((one, other) => one - other));
    const isForeign = aimed.some((one) => one.kind === "dispute" && one.status === "lost" && one.currency !== currency);
    // Nothing was paid for an invoice of nothing, so nothing can come back of it.
    found.set(invoice_id, {
      reversals: aimed,
      isOut: isForeign || (back > 0n && back >= unitsOf(amount_paid)),
      isReduced: isForeign || back > 0n,
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

/** Gives every id of a payment the name of its group: the ids that are linked with one another, by whatever way round. */
function groupPayments(links: readonly PaymentLink[], reversals: readonly Reversal[]): Map<string, string> {
  const neighbours = new Map<string, string[]>();
  const join = (one: string, other: string): void => {
    push(neighbours, one, other);
    push(neighbours, other, one);
  };
  for (const { payment_id, linked_id, to_invoice } of links) join(payment_id, to_invoice ? payment_id : linked_id);
  for (const reversal of reversals) {
    const payment = paymentOf(reversal);
    if (payment !== null) join(payment, reversal.payment_intent_id ?? payment);
  }
  const groups = new Map<string, string>();
  for (const start of neighbours.keys()) {
    const open = groups.has(start) ? [] : [start];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (groups.has(id)) continue;
      groups.set(id, start);
      open.push(...(neighbours.get(id) ?? []));
    }
  }
  return groups;
}

/** What is back of one payment, in the currency's smallest units. */
function unitsBack(reversals: readonly Reversal[]): bigint {
  const sum = (kind: Reversal["kind"], status?: string): bigint =>
    reversals
      .filter((reversal) => reversal.kind === kind && (status === undefined || reversal.status === status))
      .reduce((units, { amount }) => units + unitsOf(amount), 0n);
  const unexplained = sum("charge_sum") - sum("refund");
  return sum("refund", "succeeded") + (unexplained > 0n ? unexplained : 0n) + sum("dispute", "lost");
}

/** Amounts of one currency all have its number of decimals (`stripe_amount.ts`). */
const unitsOf = (amount: string): bigint => BigInt(amount.replace(".", ""));

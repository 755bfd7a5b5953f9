/**
 * Compares two bodies of one event. Stripe advises to have two endpoints while an account moves to another API version.
 * It then sends one event to both, each in the form of the endpoint's version. These bodies differ and state the same
 * facts.
 */
import { readEvent, type StripeEventBody } from "../facts/stripe_event.ts";
import { extractFacts } from "../facts/extract_facts.ts";

/** Removes the number of endpoints that Stripe still has to reach: only this may differ in a repeated delivery. */
const withoutCounter = (body: string): string => body.replace(/("pending_webhooks"\s*:\s*)\d+/, "$1");

/**
 * Whether two bodies are the same event. Bodies of one API version must be the same text. Bodies of two versions must
 * state the same facts.
 */
export function isSameEvent(stored: string, body: string): boolean {
  if (withoutCounter(stored) === withoutCounter(body)) return true;
  try {
    const [one, other] = [readEvent(JSON.parse(stored)), readEvent(JSON.parse(body))];
    return one.api_version !== other.api_version && comparedPartsOf(one) === comparedPartsOf(other);
  } catch {
    // An unreadable body can't be compared.
    return false;
  }
}

/**
 * The facts that have an effect and exist in the forms of all versions. Links are left out, because some versions lack
 * them.
 */
function comparedPartsOf(event: StripeEventBody): string {
  const { type, created, livemode, account } = event;
  const { id, amount, amount_refunded } = event.data.object;
  const head = [type, created, livemode, account, id, amount, amount_refunded];
  const extraction = extractFacts(event);
  if (extraction.kind !== "facts") return JSON.stringify([head, extraction]);
  const { owner, paid_invoice, unpaid_invoice, reversals = [], subscription, is_customer_deleted } = extraction.facts;
  const ids = [owner?.named_hotel_id, owner?.customer_id, owner?.subscription_id];
  const paid = paid_invoice && [paid_invoice.amount_paid, paid_invoice.currency, paid_invoice.period];
  const unpaid = unpaid_invoice && [unpaid_invoice.state, unpaid_invoice.amount_due, unpaid_invoice.currency];
  const reversed = reversals
    .filter(({ kind }) => kind !== "refund" || type !== "charge.refunded")
    .map(({ reversal_id, kind, status, amount: of, currency }) => [reversal_id, kind, status, of, currency]);
  const state = subscription && [subscription.status, subscription.current_period_end, subscription.ended_at];
  return JSON.stringify([head, ids, paid, unpaid, reversed, state, is_customer_deleted]);
}

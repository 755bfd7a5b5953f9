/**
 * Are two bodies the same event? Stripe sends one event to two endpoints in the form of each one's API version, as it advises
 * for a move from one version to another. Those bodies differ, and tell the same.
 */
import { readEvent, type StripeEventBody } from "../facts/stripe_event.ts";
import { readTelling } from "../facts/extract_facts.ts";

/** Stripe counts down in a repeated delivery how many endpoints it is still to reach: the one thing that may differ. */
const withoutCounter = (body: string): string => body.replace(/("pending_webhooks"\s*:\s*)\d+/, "$1");

/** Bodies of one API version must be the same text; those of two versions must tell the same. */
export function isSameEvent(stored: string, body: string): boolean {
  if (withoutCounter(stored) === withoutCounter(body)) return true;
  try {
    const [one, other] = [readEvent(JSON.parse(stored)), readEvent(JSON.parse(body))];
    return one.api_version !== other.api_version && essenceOf(one) === essenceOf(other);
  } catch {
    // One that can't be read can't be compared.
    return false;
  }
}

/** What has an effect and stands in the forms of all versions: not the links, which some versions leave out. */
function essenceOf(event: StripeEventBody): string {
  const { type, created, livemode, account } = event;
  const { id, amount, amount_refunded } = event.data.object;
  const head = [type, created, livemode, account, id, amount, amount_refunded];
  const reading = readTelling(event);
  if (reading.kind !== "tells") return JSON.stringify([head, reading]);
  const { owner, paid_invoice, unpaid_invoice, reversals = [], subscription, is_customer_deleted } = reading.telling;
  const ids = [owner?.named_hotel_id, owner?.customer_id, owner?.subscription_id];
  const paid = paid_invoice && [paid_invoice.amount_paid, paid_invoice.currency, paid_invoice.period];
  const unpaid = unpaid_invoice && [unpaid_invoice.state, unpaid_invoice.amount_due, unpaid_invoice.currency];
  const back = reversals
    .filter(({ kind }) => kind !== "refund" || type !== "charge.refunded")
    .map(({ reversal_id, kind, status, amount: of, currency }) => [reversal_id, kind, status, of, currency]);
  const state = subscription && [subscription.status, subscription.current_period_end, subscription.ended_at];
  return JSON.stringify([head, ids, paid, unpaid, back, state, is_customer_deleted]);
}

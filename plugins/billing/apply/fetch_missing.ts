/**
 * Looks up facts that the payload of a Stripe event lacks:
 *
 * - the lines of an invoice beyond its first page
 * - the invoice that a payment was for, if no event has linked the two
 *
 * No transaction is open during the call to Stripe. The answer is stored with the event. So a replay gives the same
 * rows, and does not call Stripe again.
 *
 * It is possible that Stripe does not know the invoice of a payment yet. The event then waits, and is applied when
 * another event links the payment to its invoice. If an operator replays this one event, the lookup runs again
 * (`replay.ts`).
 */
import { prepare, type Trx, asError } from "../../../core/mod.ts";
import type Stripe from "stripe";

import { applyAndEnqueue } from "./apply_stripe_event.ts";
import type { BillingContext } from "../context.ts";
import { readEvent } from "../facts/stripe_event.ts";
import { readInvoice } from "../facts/invoice.ts";
import { readCharge, readInvoicePayment } from "../facts/payment.ts";
import { extractFacts, type Fetched } from "../facts/extract_facts.ts";
import { lockForApplying } from "../entitlement/replay_lock.ts";
import { type StripeApi, type StripeFailure, stripeFailureOf } from "../stripe/client.ts";
import type { EventFacts, PaymentLink } from "../facts/event_facts.ts";

const readStatement = prepare<{ body: string; status: string; fetched: string | null }>(
  "billing_read_event",
  "SELECT body, status, fetched FROM billing.stripe_events WHERE event_id = $1",
);
const storeStatement = prepare(
  "billing_keep_fetched",
  "UPDATE billing.stripe_events SET fetched = $2 WHERE event_id = $1 AND fetched IS NULL AND status = 'waiting'",
);

interface FetchRun {
  /** Marks the job as done, in the transaction that applies the event. */
  readonly finish: (trx: Trx) => Promise<void>;
  /** Aborts the wait for Stripe's answer. */
  readonly signal: AbortSignal;
}

/**
 * Looks up the facts that an event lacks, stores the answer and applies the event. If no lookup is needed or
 * possible, it only ends the job.
 * @throws StripeAway if the same call may succeed later; Error if Stripe refuses the call
 */
export async function fetchMissingForEvent(
  ctx: BillingContext,
  api: StripeApi | undefined,
  eventId: string,
  { finish, signal }: FetchRun,
): Promise<void> {
  const [stored] = await ctx.db.crossTenant((trx) => readStatement.run(trx, [eventId]), { readOnly: true });
  const isOpen = stored?.status === "waiting" && stored.fetched === null && api !== undefined;
  const fetched = isOpen ? await untilAborted(signal, fetchMissing(await api(), JSON.parse(stored.body))) : undefined;
  await ctx.db.crossTenant(async (trx) => {
    if (fetched !== undefined) {
      // Each transaction takes the replay lock before a lock on the event's row. In another order, this transaction and
      // a replay could deadlock.
      await lockForApplying(trx);
      await storeStatement.run(trx, [eventId, JSON.stringify(fetched)]);
      await applyAndEnqueue(ctx, trx, eventId);
    }
    await finish(trx);
  });
}

/**
 * Rejects as soon as the worker stops. Otherwise a call without an answer would delay the worker's stop by a minute.
 */
async function untilAborted<T>(signal: AbortSignal, answer: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(asError(signal.reason));
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener("abort", onAbort);
  }
}

async function fetchMissing(stripe: Stripe, body: unknown): Promise<Fetched | undefined> {
  const event = readEvent(body);
  const extraction = extractFacts(event);
  try {
    if (extraction.kind === "incomplete")
      return { lines: await fetchAllLines(stripe, readInvoice(event.data.object).invoice_id) };
    if (extraction.kind === "facts" && extraction.facts.owner === undefined)
      return { links: await fetchInvoiceLinks(stripe, extraction.facts) };
    return undefined;
  } catch (error) {
    // The outbox and the log store the error's text. The SDK's own error has the request and the answer in it.
    const failure = await stripeFailureOf(error);
    throw failure === undefined ? error : fetchError(event.id, failure);
  }
}

/** Stripe could not be reached, and the same call can succeed later. `sweep.ts` finds the dead jobs by this name. */
class StripeAway extends Error {
  override readonly name = "StripeAway";
}

const fetchError = (eventId: string, { retryable, words }: StripeFailure): Error =>
  retryable
    ? new StripeAway(`Stripe did not answer for ${eventId}: ${words}`)
    : new Error(`Stripe refused the request for what ${eventId} lacks: ${words}`);

/** Far more lines than Stripe allows in an invoice. The limit protects the memory from an endless list. */
const maxLines = 10_000;

function fetchAllLines(stripe: Stripe, invoiceId: string): Promise<unknown[]> {
  return stripe.invoices.listLineItems(invoiceId, { limit: 100 }).autoPagingToArray({ limit: maxLines });
}

/**
 * Finds which subscription invoices the payments of an event were for. Links to other invoices are left out.
 *
 * Each payment intent takes one call. A charge takes one more if the event does not name the charge's intent.
 * The result always links the charge to its intent, because a later event may link only the intent to the invoice.
 */
async function fetchInvoiceLinks(
  stripe: Stripe,
  { links: eventLinks, charge_ids, intent_ids }: EventFacts,
): Promise<PaymentLink[]> {
  const links = [...eventLinks];
  const intents = new Set(intent_ids);
  const withIntent = new Set(eventLinks.filter((link) => !link.to_invoice).map((link) => link.payment_id));
  for (const id of new Set(charge_ids)) {
    if (withIntent.has(id)) continue;
    const charge = readCharge(await stripe.charges.retrieve(id));
    links.push(...charge.links);
    for (const intentId of charge.intent_ids) intents.add(intentId);
  }
  const invoices = new Map<string, unknown>();
  for (const payment_intent of intents) {
    const payment = { type: "payment_intent", payment_intent } as const;
    const { data } = await stripe.invoicePayments.list({ payment, limit: 100, expand: ["data.invoice"] });
    links.push(...data.flatMap((invoicePayment) => readInvoicePayment(invoicePayment).links));
    for (const { invoice } of data) if (typeof invoice === "object") invoices.set(invoice.id ?? "", invoice);
  }
  const ofSubscriptions = new Set<string>();
  for (const id of new Set(links.filter((link) => link.to_invoice).map((link) => link.linked_id))) {
    const { subscription_id } = readInvoice(invoices.get(id) ?? (await stripe.invoices.retrieve(id)));
    if (subscription_id !== undefined) ofSubscriptions.add(id);
  }
  return links.filter((link) => !link.to_invoice || ofSubscriptions.has(link.linked_id));
}

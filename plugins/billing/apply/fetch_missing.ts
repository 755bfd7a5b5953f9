/**
 * Asks Stripe for what an event's payload does not hold: the lines of an invoice beyond its first page; the invoice that a
 * payment was for, where no event has told it. No transaction is open meanwhile. The answer is kept with the event, so that
 * a replay gives the same rows without asking again, whatever Stripe would say by then.
 *
 * That Stripe knows no invoice of a payment may be true for the moment alone. The event goes on waiting, and counts as soon
 * as another event tells the invoice. An operator who replays that one event has Stripe asked again (`replay.ts`).
 */
import { prepare, type Trx } from "../../../core/mod.ts";
import type Stripe from "stripe";

import { applyEvent } from "./apply_stripe_event.ts";
import type { BillingContext } from "../context.ts";
import { readEvent } from "../facts/stripe_event.ts";
import { readInvoice } from "../facts/invoice.ts";
import { readCharge, readInvoicePayment } from "../facts/payment.ts";
import { type Fetched, readTelling } from "../facts/extract_facts.ts";
import { applyBesideOthers } from "../recovery/replay_lock.ts";
import { type StripeApi, type StripeFailure, stripeFailureOf } from "../stripe/client.ts";
import type { PaymentLink, Telling } from "../facts/event_facts.ts";

const readStatement = prepare<{ body: string; status: string; fetched: string | null }>(
  "billing_read_event",
  "SELECT body, status, fetched FROM billing.stripe_events WHERE event_id = $1",
);
const keepStatement = prepare(
  "billing_keep_fetched",
  "UPDATE billing.stripe_events SET fetched = $2 WHERE event_id = $1 AND fetched IS NULL AND status = 'waiting'",
);

interface AskRun {
  /** Ends the job, in the transaction that it is called in. */
  readonly finish: (trx: Trx) => Promise<void>;
  /** Where it aborts, Stripe's answer is no longer waited for. */
  readonly signal: AbortSignal;
}

/** Asks for what the event of this id lacks, and applies it. */
export async function askForEvent(
  ctx: BillingContext,
  api: StripeApi | undefined,
  eventId: string,
  { finish, signal }: AskRun,
): Promise<void> {
  const [stored] = await ctx.db.crossTenant((trx) => readStatement.run(trx, [eventId]), { readOnly: true });
  const isOpen = stored?.status === "waiting" && stored.fetched === null && api !== undefined;
  const fetched = isOpen ? await whileRunning(signal, fetchMissing(await api(), JSON.parse(stored.body))) : undefined;
  await ctx.db.crossTenant(async (trx) => {
    if (fetched !== undefined) {
      // Before the row, as everywhere: a replay that waits for the row would else be waited for.
      await applyBesideOthers(trx);
      await keepStatement.run(trx, [eventId, JSON.stringify(fetched)]);
      await applyEvent(ctx, trx, eventId);
    }
    await finish(trx);
  });
}

/** Rejects as soon as the worker stops: a call that Stripe does not answer would hold the worker for a minute. */
async function whileRunning<T>(signal: AbortSignal, asking: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let stop: (() => void) | undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([asking, stopped]);
  } finally {
    if (stop !== undefined) signal.removeEventListener("abort", stop);
  }
}

async function fetchMissing(stripe: Stripe, body: unknown): Promise<Fetched | undefined> {
  const event = readEvent(body);
  const reading = readTelling(event);
  try {
    if (reading.kind === "lacks") return { lines: await allLines(stripe, readInvoice(event.data.object).invoice_id) };
    if (reading.kind === "tells" && reading.telling.owner === undefined)
      return { links: await invoicesOf(stripe, reading.telling) };
    return undefined;
  } catch (error) {
    // The SDK's error carries what was sent and came; this text goes into the outbox and the log.
    const failure = await stripeFailureOf(error);
    throw failure === undefined ? error : askingFailed(event.id, failure);
  }
}

/** Stripe could not be asked, and nothing is wrong with the event. The sweep tells the jobs that died of it by this name. */
class StripeAway extends Error {
  override readonly name = "StripeAway";
}

const askingFailed = (eventId: string, { retryable, words }: StripeFailure): Error =>
  retryable
    ? new StripeAway(`Stripe did not answer for ${eventId}: ${words}`)
    : new Error(`Stripe refused what ${eventId} lacks: ${words}`);

/** Far more than Stripe lets an invoice have; a list that does not end must not fill the memory. */
const mostLines = 10_000;

function allLines(stripe: Stripe, invoiceId: string): Promise<unknown[]> {
  return stripe.invoices.listLineItems(invoiceId, { limit: 100 }).autoPagingToArray({ limit: mostLines });
}

/**
 * The links to the subscription invoices that the payments were for; none of these where they were for something else. One
 * call for a payment intent; one more for a charge of which the event does not tell the intent. That link is kept in any
 * case: a later event may tell the invoice by the intent alone.
 */
async function invoicesOf(stripe: Stripe, { links: told, charge_ids, intent_ids }: Telling): Promise<PaymentLink[]> {
  const links = [...told];
  const intents = new Set(intent_ids);
  const withIntent = new Set(told.filter((link) => !link.to_invoice).map((link) => link.payment_id));
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
  const ours = new Set<string>();
  for (const id of new Set(links.filter((link) => link.to_invoice).map((link) => link.linked_id))) {
    const { subscription_id } = readInvoice(invoices.get(id) ?? (await stripe.invoices.retrieve(id)));
    if (subscription_id !== undefined) ours.add(id);
  }
  return links.filter((link) => !link.to_invoice || ours.has(link.linked_id));
}

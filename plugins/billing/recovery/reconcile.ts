/**
 * Asks Stripe what we should know and do not: the events of the last 30 days (Stripe keeps no more) that it could not
 * deliver, and then the paid invoices of each subscription. What is missing is stored as an event and applied by the road
 * of all events. Nothing that is here is touched, so it is safe to run twice, and beside the webhook.
 */
import type { Stripe } from "stripe";

import { isOutage, isUuid } from "../../../core/mod.ts";
import type { BillingContext } from "../context.ts";
import { billingProblems } from "../errors.ts";
import { readEvent, type StripeEventBody } from "../facts/stripe_event.ts";
import { storeEvent } from "../inbox/store_event.ts";
import type { EventSource } from "../models/stripe_event.ts";
import { createStripeApi, stripeFailureOf } from "../stripe/client.ts";
import { pagesOf, type Patience } from "../stripe/paginate.ts";

export interface ReconcileReport {
  /** That Stripe listed. */
  events: number;
  subscriptions: number;
  /** Tied here, and not known to Stripe. */
  unknownSubscriptions: string[];
  /** Those for which Stripe failed, with its words: they are left for the next time. */
  failedSubscriptions: { subscription_id: string; words: string }[];
  /** Paid ones that Stripe listed. */
  invoices: number;
  /** Ids of what Stripe listed and is no event that can be read: for a person to look at. */
  unreadable: string[];
  /** Events that the database refused: they are left for the next time. */
  failedEvents: { event_id: string; words: string }[];
  /** Ids of the events that were stored, or would be. */
  missing: { event_id: string; what: string }[];
}

export interface ReconcileOptions {
  readonly dryRun: boolean;
  /** Delivered events too: after a restore, what was taken in and lost again. */
  readonly allEvents?: boolean;
  readonly signal?: AbortSignal;
  /** Between two tries where Stripe is in trouble; default a second. */
  readonly firstWaitMs?: number;
  readonly onEvents?: (events: number) => void;
  readonly onSubscriptions?: (total: number) => void;
  readonly onSubscription?: () => void;
}

const days = 30;
const mostInARow = 3;

/** The id of the event that stands for a paid invoice. Stripe's own begin with `evt_`. */
const reconciledId = (invoiceId: string): string => `reconciled_${invoiceId}`;

/** @throws Problem BILLING_NOT_CONFIGURED without STRIPE_API_KEY; what Stripe's SDK throws */
export async function reconcile(ctx: BillingContext, options: ReconcileOptions): Promise<ReconcileReport> {
  const stripe = await createStripeApi(ctx)?.();
  if (stripe === undefined) throw billingProblems.BILLING_NOT_CONFIGURED("STRIPE_API_KEY is not set.");
  const patience: Patience = { signal: options.signal, firstWaitMs: options.firstWaitMs ?? 1000 };
  const report: ReconcileReport = {
    events: 0,
    subscriptions: 0,
    unknownSubscriptions: [],
    failedSubscriptions: [],
    invoices: 0,
    unreadable: [],
    failedEvents: [],
    missing: [],
  };
  const round: Round = { ctx, stripe, patience, options, report };
  await reconcileEvents(round);
  await reconcileInvoices(round);
  return report;
}

/** As the schedule runs it. */
export async function reconcileByNight(ctx: BillingContext, signal: AbortSignal): Promise<void> {
  const { missing, ...seen } = await reconcile(ctx, { dryRun: false, signal });
  const fields = { ...seen, missing: missing.length };
  if (seen.failedSubscriptions.length + seen.failedEvents.length > 0)
    ctx.log.error(fields, "the reconciliation with Stripe has left something out");
  else if (missing.length > 0) ctx.log.warn(fields, "the reconciliation with Stripe found what was missing");
  else ctx.log.info(fields, "the reconciliation with Stripe found nothing missing");
}

interface Round {
  readonly ctx: BillingContext;
  readonly stripe: Stripe;
  readonly patience: Patience;
  readonly options: ReconcileOptions;
  readonly report: ReconcileReport;
}

async function reconcileEvents(round: Round): Promise<void> {
  const { ctx, stripe, patience, options, report } = round;
  const since = Math.floor(Date.now() / 1000) - days * 86_400;
  const pages = pagesOf(patience, (page) =>
    stripe.events.list({
      ...page,
      ...(options.allEvents === true ? {} : { delivery_success: false }),
      created: { gte: since },
    }),
  );
  for await (const events of pages) {
    report.events += events.length;
    options.onEvents?.(events.length);
    const known = await knownIds(
      ctx,
      "billing.stripe_events",
      "event_id",
      events.map(({ id }) => id),
    );
    for (const event of events.filter(({ id }) => !known.has(id))) {
      await store(round, event, "events_list", `${event.type} of ${instantText(event.created)}`);
    }
  }
}

async function reconcileInvoices(round: Round): Promise<void> {
  const { options, report } = round;
  const subscriptions = await subscriptionIds(round);
  report.subscriptions = subscriptions.length;
  options.onSubscriptions?.(subscriptions.length);
  let inARow = 0;
  for (const subscription_id of subscriptions) {
    try {
      await reconcileSubscription(round, subscription_id);
      inARow = 0;
    } catch (error) {
      if ((error as { code?: unknown }).code === "resource_missing") report.unknownSubscriptions.push(subscription_id);
      else {
        inARow += 1;
        const failure = await stripeFailureOf(error);
        // One that Stripe stumbles over keeps none of the others from being looked at; where it fails for all, that's that.
        if (failure === undefined || inARow === mostInARow) throw error;
        report.failedSubscriptions.push({ subscription_id, words: failure.words });
      }
    }
    options.onSubscription?.();
  }
}

/** Those that are tied here, and those that Stripe knows to be of one of ours: of these every event may be missing. */
async function subscriptionIds({ ctx, stripe, patience }: Round): Promise<string[]> {
  const tied = (table: string, column: string) =>
    ctx.db.crossTenant((trx) => trx(table).pluck<string[]>(column), { readOnly: true });
  const ids = new Set(await tied("billing.subscriptions", "subscription_id"));
  const customers = new Set(await tied("billing.customers", "customer_id"));
  for await (const page of pagesOf(patience, (at) => stripe.subscriptions.list({ ...at, status: "all" }))) {
    for (const { id, metadata, customer } of page) {
      const of = typeof customer === "string" ? customer : customer.id;
      if (isUuid(metadata["hotel_id"] ?? "") || customers.has(of)) ids.add(id);
    }
  }
  return [...ids].sort();
}

async function reconcileSubscription(round: Round, subscription: string): Promise<void> {
  const { ctx, stripe, patience, report } = round;
  const pages = pagesOf(patience, (page) => stripe.invoices.list({ ...page, subscription, status: "paid" }));
  for await (const page of pages) {
    const invoices = page as readonly (Stripe.Invoice & { id: string })[];
    report.invoices += invoices.length;
    const ids = invoices.map(({ id }) => id);
    const inLedger = await knownIds(ctx, "billing.paid_invoices", "invoice_id", ids);
    const stored = await knownIds(ctx, "billing.stripe_events", "event_id", ids.map(reconciledId));
    for (const invoice of invoices.filter(({ id }) => !inLedger.has(id) && !stored.has(reconciledId(id)))) {
      const event = eventOf(await withAllLines(round, invoice));
      await store(round, event, "invoices_list", `invoice ${invoice.id} of ${subscription}`);
    }
  }
}

/** Lines beyond the first page are fetched here, so that the worker needs no call for them. */
async function withAllLines({ stripe, patience }: Round, invoice: Stripe.Invoice & { id: string }) {
  if (!invoice.lines.has_more) return invoice;
  const data: Stripe.InvoiceLineItem[] = [];
  for await (const page of pagesOf(patience, (at) => stripe.invoices.listLineItems(invoice.id, at))) data.push(...page);
  return { ...invoice, lines: { ...invoice.lines, data, has_more: false } };
}

/** An event that says of itself that Stripe did not send it. */
function eventOf(invoice: Stripe.Invoice & { id: string }) {
  return {
    id: reconciledId(invoice.id),
    object: "event",
    api_version: null,
    created: invoice.status_transitions.paid_at ?? invoice.created,
    livemode: invoice.livemode,
    type: "invoice.paid",
    data: { object: invoice },
    reconciled: { from: "invoices.list", at: new Date().toISOString() },
  };
}

async function store(
  { ctx, options, report }: Round,
  found: { readonly id: string },
  source: EventSource,
  what: string,
): Promise<void> {
  const body = JSON.stringify(found);
  const event = readable(body);
  if (event === undefined) return void report.unreadable.push(found.id);
  try {
    if (options.dryRun || (await storeEvent(ctx, event, body, source)) !== "known")
      report.missing.push({ event_id: event.id, what });
  } catch (error) {
    // One event that can't be stored keeps none of the others from it; a database that is away does.
    if (isOutage(error)) throw error;
    ctx.log.error({ err: error, event_id: event.id }, "an event from the reconciliation could not be stored");
    report.failedEvents.push({ event_id: event.id, words: (error as Error).message });
  }
}

function readable(body: string): StripeEventBody | undefined {
  try {
    return readEvent(JSON.parse(body));
  } catch {
    return undefined;
  }
}

async function knownIds(ctx: BillingContext, table: string, column: string, ids: string[]): Promise<Set<string>> {
  return new Set(
    await ctx.db.crossTenant((trx) => trx(table).whereIn(column, ids).pluck<string[]>(column), { readOnly: true }),
  );
}

const instantText = (seconds: number): string => new Date(seconds * 1000).toISOString();

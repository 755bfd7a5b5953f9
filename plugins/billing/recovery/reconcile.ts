/**
 * Asks Stripe for missing data: the events of the last 30 days that it could not deliver, then the paid invoices of
 * each subscription. Stripe stores events for no longer.
 *
 * It stores missing data as events, and a worker applies them like any other event. Existing rows do not change. So
 * it is safe to run twice, and concurrently with the webhook.
 */
import type { Stripe } from "stripe";

import { isOutage, isUuid, asError, memberOf } from "../../../core/mod.ts";
import type { BillingContext } from "../context.ts";
import { billingProblems } from "../errors.ts";
import { readEvent, type StripeEventBody } from "../facts/stripe_event.ts";
import { storeEvent } from "../inbox/store_event.ts";
import type { EventSource } from "../models/stripe_event.ts";
import { createStripeApi, stripeFailureOf } from "../stripe/client.ts";
import { paginate, type StripeRetryOptions } from "../stripe/paginate.ts";

export interface ReconcileReport {
  /** The number of events that Stripe listed. */
  events: number;
  subscriptions: number;
  /** Subscriptions that are linked to a hotel here and that Stripe does not know. */
  unknownSubscriptions: string[];
  /** Subscriptions for which Stripe failed, with the failure. The next run tries them again. */
  failedSubscriptions: { subscription_id: string; words: string }[];
  /** The number of paid invoices that Stripe listed. */
  invoices: number;
  /** Ids of listed objects that can't be read as events. A person must look at them. */
  unreadable: string[];
  /** Events that the database refused. The next run tries them again. */
  failedEvents: { event_id: string; words: string }[];
  /** The events that were stored, or would be in a dry run. */
  missing: { event_id: string; what: string }[];
}

export interface ReconcileOptions {
  readonly dryRun: boolean;
  /** Also asks for delivered events. After a restore, it finds events that were stored and lost again. */
  readonly allEvents?: boolean;
  readonly signal?: AbortSignal;
  /** The first pause between two attempts, in milliseconds; default 1000. */
  readonly firstWaitMs?: number;
  readonly onEvents?: (events: number) => void;
  readonly onSubscriptions?: (total: number) => void;
  readonly onSubscription?: () => void;
}

/** Days. */
const eventRetention = 30;
const maxFailuresInARow = 3;

/** The id of the event that represents a paid invoice. Stripe's own ids begin with `evt_`. */
const reconciledId = (invoiceId: string): string => `reconciled_${invoiceId}`;

/**
 * Stores what is missing, or only reports it in a dry run.
 * @throws Problem BILLING_NOT_CONFIGURED without STRIPE_API_KEY; errors of Stripe's SDK
 */
export async function reconcile(ctx: BillingContext, options: ReconcileOptions): Promise<ReconcileReport> {
  const stripe = await createStripeApi(ctx)?.();
  if (stripe === undefined) throw billingProblems.BILLING_NOT_CONFIGURED("STRIPE_API_KEY is not set.");
  const retryOptions: StripeRetryOptions = { signal: options.signal, firstWaitMs: options.firstWaitMs ?? 1000 };
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
  const run: Run = { ctx, stripe, retryOptions, options, report };
  await reconcileEvents(run);
  await reconcileInvoices(run);
  return report;
}

/** Reconciles, and logs the result. The schedule runs it every night. */
export async function reconcileNightly(ctx: BillingContext, signal: AbortSignal): Promise<void> {
  const { missing, ...seen } = await reconcile(ctx, { dryRun: false, signal });
  const fields = { ...seen, missing: missing.length };
  if (seen.failedSubscriptions.length + seen.failedEvents.length > 0)
    ctx.log.error(fields, "reconciled with Stripe, but some subscriptions or events failed");
  else if (missing.length > 0) ctx.log.warn(fields, "reconciled with Stripe and stored missing events");
  else ctx.log.info(fields, "reconciled with Stripe and found nothing missing");
}

interface Run {
  readonly ctx: BillingContext;
  readonly stripe: Stripe;
  readonly retryOptions: StripeRetryOptions;
  readonly options: ReconcileOptions;
  readonly report: ReconcileReport;
}

async function reconcileEvents(run: Run): Promise<void> {
  const { ctx, stripe, retryOptions, options, report } = run;
  const since = Math.floor(Date.now() / 1000) - eventRetention * 86_400;
  const pages = paginate(retryOptions, (page) =>
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
      await store(run, event, "events_list", `${event.type} of ${instantText(event.created)}`);
    }
  }
}

async function reconcileInvoices(run: Run): Promise<void> {
  const { options, report } = run;
  const subscriptions = await subscriptionIds(run);
  report.subscriptions = subscriptions.length;
  options.onSubscriptions?.(subscriptions.length);
  let failuresInARow = 0;
  for (const subscription_id of subscriptions) {
    try {
      await reconcileSubscription(run, subscription_id);
      failuresInARow = 0;
    } catch (error) {
      if (memberOf(error, "code") === "resource_missing") report.unknownSubscriptions.push(subscription_id);
      else {
        failuresInARow += 1;
        const failure = await stripeFailureOf(error);
        // If Stripe fails for one subscription, the others are still reconciled. If it fails for several in a row,
        // Stripe itself is down.
        if (failure === undefined || failuresInARow === maxFailuresInARow) throw error;
        report.failedSubscriptions.push({ subscription_id, words: failure.words });
      }
    }
    options.onSubscription?.();
  }
}

/**
 * Lists the subscriptions that are linked to a hotel here, and those that Stripe knows to be a hotel's. All events of
 * the latter may be missing.
 */
async function subscriptionIds({ ctx, stripe, retryOptions }: Run): Promise<string[]> {
  const readLinked = (table: string, column: string) =>
    ctx.db.crossTenant((trx) => trx(table).pluck<string[]>(column), { readOnly: true });
  const ids = new Set(await readLinked("billing.subscriptions", "subscription_id"));
  const customers = new Set(await readLinked("billing.customers", "customer_id"));
  for await (const page of paginate(retryOptions, (at) => stripe.subscriptions.list({ ...at, status: "all" }))) {
    for (const { id, metadata, customer } of page) {
      const customerId = typeof customer === "string" ? customer : customer.id;
      if (isUuid(metadata["hotel_id"] ?? "") || customers.has(customerId)) ids.add(id);
    }
  }
  return [...ids].sort();
}

async function reconcileSubscription(run: Run, subscription: string): Promise<void> {
  const { ctx, stripe, retryOptions, report } = run;
  const pages = paginate(retryOptions, (page) => stripe.invoices.list({ ...page, subscription, status: "paid" }));
  let isComplete = true;
  for await (const page of pages) {
    const invoices = page.filter(hasId);
    if (invoices.length < page.length) isComplete = false;
    report.invoices += page.length;
    const ids = invoices.map(({ id }) => id);
    const inLedger = await knownIds(ctx, "billing.paid_invoices", "invoice_id", ids);
    const stored = await knownIds(ctx, "billing.stripe_events", "event_id", ids.map(reconciledId));
    for (const invoice of invoices.filter(({ id }) => !inLedger.has(id) && !stored.has(reconciledId(id)))) {
      const event = eventOf(await withAllLines(run, invoice));
      await store(run, event, "invoices_list", `invoice ${invoice.id} of ${subscription}`);
    }
  }
  // Only a preview of an upcoming invoice has no id. An operator must hear of a paid one, because it can't be stored.
  if (!isComplete)
    report.failedSubscriptions.push({ subscription_id: subscription, words: "a paid invoice has no id" });
}

const hasId = (invoice: Stripe.Invoice): invoice is Stripe.Invoice & { id: string } => invoice.id !== undefined;

/** Fetches the lines beyond the first page here, so that the worker needs no call for them. */
async function withAllLines({ stripe, retryOptions }: Run, invoice: Stripe.Invoice & { id: string }) {
  if (!invoice.lines.has_more) return invoice;
  const data: Stripe.InvoiceLineItem[] = [];
  for await (const page of paginate(retryOptions, (at) => stripe.invoices.listLineItems(invoice.id, at)))
    data.push(...page);
  return { ...invoice, lines: { ...invoice.lines, data, has_more: false } };
}

/** Creates an event that says that Stripe did not send it. */
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
  { ctx, options, report }: Run,
  candidate: { readonly id: string },
  source: EventSource,
  what: string,
): Promise<void> {
  const body = JSON.stringify(candidate);
  const event = tryReadEvent(body);
  if (event === undefined) return void report.unreadable.push(candidate.id);
  try {
    if (options.dryRun || (await storeEvent(ctx, event, body, source)) !== "known")
      report.missing.push({ event_id: event.id, what });
  } catch (error) {
    // A failed event does not keep the others from being stored. An outage of the database does.
    if (isOutage(error)) throw error;
    ctx.log.error({ err: error, event_id: event.id }, "could not store an event from the reconciliation");
    report.failedEvents.push({ event_id: event.id, words: asError(error).message });
  }
}

function tryReadEvent(body: string): StripeEventBody | undefined {
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

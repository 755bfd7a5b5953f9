/** `billing events` and `billing show`: lists stored events and shows one with its outcome. */
import { type Command, defineCommand, type FieldValues, printable, type Trx } from "../../../core/mod.ts";
import * as z from "zod";

import type { BillingContext } from "../context.ts";
import { count } from "./count.ts";
import { eventsWithJob, type JobState, jobStates } from "../inbox/event_jobs.ts";
import { applyStripeEvent, askStripe } from "../jobs.ts";
import type { ReversalRow } from "../entitlement/recompute.ts";
import type { manifest } from "../manifest.ts";
import type { PaidInvoice } from "../models/paid_invoice.ts";
import { eventStatuses, StripeEvent } from "../models/stripe_event.ts";
import type { SubscriptionRow, UnpaidInvoiceRow } from "../entitlement/subscription_status.ts";

/** In addition to the event's own statuses: the job is dead, or it has failed and will be retried. */
const jobStatuses = ["dead", "failing"] as const;
const statuses = [...eventStatuses, ...jobStatuses];

const spans: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The filter of `events`, as options. */
const filters = {
  status: z.enum(statuses).optional().describe("List only events of this status, or whose job is dead or failing"),
  type: z
    .string()
    .regex(/^[a-z0-9_.]+\*?$/, "must be an event type of Stripe such as invoice.paid, or a prefix: invoice.*")
    .optional()
    .describe("List only events of this type of Stripe, or with this prefix: invoice.*"),
  hotel: z.uuid().optional().describe("List only events of this hotel"),
  since: z
    .string()
    .transform(instantOf)
    .refine((instant) => !Number.isNaN(instant.getTime()), {
      error: "must be a day or an instant (2026-01-31, 2026-01-31T08:00:00Z), or a span: 30m, 12h, 7d",
    })
    .optional()
    .meta({
      title: "time",
      description: "List only events received since a day, an instant, or a span ago: 30m, 12h, 7d",
    }),
  limit: z.int().min(1).max(10_000).default(50).describe("List at most this number of events"),
};

type Filter = FieldValues<typeof filters>;

function instantOf(text: string): Date {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  return count === undefined ? new Date(text) : new Date(Date.now() - Number(count) * (spans[unit ?? ""] ?? 0));
}

/** An event with the state of its job, if it has one. */
type Listed = StripeEvent & Partial<JobState>;

export const events: Command = defineCommand({
  summary: "List events, newest first, with why they wait or fail",
  options: filters,
  run: async ({ options: filter }, { open, print }) => {
    const ctx = await open<typeof manifest>();
    const found = await ctx.db.crossTenant((trx) => listEvents(trx, filter), { readOnly: true });
    for (const event of found) print(lineOf(event));
    const more = found.length === filter.limit ? ` (the newest; use --limit to list more)` : "";
    print(`${count(found.length, "event")}${more}`);
  },
});

async function listEvents(trx: Trx, { status, type, hotel, since, limit }: Filter): Promise<Listed[]> {
  const query = trx("billing.stripe_events")
    .orderBy([{ column: "received_at", order: "desc" }, "event_id"])
    .limit(limit);
  const withJob = () => eventsWithJob(trx, applyStripeEvent, askStripe);
  // Excludes events that have an outcome although a job of theirs has failed: a later event can complete them.
  if (status === "dead" || status === "failing") void query.whereIn("status", ["stored", "waiting"]);
  if (status === "dead")
    void query
      .whereIn("event_id", withJob().whereNotNull("dead_at"))
      .whereNotIn("event_id", withJob().whereNull("dead_at"));
  else if (status === "failing")
    void query.whereIn("event_id", withJob().whereNull("dead_at").where("failures", ">", 0));
  else if (status !== undefined) void query.where({ status });
  if (type?.endsWith("*") === true) void query.whereRaw("starts_with(type, ?)", [type.slice(0, -1)]);
  else if (type !== undefined) void query.where({ type });
  if (hotel !== undefined) void query.where({ hotel_id: hotel });
  if (since !== undefined) void query.where("received_at", ">=", since);
  const columns = ["event_id", "type", "status", "status_reason", "received_at", "hotel_id", "source"];
  return withJobs(trx, await query.select<StripeEvent[]>(columns));
}

async function withJobs(trx: Trx, found: readonly StripeEvent[]): Promise<Listed[]> {
  const states = await jobStates(
    trx,
    found.map(({ event_id }) => event_id),
  );
  return found.map((event) => Object.assign(event, states.get(event.event_id)));
}

const isOpen = ({ status }: Listed): boolean => status === "stored" || status === "waiting";

function statusOf(event: Listed): string {
  const { status, dead_at, failures } = event;
  if (!isOpen(event)) return status;
  return dead_at instanceof Date ? "dead" : (failures ?? 0) > 0 ? "failing" : status;
}

function lineOf(event: Listed): string {
  const { received_at, event_id, type, status_reason, hotel_id, source, failures, last_error } = event;
  const parts = [
    received_at.toISOString(),
    statusOf(event).padEnd(8),
    type,
    event_id,
    ...(hotel_id === null ? [] : [`hotel ${hotel_id}`]),
    ...(status_reason === null ? [] : [`(${status_reason})`]),
    ...(source === "webhook" ? [] : [`[${source}]`]),
  ];
  const error = isOpen(event) && (failures ?? 0) > 0 ? `\n    ${failures} failed: ${oneLine(last_error)}` : "";
  return parts.map(printable).join("  ") + error;
}

const oneLine = (text: string | null | undefined): string =>
  printable((text ?? "").replaceAll(/\s+/g, " ").slice(0, 300));

export const show: Command = defineCommand({
  summary: "Show an event with its outcome, its job, its ledger rows and its body",
  args: { event_id: z.string().describe("The id of the event at Stripe: evt_…") },
  run: async ({ args: { event_id: eventId } }, { open, print }) => {
    const ctx = await open<typeof manifest>();
    const found = await readEventRow(ctx, eventId);
    if (found === undefined) throw new Error(`There is no stored event ${eventId}.`);
    const { event, written } = found;
    const { body, ...columns } = event;
    const fields: Readonly<Record<string, unknown>> = { ...columns, status: statusOf(event) };
    for (const [name, value] of Object.entries(fields)) {
      if (value !== null) print(`${name}: ${printable(typeof value === "string" ? value : JSON.stringify(value))}`);
    }
    for (const line of written) print(printable(line));
    print(`\n${JSON.stringify(JSON.parse(body), undefined, 2)}`);
  },
});

function readEventRow(ctx: BillingContext, eventId: string) {
  return ctx.db.crossTenant(
    async (trx) => {
      const found = await trx("billing.stripe_events").where({ event_id: eventId }).select<StripeEvent[]>("*");
      const [event] = await withJobs(trx, found);
      return event === undefined ? undefined : { event, written: await readWritten(trx, eventId) };
    },
    { readOnly: true },
  );
}

/** Reads the facts that this event has saved. A fact that a later event has replaced is that event's fact. */
async function readWritten(trx: Trx, eventId: string): Promise<string[]> {
  const of = <Row>(table: string, key: string) =>
    trx(`billing.${table}`).where({ event_id: eventId }).orderBy(key).select<Row[]>("*");
  const invoices = await of<PaidInvoice>("paid_invoices", "invoice_id");
  const unpaid = await of<UnpaidInvoiceRow>("unpaid_invoices", "invoice_id");
  const reversals = await of<ReversalRow>("reversals", "reversal_id");
  const subscriptions = await of<SubscriptionRow>("subscriptions", "subscription_id");
  const others = await of("conflicting_deliveries", "received_at");
  return [
    ...invoices.map(
      ({ invoice_id, period_end, amount_paid, currency }) =>
        `ledger: ${invoice_id} pays until ${period_end?.toISOString() ?? "no day"} (${amount_paid} ${currency})`,
    ),
    ...unpaid.map(
      ({ invoice_id, state, amount_due, currency }) => `unpaid: ${invoice_id} ${state} (${amount_due} ${currency})`,
    ),
    ...reversals.map(
      ({ reversal_id, kind, status, amount, currency }) =>
        `reversal: ${reversal_id} ${kind} ${status} (${amount} ${currency})`,
    ),
    ...subscriptions.map(({ subscription_id, status }) => `subscription: ${subscription_id} ${status}`),
    ...(others.length === 0
      ? []
      : [`conflicting: ${others.length} other bodies were received under this id and stored separately`]),
  ];
}

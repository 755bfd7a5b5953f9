/** `billing events` and `billing show`: what is in the inbox, and what became of it. */
import { type Command, printable, type Trx, UsageError } from "../../../core/mod.ts";
import * as z from "zod";

import type { BillingContext } from "../context.ts";
import { eventsWithJob, type JobState, jobStates } from "../event_jobs.ts";
import { applyStripeEvent, askStripe } from "../jobs.ts";
import type { ReversalRow } from "../ledger.ts";
import type { manifest } from "../manifest.ts";
import type { PaidInvoice } from "../models/paid_invoice.ts";
import { eventStatuses, StripeEvent } from "../models/stripe_event.ts";
import type { SubscriptionRow, UnpaidInvoiceRow } from "../subscription_status.ts";

/** Beside the states of the row: events whose job is dead, or has failed and is tried again. */
const jobStatuses = ["dead", "failing"] as const;
const statuses = [...eventStatuses, ...jobStatuses];

const spans: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

const filterSchema = z.object({
  status: z.enum(statuses, { error: `--status is one of ${statuses.join(", ")}.` }).optional(),
  type: z
    .string()
    .regex(
      /^[a-z0-9_.]+\*?$/,
      "--type is a type of Stripe's, such as invoice.paid, or the beginning of some: invoice.*",
    )
    .optional(),
  hotel: z.uuid({ error: "--hotel is a hotel's id." }).optional(),
  since: z
    .string()
    .transform(instantOf)
    .refine((instant) => !Number.isNaN(instant.getTime()), {
      error: "--since is a day or an instant (2026-01-31, 2026-01-31T08:00:00Z), or a span: 30m, 12h, 7d.",
    })
    .optional(),
  limit: z
    .string()
    .regex(/^\d+$/, "--limit is a number from 1 to 10000.")
    .default("50")
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= 10_000, { error: "--limit is a number from 1 to 10000." }),
});

type Filter = z.output<typeof filterSchema>;

function instantOf(text: string): Date {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  return count === undefined ? new Date(text) : new Date(Date.now() - Number(count) * (spans[unit ?? ""] ?? 0));
}

/** An event, and how its job stands where it has one. */
type Listed = StripeEvent & Partial<JobState>;

export const events: Command = {
  summary:
    "events [--status S] [--type T] [--hotel ID] [--since DAY|SPAN] [--limit N]: list events, the newest first, with why they wait or fail",
  options: {
    status: { type: "string" },
    type: { type: "string" },
    hotel: { type: "string" },
    since: { type: "string" },
    limit: { type: "string" },
  },
  run: async (args, { options, open, print }) => {
    if (args.length > 0) throw new UsageError(`billing events takes options only, and not ${args.join(" ")}.`);
    const { success, data: filter, error } = filterSchema.safeParse(options);
    if (!success) throw new UsageError(error.issues.map(({ message }) => message).join("\n"));
    const ctx = await open<typeof manifest>();
    const found = await ctx.db.platform((trx) => listEvents(trx, filter), { readOnly: true });
    for (const event of found) print(lineOf(event));
    const more = found.length === filter.limit ? ` (the newest; --limit shows more)` : "";
    print(`${found.length} event${found.length === 1 ? "" : "s"}${more}`);
  },
};

async function listEvents(trx: Trx, { status, type, hotel, since, limit }: Filter): Promise<Listed[]> {
  const query = trx("billing.stripe_events")
    .orderBy([{ column: "received_at", order: "desc" }, "event_id"])
    .limit(limit);
  const withJob = () => eventsWithJob(trx, applyStripeEvent, askStripe);
  // A job can fail for what a later event has told meanwhile: such an event has its outcome.
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

export const show: Command = {
  summary: "show <event_id>: an event, its outcome, its job, what of it stands in the ledger, and its body",
  run: async ([eventId, ...more], { open, print }) => {
    if (eventId === undefined || more.length > 0) throw new UsageError("Name one event: billing show <event_id>");
    const ctx = await open<typeof manifest>();
    const found = await readEventRow(ctx, eventId);
    if (found === undefined) throw new Error(`There is no stored event ${eventId}.`);
    const { event, written } = found;
    const { body, ...facts } = event;
    const told: Readonly<Record<string, unknown>> = { ...facts, status: statusOf(event) };
    for (const [name, value] of Object.entries(told)) {
      if (value !== null) print(`${name}: ${printable(typeof value === "string" ? value : JSON.stringify(value))}`);
    }
    for (const line of written) print(printable(line));
    print(`\n${JSON.stringify(JSON.parse(body), undefined, 2)}`);
  },
};

function readEventRow(ctx: BillingContext, eventId: string) {
  return ctx.db.platform(
    async (trx) => {
      const found = await trx("billing.stripe_events").where({ event_id: eventId }).select<StripeEvent[]>("*");
      const [event] = await withJobs(trx, found);
      return event === undefined ? undefined : { event, written: await readWritten(trx, eventId) };
    },
    { readOnly: true },
  );
}

/** Facts that another event has told better stand under that one. */
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
    ...(others.length === 0 ? [] : [`conflicting: ${others.length} other bodies came under this id, and are kept`]),
  ];
}

/** Finds Stripe events that no job would ever process, and enqueues them again. Schedules call it. */
import { isOutage, jobRows, type Trx } from "../../../core/mod.ts";
import type { BillingContext } from "../context.ts";
import { type EventJob, eventJobs, eventsWithJob } from "../inbox/event_jobs.ts";
import { applyStripeEvent, askStripe } from "../jobs.ts";

const batch = 500;

/**
 * Enqueues events that are not processed and have no job. They lose their job if someone deletes it, or by a partial
 * restore of the database. The sweep enqueues:
 *
 * - events with the status `stored`
 * - events that lack a part which only Stripe has, also those received before `STRIPE_API_KEY` was set
 * - events whose lookup job died because Stripe was unreachable
 *
 * All other dead jobs are left for an operator, so their events are not enqueued.
 * @returns the number of enqueued events
 */
export async function sweepEvents(ctx: BillingContext, signal?: AbortSignal): Promise<number> {
  await deleteObsoleteJobs(ctx);
  let swept = await enqueueAll(ctx, applyStripeEvent, storedWithoutJob, signal);
  if (swept > 0) ctx.log.warn({ events: swept }, "re-enqueued stored events without a job");
  if (ctx.env.STRIPE_API_KEY === undefined) return swept;
  const missingLookups = await enqueueAll(ctx, askStripe, incompleteWithoutJob, signal);
  if (missingLookups > 0) ctx.log.warn({ events: missingLookups }, "re-enqueued missing Stripe lookups");
  const restartedLookups = await enqueueAll(ctx, askStripe, failedLookups, signal);
  if (restartedLookups > 0)
    ctx.log.warn({ events: restartedLookups }, "re-enqueued Stripe lookups that failed during a long outage");
  swept += missingLookups + restartedLookups;
  return swept;
}

/**
 * Enqueues waiting events that no longer have to wait, because an id that they wait for has a hotel now. The job that
 * should have applied them was lost. The search reads all waiting events, so it runs less often than `sweepEvents`.
 */
export async function sweepWaiting(ctx: BillingContext, signal?: AbortSignal): Promise<number> {
  const swept = await enqueueAll(ctx, applyStripeEvent, waitingForKnown, signal);
  if (swept > 0) ctx.log.warn({ events: swept }, "re-enqueued waiting events whose ids are known and that had no job");
  return swept;
}

/** Deletes the dead jobs of events that were applied or ignored since. They need no operator any more. */
async function deleteObsoleteJobs(ctx: BillingContext): Promise<void> {
  await ctx.db.crossTenant((trx) =>
    eventJobs(trx)
      .whereNotNull("dead_at")
      .whereRaw(
        `EXISTS (SELECT FROM billing.stripe_events AS e
           WHERE e.event_id = payload->>'event_id' AND e.status IN ('applied', 'ignored'))`,
      )
      .delete(),
  );
}

interface Search {
  /** The greatest number of events to find. */
  readonly limit: number;
  /** The events to leave out, because the sweep could not enqueue them in this run. */
  readonly excluded: readonly string[];
}

/** Finds the ids of events to enqueue. It skips locked rows, and finds no event that this run has enqueued. */
type Find = (trx: Trx, search: Search) => PromiseLike<string[]>;

/**
 * Enqueues the found events in batches. If a batch fails, its events are enqueued one by one until one of them fails.
 * That event is left out, and the batches continue. So a faulty event does not delay the events of other hotels.
 * @returns the number of enqueued events
 */
async function enqueueAll(
  ctx: BillingContext,
  job: EventJob,
  find: Find,
  signal: AbortSignal | undefined,
): Promise<number> {
  const excluded: string[] = [];
  let enqueued = 0;
  let limit = batch;
  for (;;) {
    let ids: string[] = [];
    try {
      await ctx.db.crossTenant(async (trx) => {
        ids = await find(trx, { limit, excluded });
        for (const event_id of ids) await ctx.enqueue(trx, job, { event_id });
      });
      enqueued += ids.length;
      if (ids.length < limit || signal?.aborted === true) return enqueued;
    } catch (error) {
      const [event_id] = ids;
      if (event_id === undefined || isOutage(error)) throw error;
      if (limit > 1) limit = 1;
      else {
        ctx.log.error({ err: error, event_id }, "could not enqueue an event; the next run tries again");
        excluded.push(event_id);
        limit = batch;
      }
    }
  }
}

const storedWithoutJob: Find = (trx, search) =>
  withoutJob(trx, search, "stored", applyStripeEvent).pluck<string[]>("event_id");

/**
 * Finds the events that lack a part and have no lookup job. It leaves out events with a stored answer of Stripe, even
 * if the answer did not help. Otherwise the sweep would ask Stripe again in each run.
 */
const incompleteWithoutJob: Find = (trx, search) =>
  withoutJob(trx, search, "waiting", askStripe)
    .whereNull("fetched")
    .whereIn("status_reason", ["lines", "invoice"])
    .pluck<string[]>("event_id");

/** Finds the waiting events with an id for which `findHotel` (`find_hotel.ts`) now finds a hotel. */
const waitingForKnown: Find = (trx, search) =>
  withoutJob(trx, search, "waiting", applyStripeEvent)
    .whereRaw(
      `(EXISTS (SELECT FROM billing.customers WHERE customer_id = ANY (e.waits_for))
        OR EXISTS (SELECT FROM billing.subscriptions WHERE subscription_id = ANY (e.waits_for))
        OR EXISTS (SELECT FROM billing.payment_links WHERE payment_id = ANY (e.waits_for))
        OR EXISTS (SELECT FROM billing.payment_links WHERE linked_id = ANY (e.waits_for))
        OR EXISTS (SELECT FROM billing.paid_invoices WHERE invoice_id = ANY (e.waits_for))
        OR EXISTS (SELECT FROM billing.unpaid_invoices WHERE invoice_id = ANY (e.waits_for)))`,
    )
    .pluck<string[]>("event_id");

function withoutJob(trx: Trx, { limit, excluded }: Search, status: "stored" | "waiting", job: EventJob) {
  return trx("billing.stripe_events as e")
    .where({ status })
    .whereNotIn("event_id", eventsWithJob(trx, job))
    .whereRaw("event_id <> ALL (?)", [[...excluded]])
    .orderBy("received_at")
    .limit(limit)
    .forUpdate("e")
    .skipLocked();
}

/**
 * How long a lookup job stays dead before it starts again (minutes). Its attempts take about 20 minutes. After as much
 * time again, an operator had a chance to see it.
 */
const minDeadMinutes = 20;
/**
 * How long failed lookups start again (days). Afterwards an operator must look at them: an outage of Stripe does not
 * last so long. Stripe also retries its deliveries for 3 days.
 */
const maxDays = 3;

/**
 * Finds the events whose lookup died because Stripe was unreachable, and deletes the dead jobs. The caller enqueues new
 * jobs, which have all their attempts again.
 */
async function failedLookups(trx: Trx, { limit, excluded }: Search): Promise<string[]> {
  const dead = await jobRows(trx, askStripe)
    .whereRaw("dead_at < now() - make_interval(mins => ?)", [minDeadMinutes])
    .whereRaw("starts_with(last_error, 'StripeAway: ')")
    .whereRaw(
      `EXISTS (SELECT FROM billing.stripe_events AS e WHERE e.event_id = payload->>'event_id' AND e.status = 'waiting'
         AND greatest(e.received_at, e.processed_at) > now() - make_interval(days => ?))`,
      [maxDays],
    )
    .whereRaw("payload->>'event_id' <> ALL (?)", [[...excluded]])
    .orderBy("dead_at")
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .select<{ job_id: string; event_id: string }[]>("job_id", trx.raw("payload->>'event_id' AS event_id"));
  await jobRows(trx, askStripe)
    .whereIn(
      "job_id",
      dead.map(({ job_id }) => job_id),
    )
    .delete();
  return [...new Set(dead.map(({ event_id }) => event_id))];
}

/** Counts the events without an outcome, for `/metrics`. */
export async function countUnapplied({ db }: BillingContext): Promise<Readonly<Record<string, number>>> {
  return db.crossTenant(
    async (trx) => {
      const counts = await trx("billing.stripe_events")
        .whereIn("status", ["stored", "waiting"])
        .groupBy("status")
        .select<{ status: string; count: number }[]>("status", trx.raw("count(*)::int AS count"));
      const [dead] = await eventJobs(trx)
        .whereNotNull("dead_at")
        .select<{ count: number }[]>(trx.raw("count(*)::int AS count"));
      const byStatus = Object.fromEntries(counts.map(({ status, count }) => [status, count]));
      return { stored: byStatus["stored"] ?? 0, waiting: byStatus["waiting"] ?? 0, dead: dead?.count ?? 0 };
    },
    { readOnly: true },
  );
}

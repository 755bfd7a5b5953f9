/** Schedules that find events which would wait forever, and re-enqueue them. */
import { isOutage, jobRows, type Trx } from "../../../core/mod.ts";
import type { BillingContext } from "../context.ts";
import { type EventJob, eventJobs, eventsWithJob } from "../inbox/event_jobs.ts";
import { applyStripeEvent, askStripe } from "../jobs.ts";

const batch = 500;

/**
 * Enqueues events without an outcome and without a job, as after a deleted job or a partial restore of the database. An
 * event with a dead job has a job, and waits for a person.
 *
 * - stored events
 * - events that wait for Stripe's answer, also those received before STRIPE_API_KEY was set
 *
 * Jobs that died because Stripe was unreachable start again.
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
 * Enqueues the events that wait for an id which is known by now: their job was lost. It reads all waiting events, so it
 * runs less often.
 */
export async function sweepWaiting(ctx: BillingContext, signal?: AbortSignal): Promise<number> {
  const swept = await enqueueAll(ctx, applyStripeEvent, waitingForKnown, signal);
  if (swept > 0) ctx.log.warn({ events: swept }, "re-enqueued waiting events whose ids are known and that had no job");
  return swept;
}

/** Deletes the dead jobs of events that have an outcome by now. A person has nothing left to do for them. */
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
  /** Events that failed in this run, to leave out. */
  readonly excluded: readonly string[];
}

/** Finds event ids. It must skip locked rows, and must not find again what has been enqueued. */
type Find = (trx: Trx, search: Search) => PromiseLike<string[]>;

/**
 * Enqueues in batches. If a batch fails, its events are enqueued one by one, and the failing event is left out. So the
 * event of one hotel does not delay those of others.
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
 * An event with a stored answer is not looked up again, whatever the answer was. This prevents an endless
 * loop.
 */
const incompleteWithoutJob: Find = (trx, search) =>
  withoutJob(trx, search, "waiting", askStripe)
    .whereNull("fetched")
    .whereIn("status_reason", ["lines", "invoice"])
    .pluck<string[]>("event_id");

/** Finds the events for whose ids `findHotel` (`find_hotel.ts`) would find a hotel. */
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
 * Minutes. A job is dead after about 20 minutes. It remains dead as long again, so that an operator can see
 * it.
 */
const minDeadMinutes = 20;
/**
 * Days. After this time, a person must look at it: an outage of Stripe does not last so long. Stripe itself retries
 * deliveries for 3 days too.
 */
const maxDays = 3;

/** Deletes the dead jobs of failed lookups. The new jobs start with their first attempt. */
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

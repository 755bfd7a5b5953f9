/** What a clock looks after in the inbox: events that would wait for ever, and not for a person. */
import { isOutage, jobRows, type Trx } from "../../../core/mod.ts";
import type { BillingContext } from "../context.ts";
import { type EventJob, eventJobs, eventsWithJob } from "../inbox/event_jobs.ts";
import { applyStripeEvent, askStripe } from "../jobs.ts";

const batch = 500;

/**
 * Enqueues events that have no outcome, and no job that would give them one: somebody deleted it, or restored a database in
 * two parts. An event whose job is dead has one, and waits for a person.
 *
 * - those that are stored, and that nobody looks at;
 * - those that wait for an answer of Stripe's, and nobody asks (also: they came before there was a key).
 *
 * Jobs that died because Stripe was away are begun again.
 * @returns how many
 */
export async function sweepEvents(ctx: BillingContext, signal?: AbortSignal): Promise<number> {
  await endIdleJobs(ctx);
  let swept = await enqueueAll(ctx, applyStripeEvent, storedWithoutJob, signal);
  if (swept > 0) ctx.log.warn({ events: swept }, "stored events had no job and were enqueued");
  if (ctx.env.STRIPE_API_KEY === undefined) return swept;
  const unasked = await enqueueAll(ctx, askStripe, unaskedWithoutJob, signal);
  if (unasked > 0) ctx.log.warn({ events: unasked }, "nobody asked Stripe for what events lack, and it is asked now");
  const again = await enqueueAll(ctx, askStripe, askedInVain, signal);
  if (again > 0) ctx.log.warn({ events: again }, "Stripe was away for long, and is asked again for what events lack");
  swept += unasked + again;
  return swept;
}

/**
 * Enqueues the events that wait for an id which is known by now: the job that they were called up by was lost. It looks at
 * every one that waits, so it comes round less often.
 */
export async function sweepWaiting(ctx: BillingContext, signal?: AbortSignal): Promise<number> {
  const swept = await enqueueAll(ctx, applyStripeEvent, waitingForKnown, signal);
  if (swept > 0) ctx.log.warn({ events: swept }, "events waited for what is known, had no job and were enqueued");
  return swept;
}

/** Ends the dead jobs of events that have come to an outcome without them: there is nothing left for a person to do. */
async function endIdleJobs(ctx: BillingContext): Promise<void> {
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
  /** Finds so many events at most. */
  readonly limit: number;
  /** Events that could not be enqueued in this round. */
  readonly except: readonly string[];
}

/** Leaves alone what others have locked. It must not find again what has been enqueued. */
type Find = (trx: Trx, search: Search) => PromiseLike<string[]>;

/**
 * Enqueues in batches. Where a batch fails, its events are enqueued one by one, and the one that fails is left out: no hotel's
 * event holds up those of the others.
 */
async function enqueueAll(
  ctx: BillingContext,
  job: EventJob,
  find: Find,
  signal: AbortSignal | undefined,
): Promise<number> {
  const except: string[] = [];
  let enqueued = 0;
  let limit = batch;
  for (;;) {
    let ids: string[] = [];
    try {
      await ctx.db.crossTenant(async (trx) => {
        ids = await find(trx, { limit, except });
        for (const event_id of ids) await ctx.enqueue(trx, job, { event_id });
      });
      enqueued += ids.length;
      if (ids.length < limit || signal?.aborted === true) return enqueued;
    } catch (error) {
      const [event_id] = ids;
      if (event_id === undefined || isOutage(error)) throw error;
      if (limit > 1) limit = 1;
      else {
        ctx.log.error({ err: error, event_id }, "an event could not be enqueued and is left for the next round");
        except.push(event_id);
        limit = batch;
      }
    }
  }
}

const storedWithoutJob: Find = (trx, search) =>
  withoutJob(trx, search, "stored", applyStripeEvent).pluck<string[]>("event_id");

/** An answer that was kept is not asked for again, whatever it was: these can't go round in a circle. */
const unaskedWithoutJob: Find = (trx, search) =>
  withoutJob(trx, search, "waiting", askStripe)
    .whereNull("fetched")
    .whereIn("status_reason", ["lines", "invoice"])
    .pluck<string[]>("event_id");

/** Where `findHotel` (`ties.ts`) would find a hotel for an id that they wait for. */
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

function withoutJob(trx: Trx, { limit, except }: Search, status: "stored" | "waiting", job: EventJob) {
  return trx("billing.stripe_events as e")
    .where({ status })
    .whereNotIn("event_id", eventsWithJob(trx, job))
    .whereRaw("event_id <> ALL (?)", [[...except]])
    .orderBy("received_at")
    .limit(limit)
    .forUpdate("e")
    .skipLocked();
}

/** A job is dead after some twenty minutes. It rests for as long again, and is seen to be dead meanwhile. */
const restMinutes = 20;
/** After that it is left to a person: an outage does not last so long, and Stripe itself does not try longer to deliver. */
const mostDays = 3;

/** Ends the dead jobs; the new ones are counted from the first try again. */
async function askedInVain(trx: Trx, { limit, except }: Search): Promise<string[]> {
  const dead = await jobRows(trx, askStripe)
    .whereRaw("dead_at < now() - make_interval(mins => ?)", [restMinutes])
    .whereRaw("starts_with(last_error, 'StripeAway: ')")
    .whereRaw(
      `EXISTS (SELECT FROM billing.stripe_events AS e WHERE e.event_id = payload->>'event_id' AND e.status = 'waiting'
         AND greatest(e.received_at, e.processed_at) > now() - make_interval(days => ?))`,
      [mostDays],
    )
    .whereRaw("payload->>'event_id' <> ALL (?)", [[...except]])
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

/** For `/metrics`: the events that have no outcome yet. */
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
      const of = Object.fromEntries(counts.map(({ status, count }) => [status, count]));
      return { stored: of["stored"] ?? 0, waiting: of["waiting"] ?? 0, dead: dead?.count ?? 0 };
    },
    { readOnly: true },
  );
}

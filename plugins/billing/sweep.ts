/** What an operator and a clock look after in the inbox. */
import { jobRows } from "../../core/mod.ts";
import type { BillingContext } from "./context.ts";
import { applyStripeEvent, askStripe } from "./jobs.ts";

const batch = 500;

/**
 * Enqueues the events that are stored, have no outcome, and have no job that would give them one: somebody deleted it, or
 * restored a database in two parts. An event whose job is dead has one, and waits for a person.
 * @returns how many
 */
export async function sweepEvents(ctx: BillingContext, signal?: AbortSignal): Promise<number> {
  let swept = 0;
  for (;;) {
    const found = await ctx.db.platform(async (trx) => {
      const ids = await trx("billing.stripe_events as e")
        .where({ status: "stored" })
        .whereNotExists(jobRows(trx, applyStripeEvent).select("job_id").whereRaw("payload->>'event_id' = e.event_id"))
        .orderBy("received_at")
        .limit(batch)
        .forUpdate("e")
        .skipLocked()
        .pluck<string[]>("event_id");
      for (const event_id of ids) await ctx.enqueue(trx, applyStripeEvent, { event_id });
      return ids.length;
    });
    swept += found;
    if (found < batch || signal?.aborted === true) break;
  }
  if (swept > 0) ctx.log.warn({ events: swept }, "stored events had no job and were enqueued");
  return swept;
}

/** For `/metrics`: the events that have no outcome yet. */
export async function countUnapplied({ db }: BillingContext): Promise<Readonly<Record<string, number>>> {
  return db.platform(
    async (trx) => {
      const counts = await trx("billing.stripe_events")
        .whereIn("status", ["stored", "waiting"])
        .groupBy("status")
        .select<{ status: string; count: number }[]>("status", trx.raw("count(*)::int AS count"));
      const [dead] = await jobRows(trx, applyStripeEvent, askStripe)
        .whereNotNull("dead_at")
        .select<{ count: number }[]>(trx.raw("count(*)::int AS count"));
      const of = Object.fromEntries(counts.map(({ status, count }) => [status, count]));
      return { stored: of["stored"] ?? 0, waiting: of["waiting"] ?? 0, dead: dead?.count ?? 0 };
    },
    { readOnly: true },
  );
}

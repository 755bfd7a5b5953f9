/** The jobs of events, as rows of the outbox: which events have one, and how it stands. */
import { jobRows, type Trx } from "../../../core/mod.ts";

import { applyStripeEvent, askStripe } from "../jobs.ts";

export type EventJob = typeof applyStripeEvent | typeof askStripe;

/** All jobs that are about an event. */
export const eventJobs = (trx: Trx) => jobRows(trx, applyStripeEvent, askStripe);

/**
 * The ids of the events that have such a job, for `whereIn` and `whereNotIn`. Not for `whereNotExists`: row-level security
 * hides from PostgreSQL how many jobs there are, so it would go through all of them once for each event (40 s for 20,000 of
 * both). The list of a NOT IN it hashes.
 */
export const eventsWithJob = (trx: Trx, ...jobs: readonly EventJob[]) =>
  jobRows(trx, ...jobs)
    .whereRaw("payload->>'event_id' IS NOT NULL")
    .select(trx.raw("payload->>'event_id'"));

/** How an event's job stands. */
export interface JobState {
  readonly dead_at: Date | null;
  readonly failures: number;
  readonly last_error: string | null;
  readonly run_at: Date;
}

/** The jobs of these events. An event may have several: the one that still runs is told rather than the dead one. */
export async function jobStates(trx: Trx, eventIds: readonly string[]): Promise<ReadonlyMap<string, JobState>> {
  const rows = await eventJobs(trx)
    .whereRaw("payload->>'event_id' = ANY (?)", [[...eventIds]])
    .orderByRaw("dead_at DESC NULLS LAST, job_id")
    .select<(JobState & { of_event: string })[]>(
      trx.raw("payload->>'event_id' AS of_event"),
      "dead_at",
      "failures",
      "last_error",
      "run_at",
    );
  return new Map(rows.map(({ of_event, ...state }) => [of_event, state]));
}

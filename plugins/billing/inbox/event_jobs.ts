/** Reads the jobs of events, as rows of the outbox. */
import { jobRows, type Trx } from "../../../core/mod.ts";

import { applyStripeEvent, askStripe } from "../jobs.ts";

export type EventJob = typeof applyStripeEvent | typeof askStripe;

/** Selects all jobs that are about an event. */
export const eventJobs = (trx: Trx) => jobRows(trx, applyStripeEvent, askStripe);

/**
 * Selects the ids of the events that have such a job, for `whereIn` and `whereNotIn`.
 *
 * Do not use it for `whereNotExists`. Row-level security hides the number of jobs from PostgreSQL's planner. It would
 * then scan all jobs once for each event (40 s for 20,000 of both). It hashes the list of a NOT IN.
 */
export const eventsWithJob = (trx: Trx, ...jobs: readonly EventJob[]) =>
  jobRows(trx, ...jobs)
    .whereRaw("payload->>'event_id' IS NOT NULL")
    .select(trx.raw("payload->>'event_id'"));

/** The state of an event's job. */
export interface JobState {
  readonly dead_at: Date | null;
  readonly failures: number;
  readonly last_error: string | null;
  readonly run_at: Date;
}

/** Reads the state of these events' jobs. If an event has several jobs, a live job hides a dead one. */
export async function jobStates(trx: Trx, eventIds: readonly string[]): Promise<ReadonlyMap<string, JobState>> {
  const rows = await eventJobs(trx)
    .whereRaw("payload->>'event_id' = ANY (?)", [[...eventIds]])
    .orderByRaw("dead_at DESC NULLS LAST, job_id")
    .select<(JobState & { event_id_of_job: string })[]>(
      trx.raw("payload->>'event_id' AS event_id_of_job"),
      "dead_at",
      "failures",
      "last_error",
      "run_at",
    );
  return new Map(rows.map(({ event_id_of_job, ...state }) => [event_id_of_job, state]));
}

/** Dead letters: jobs that failed too often. They keep their rows, with the error, until an operator retries them. */
import type { Trx } from "../db/database.ts";
import type { JobDefinition } from "./job_definition.ts";

export interface DeadJob {
  readonly job_id: string;
  readonly job: string;
  readonly tenant_id: string | null;
  readonly payload: unknown;
  readonly failures: number;
  readonly dead_at: Date;
  readonly last_error: string | null;
}

const columns = ["job_id", "job", "tenant_id", "payload", "failures", "dead_at", "last_error"] as const;

/** Lists the dead jobs, the latest first. The core's role sees those of all plugins, a plugin's role only its own. */
export function deadJobs(trx: Trx, limit: number): Promise<DeadJob[]> {
  return trx("core.outbox")
    .whereNotNull("dead_at")
    .orderBy([{ column: "dead_at", order: "desc" }, "job_id"])
    .limit(limit)
    .select<DeadJob[]>(columns);
}

/**
 * Retries dead jobs as if they had never failed. Needs the core's role.
 * @param jobIds undefined for all
 * @returns the number of jobs
 */
export function reviveJobs(trx: Trx, jobIds?: readonly string[]): Promise<number> {
  const dead = trx("core.outbox").whereNotNull("dead_at");
  return (jobIds === undefined ? dead : dead.whereIn("job_id", jobIds)).update({
    dead_at: null,
    failures: 0,
    // An earlier queue entry has the old number, so that it is not taken for the new one.
    attempts: trx.raw("attempts + 1"),
    run_at: trx.fn.now(),
    queued_at: null,
  });
}

/**
 * Selects the rows of some kinds of job, for the plugin that handles them. The plugin can read their state, and delete
 * a job that it no longer needs.
 */
export const jobRows = (trx: Trx, ...jobs: readonly JobDefinition[]) =>
  trx("core.outbox").whereIn(
    "job",
    jobs.map(({ name }) => name),
  );

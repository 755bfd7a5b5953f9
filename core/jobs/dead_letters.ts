/** Jobs that failed too often. They keep their rows, with the error, until a person has them tried again. */
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

/** The dead jobs, the last to die first; of all plugins for the core's role, of its own for a plugin's. */
export function deadJobs(trx: Trx, limit: number): Promise<DeadJob[]> {
  return trx("core.outbox")
    .whereNotNull("dead_at")
    .orderBy([{ column: "dead_at", order: "desc" }, "job_id"])
    .limit(limit)
    .select<DeadJob[]>(columns);
}

/**
 * Has dead jobs tried again, as if they had never failed. As the core's role.
 * @param jobIds undefined: all of them
 * @returns how many
 */
export function reviveJobs(trx: Trx, jobIds?: readonly string[]): Promise<number> {
  const dead = trx("core.outbox").whereNotNull("dead_at");
  return (jobIds === undefined ? dead : dead.whereIn("job_id", jobIds)).update({
    dead_at: null,
    failures: 0,
    // The number that an entry of before carries: it must not be taken for the new one.
    attempts: trx.raw("attempts + 1"),
    run_at: trx.fn.now(),
    queued_at: null,
  });
}

/**
 * The rows of some kinds of job, for the plugin that works it: to see which of its things have one, and in what state it
 * is, and to end one that is not wanted any more.
 */
export const jobRows = (trx: Trx, ...jobs: readonly JobDefinition[]) =>
  trx("core.outbox").whereIn(
    "job",
    jobs.map(({ name }) => name),
  );

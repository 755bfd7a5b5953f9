/** Writes the lease and the failures of a job into its outbox row, as the core's role. */
import type { Knex } from "knex";

import { runTransaction, type Trx } from "../core/db/database.ts";
import type { Logger } from "../core/process/log.ts";
import { coreRole } from "../core/db/role_names.ts";
import { query } from "../core/db/query.ts";

const leaseSeconds = 10;
const renewEveryMs = 3_000;

const asCore = <T>(knex: Knex, work: (trx: Trx) => Promise<T>): Promise<T> =>
  runTransaction(knex, { role: coreRole }, work);

/** The columns of a job that a worker reads when it takes the job. */
export interface OutboxRow {
  readonly job_id: string;
  readonly job: string;
  readonly payload: unknown;
  /** Number of times a worker took the job. The fencing number: a worker with an older one can't write. */
  readonly attempts: number;
  readonly failures: number;
}

/** The row that a queue entry means. All three values must equal the row's. */
export interface JobAddress {
  readonly jobId: string;
  readonly job: string;
  readonly tenantId: string | undefined;
}

/**
 * Takes a long job for this worker.
 * @returns undefined if another worker has its lease, or no row of this job and tenant is due
 */
export async function takeLease(knex: Knex, { jobId, job, tenantId }: JobAddress): Promise<OutboxRow | undefined> {
  const rows = await asCore(knex, (trx) =>
    query<OutboxRow>(
      trx,
      `UPDATE core.outbox SET lease_until = now() + make_interval(secs => ?), attempts = attempts + 1, queued_at = now()
       WHERE job_id = ? AND job = ? AND tenant_id IS NOT DISTINCT FROM ?::uuid
         AND dead_at IS NULL AND run_at <= now() AND (lease_until IS NULL OR lease_until < now())
       RETURNING job_id, job, payload, attempts, failures`,
      [leaseSeconds, jobId, job, tenantId ?? null],
    ),
  );
  return rows[0];
}

export interface RenewedLease {
  /** Aborts when another worker has taken the job over. */
  readonly lost: AbortSignal;
  end(): Promise<void>;
}

/** Renews a lease until `end`. */
export function keepLease(knex: Knex, row: OutboxRow, log: Logger): RenewedLease {
  const lost = new AbortController();
  let renewal: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    renewal = renew(knex, row)
      .then((isRenewed) => {
        if (!isRenewed) lost.abort(new Error("Another worker has taken this job over."));
      })
      // The next renewal can succeed before the lease ends. Otherwise `finish` compares the fencing number and refuses.
      .catch((error: unknown) => log.warn({ err: error, job_id: row.job_id }, "the lease could not be renewed"));
  }, renewEveryMs);
  return {
    lost: lost.signal,
    end: async () => {
      clearInterval(timer);
      await renewal;
    },
  };
}

async function renew(knex: Knex, { job_id, attempts }: OutboxRow): Promise<boolean> {
  const changed = await asCore(knex, (trx) =>
    trx("core.outbox")
      .where({ job_id, attempts })
      .whereNull("dead_at")
      .update({ lease_until: trx.raw("now() + make_interval(secs => ?)", [leaseSeconds]), queued_at: trx.fn.now() }),
  );
  return changed === 1;
}

/** Gives a job back unchanged. The next worker can take it immediately. */
export async function releaseLease(knex: Knex, { job_id, attempts }: OutboxRow): Promise<void> {
  await asCore(knex, (trx) =>
    trx("core.outbox").where({ job_id, attempts }).update({ lease_until: null, queued_at: null }),
  );
}

/** Defers a job, as its handler asked with `DeferJob`. The attempt does not count as a failure. */
export async function deferJob(knex: Knex, { job_id, attempts }: OutboxRow, delayMs: number): Promise<void> {
  await asCore(knex, (trx) =>
    trx("core.outbox")
      .where({ job_id, attempts })
      .update({
        attempts: attempts + 1,
        lease_until: null,
        queued_at: null,
        run_at: trx.raw("now() + make_interval(secs => ?)", [delayMs / 1000]),
      }),
  );
}

/** A failed attempt of a job. */
export interface Failure extends OutboxRow {
  readonly error: unknown;
  readonly mostAttempts: number;
}

/**
 * Records a failed attempt. The delay before the next one doubles from one second to ten minutes, with jitter. After
 * its last attempt the job is dead and waits for a person. A worker that has lost the lease changes nothing ("lost").
 */
export async function failJob(
  trx: Trx,
  { job_id: jobId, attempts, failures, error, mostAttempts }: Failure,
): Promise<"again" | "dead" | "lost"> {
  const failed = failures + 1;
  const isDead = failed >= mostAttempts;
  const delaySeconds = Math.min(600, 2 ** (failed - 1)) * (0.5 + Math.random());
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const changed = await trx("core.outbox")
    .where({ job_id: jobId, attempts })
    .update({
      attempts: attempts + 1,
      failures: failed,
      last_error: text.slice(0, 2000),
      lease_until: null,
      queued_at: null,
      run_at: trx.raw("now() + make_interval(secs => ?)", [delaySeconds]),
      dead_at: isDead ? trx.fn.now() : null,
    });
  if (changed === 0) return "lost";
  return isDead ? "dead" : "again";
}

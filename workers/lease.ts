/** The bookkeeping of jobs in the outbox that are under way or have failed, done as the core's role. */
import type { Knex } from "knex";

import { runTransaction, type Trx } from "../core/db/database.ts";
import type { Logger } from "../core/process/log.ts";
import { coreRole } from "../core/db/role_names.ts";

const leaseSeconds = 10;
const renewEveryMs = 3_000;

const asCore = <T>(knex: Knex, work: (trx: Trx) => Promise<T>): Promise<T> =>
  runTransaction(knex, { role: coreRole }, work);

/** What a worker knows of a job that it took. */
export interface OutboxRow {
  readonly job_id: string;
  readonly job: string;
  readonly payload: unknown;
  /** How often it was taken: the number that fences a worker which has lost it. */
  readonly attempts: number;
  readonly failures: number;
}

/** Which row a queue entry means. All three must agree with the row. */
export interface JobAddress {
  readonly jobId: string;
  readonly job: string;
  readonly tenantId: string | undefined;
}

/**
 * Takes a long job for this worker; undefined where another worker holds its lease, it is gone or not due, or its row is
 * of another job or tenant.
 */
export async function takeLease(knex: Knex, { jobId, job, tenantId }: JobAddress): Promise<OutboxRow | undefined> {
  const { rows } = (await asCore(knex, (trx) =>
    trx.raw(
      `UPDATE core.outbox SET lease_until = now() + make_interval(secs => ?), attempts = attempts + 1, queued_at = now()
       WHERE job_id = ? AND job = ? AND tenant_id IS NOT DISTINCT FROM ?::uuid AND dead_at IS NULL AND run_at <= now() AND (lease_until IS NULL OR lease_until < now())
       RETURNING job_id, job, payload, attempts, failures`,
      [leaseSeconds, jobId, job, tenantId ?? null],
    ),
  )) as { rows: OutboxRow[] };
  return rows[0];
}

export interface HeldLease {
  /** Aborts when another worker has taken the job over. */
  readonly lost: AbortSignal;
  end(): Promise<void>;
}

/** Renews a lease until `end`. */
export function holdLease(knex: Knex, row: OutboxRow, log: Logger): HeldLease {
  const lost = new AbortController();
  let renewal: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    renewal = renew(knex, row)
      .then((held) => {
        if (!held) lost.abort(new Error("Another worker has taken this job over."));
      })
      // The database may be back before the lease ends; if not, the fence in `finish` holds.
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
  const held = await asCore(knex, (trx) =>
    trx("core.outbox")
      .where({ job_id, attempts })
      .whereNull("dead_at")
      .update({ lease_until: trx.raw("now() + make_interval(secs => ?)", [leaseSeconds]), queued_at: trx.fn.now() }),
  );
  return held === 1;
}

/** Gives a job back untouched, for the next worker to take at once. */
export async function releaseLease(knex: Knex, { job_id, attempts }: OutboxRow): Promise<void> {
  await asCore(knex, (trx) =>
    trx("core.outbox").where({ job_id, attempts }).update({ lease_until: null, queued_at: null }),
  );
}

/** Puts a job off whose turn has not come. */
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

/** A job that failed. A worker that has lost it meanwhile changes nothing. */
export interface Failure extends OutboxRow {
  readonly error: unknown;
  readonly mostAttempts: number;
}

/**
 * Puts a failed job back with a delay that doubles from one second to ten minutes, with jitter; after its last attempt
 * it is dead and waits for a person.
 */
export async function failJob(
  trx: Trx,
  { job_id: jobId, attempts, failures, error, mostAttempts }: Failure,
): Promise<"again" | "dead" | "lost"> {
  const failed = failures + 1;
  const dead = failed >= mostAttempts;
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
      dead_at: dead ? trx.fn.now() : null,
    });
  if (changed === 0) return "lost";
  return dead ? "dead" : "again";
}

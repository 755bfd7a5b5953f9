/** The bookkeeping of jobs in the outbox that are under way or have failed, done as the core's role. */
import type { Knex } from "knex";

import { openUnit, type Trx } from "../core/db/database.ts";
import type { Logger } from "../core/log.ts";
import { coreRole } from "../core/permissions.ts";

const leaseSeconds = 10;
const renewEveryMs = 3_000;

const asCore = <T>(knex: Knex, work: (trx: Trx) => Promise<T>): Promise<T> => openUnit(knex, { role: coreRole }, work);

/**
 * Takes a long job for this worker.
 * @returns the number of this attempt, or undefined where another worker holds the lease or the job is gone
 */
export async function takeLease(knex: Knex, jobId: string): Promise<number | undefined> {
  const { rows } = (await asCore(knex, (trx) =>
    trx.raw(
      `UPDATE core.outbox SET lease_until = now() + make_interval(secs => ?), attempts = attempts + 1, queued_at = now()
       WHERE job_id = ? AND dead_at IS NULL AND (lease_until IS NULL OR lease_until < now()) RETURNING attempts`,
      [leaseSeconds, jobId],
    ),
  )) as { rows: { attempts: number }[] };
  return rows[0]?.attempts;
}

export interface HeldLease {
  /** Aborts when another worker has taken the job over. */
  readonly lost: AbortSignal;
  end(): Promise<void>;
}

/** Renews a lease until `end`. */
export function holdLease(knex: Knex, jobId: string, attempt: number, log: Logger): HeldLease {
  const lost = new AbortController();
  let renewal: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    renewal = renew(knex, jobId, attempt)
      .then((held) => {
        if (!held) lost.abort(new Error("Another worker has taken this job over."));
      })
      // The database may be back before the lease ends; if not, the fence in `finish` holds.
      .catch((error: unknown) => log.warn({ err: error, job_id: jobId }, "the lease could not be renewed"));
  }, renewEveryMs);
  return {
    lost: lost.signal,
    end: async () => {
      clearInterval(timer);
      await renewal;
    },
  };
}

async function renew(knex: Knex, jobId: string, attempt: number): Promise<boolean> {
  const held = await asCore(knex, (trx) =>
    trx("core.outbox")
      .where({ job_id: jobId, attempts: attempt })
      .whereNull("dead_at")
      .update({ lease_until: trx.raw("now() + make_interval(secs => ?)", [leaseSeconds]), queued_at: trx.fn.now() }),
  );
  return held === 1;
}

/** Gives a job back untouched, for the next worker to take at once. */
export async function releaseLease(knex: Knex, jobId: string, attempt: number): Promise<void> {
  await asCore(knex, (trx) =>
    trx("core.outbox").where({ job_id: jobId, attempts: attempt }).update({ lease_until: null, queued_at: null }),
  );
}

/**
 * Puts a failed job back with a delay that doubles from one second to ten minutes, with jitter; after its last attempt
 * it is dead and waits for a person.
 * @returns whether it is dead now
 */
export async function failJob(
  { knex, log }: { knex: Knex; log: Logger },
  { job_id: jobId, job, attempts, failures }: { job_id: string; job: string; attempts: number; failures: number },
  error: unknown,
  mostAttempts: number,
): Promise<boolean> {
  const failed = failures + 1;
  const dead = failed >= mostAttempts;
  const delaySeconds = Math.min(600, 2 ** (failed - 1)) * (0.5 + Math.random());
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  await asCore(knex, (trx) =>
    trx("core.outbox")
      .where({ job_id: jobId })
      .update({
        attempts: attempts + 1,
        failures: failed,
        last_error: text.slice(0, 2000),
        lease_until: null,
        queued_at: null,
        run_at: trx.raw("now() + make_interval(secs => ?)", [delaySeconds]),
        dead_at: dead ? trx.fn.now() : null,
      }),
  );
  log[dead ? "error" : "warn"](
    { err: error, job_id: jobId, job, failures: failed, dead },
    dead ? "a job is dead" : "a job failed",
  );
  return dead;
}

/**
 * The runner does a job when the queue wakes it. The outbox row decides: an entry whose row is gone, or taken by another
 * worker, is dropped (see `core/jobs/outbox.ts` for why that is safe).
 */
import type { Knex } from "knex";

import { openUnit, platformRoleOf, roleOf, type Trx } from "../core/db/database.ts";
import type { JobDefinition, JobHandler, LongHandler, UnitHandler } from "../core/jobs/job.ts";
import type { WakeUp } from "../core/jobs/queue_store.ts";
import type { Logger } from "../core/log.ts";
import { failJob, holdLease, releaseLease, takeLease } from "./lease.ts";

export interface RunnerOptions {
  readonly knex: Knex;
  readonly log: Logger;
  readonly pluginId: string;
  readonly handlers: ReadonlyMap<string, JobHandler>;
  readonly schedules: ReadonlyMap<string, (signal: AbortSignal) => Promise<void>>;
  /** Aborts when the process is asked to stop. */
  readonly signal: AbortSignal;
}

interface OutboxRow {
  readonly job_id: string;
  readonly job: string;
  readonly payload: unknown;
  /** How often it was taken. */
  readonly attempts: number;
  readonly failures: number;
}

/** Gives the function that BullMQ calls with each entry of a plugin's queue. */
export function createRunner(options: RunnerOptions): (wakeUp: WakeUp) => Promise<void> {
  return async (wakeUp) => {
    if ("schedule" in wakeUp) return options.schedules.get(wakeUp.schedule)?.(options.signal);
    const row = await findRow(options, wakeUp);
    if (row === undefined) return;
    const handler = options.handlers.get(row.job);
    if (handler === undefined) {
      await failJob(options, row, new Error(`Nobody handles ${row.job}.`), 1);
      return;
    }
    const tenantId = wakeUp.tenant_id ?? undefined;
    try {
      await (handler.kind === "unit"
        ? runUnit(options, handler, row, tenantId)
        : runLong(options, handler, row, tenantId));
    } catch (error) {
      await failed(options, handler, row, tenantId, error);
    }
  };
}

/** Whose rows the job's transactions see: its tenant's, or all of the plugin's. */
function identityOf({ pluginId }: RunnerOptions, tenantId: string | undefined) {
  return tenantId === undefined ? { role: platformRoleOf(pluginId) } : { role: roleOf(pluginId), tenantId };
}

function findRow(
  options: RunnerOptions,
  wakeUp: { job_id: string; tenant_id: string | null },
): Promise<OutboxRow | undefined> {
  return openUnit(
    options.knex,
    identityOf(options, wakeUp.tenant_id ?? undefined),
    (trx) => rowQuery(trx, wakeUp.job_id),
    {
      readOnly: true,
    },
  );
}

function rowQuery(trx: Trx, jobId: string) {
  return trx("core.outbox")
    .where({ job_id: jobId })
    .whereNull("dead_at")
    .whereRaw("run_at <= now()")
    .first<OutboxRow | undefined>("job_id", "job", "payload", "attempts", "failures");
}

/** Takes the row, does the work and ends the job in one transaction. */
async function runUnit(
  options: RunnerOptions,
  handler: UnitHandler,
  found: OutboxRow,
  tenantId: string | undefined,
): Promise<void> {
  await openUnit(options.knex, identityOf(options, tenantId), async (trx) => {
    const row = await rowQuery(trx, found.job_id).forUpdate().skipLocked();
    if (row === undefined) return;
    await handler.handle({
      jobId: row.job_id,
      payload: parsePayload(handler.job, row.payload),
      attempt: row.attempts + 1,
      tenantId,
      signal: options.signal,
      trx,
    });
    await trx("core.outbox").where({ job_id: row.job_id }).delete();
  });
}

/** Takes a lease, keeps it while the handler works, and lets the handler end the job in the transaction that it chooses. */
async function runLong(
  options: RunnerOptions,
  handler: LongHandler,
  row: OutboxRow,
  tenantId: string | undefined,
): Promise<void> {
  const attempt = await takeLease(options.knex, row.job_id);
  if (attempt === undefined) return;
  const lease = holdLease(options.knex, row.job_id, attempt, options.log);
  const signal = AbortSignal.any([options.signal, lease.lost]);
  try {
    await handler.handle({
      jobId: row.job_id,
      payload: parsePayload(handler.job, row.payload),
      attempt,
      tenantId,
      signal,
      finish: async (trx) => {
        // The attempt is the fence: a worker that lost its lease to another can't publish any more.
        const ended = await trx("core.outbox").where({ job_id: row.job_id, attempts: attempt }).delete();
        if (ended !== 1) throw new Error("Another worker has taken this job over.");
      },
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    // Not the job's fault: the process stops, or the job has moved on. It costs no attempt.
    await releaseLease(options.knex, row.job_id, attempt);
  } finally {
    await lease.end();
  }
}

function parsePayload(job: JobDefinition, payload: unknown): unknown {
  return job.payload.parse(payload);
}

async function failed(
  options: RunnerOptions,
  handler: JobHandler,
  row: OutboxRow,
  tenantId: string | undefined,
  error: unknown,
): Promise<void> {
  const dead = await failJob(options, row, error, handler.job.attempts);
  if (!dead || handler.kind === "unit" || handler.onDead === undefined) return;
  const { onDead } = handler;
  await openUnit(options.knex, identityOf(options, tenantId), (trx) => onDead({ payload: row.payload, tenantId, trx }));
}

/**
 * The runner does a job when the queue wakes it. The outbox row decides: an entry whose row is gone, or taken by another
 * worker, is dropped (see `core/jobs/outbox.ts` for why that is safe).
 */
import type { Knex } from "knex";

import { runTransaction, crossTenantRoleOf, roleOf, type Trx } from "../core/db/database.ts";
import { prepare } from "../core/db/prepared_statement.ts";
import { switchIdentity, type TransactionIdentity } from "../core/db/transaction.ts";
import { type JobHandler, type JobRun, type LongHandler, DeferJob, type UnitHandler } from "../core/jobs/job.ts";
import type { WakeUp } from "../core/jobs/queue_backend.ts";
import type { Logger } from "../core/process/log.ts";
import { coreRole } from "../core/db/role_names.ts";
import { deferJob, failJob, holdLease, type OutboxRow, releaseLease, takeLease } from "./lease.ts";

export interface RunnerOptions {
  readonly knex: Knex;
  readonly log: Logger;
  readonly pluginId: string;
  readonly handlers: ReadonlyMap<string, JobHandler>;
  readonly schedules: ReadonlyMap<string, (signal: AbortSignal) => Promise<void>>;
  /** Aborts when the process is asked to stop. */
  readonly signal: AbortSignal;
}

/** Gives the function that BullMQ calls with each entry of a plugin's queue. */
export function createRunner(options: RunnerOptions): (name: string, wakeUp: WakeUp) => Promise<void> {
  return async (name, wakeUp) => {
    if ("schedule" in wakeUp) return runSchedule(options, wakeUp.schedule);
    const task = { jobId: wakeUp.job_id, tenantId: wakeUp.tenant_id ?? undefined };
    const handler = options.handlers.get(name);
    if (handler === undefined) return runUnknown(options, task, name);
    return handler.kind === "unit" ? runUnitJob(options, handler, task) : runLongJob(options, handler, task);
  };
}

interface Task {
  readonly jobId: string;
  readonly tenantId: string | undefined;
}

/** Whose rows the job's transactions see: its tenant's, or all of the plugin's. */
function identityOf({ pluginId }: RunnerOptions, { tenantId }: Task): TransactionIdentity {
  return tenantId === undefined ? { role: crossTenantRoleOf(pluginId) } : { role: roleOf(pluginId), tenantId };
}

const dueColumns = "job_id, job, payload, attempts, failures";
/** The row must be of the entry's job and tenant: the row decides, so a wrong entry finds nothing and changes nothing. */
const due =
  "job_id = $1 AND job = $2 AND tenant_id IS NOT DISTINCT FROM $3::uuid AND dead_at IS NULL AND run_at <= now()";
const findStatement = prepare<OutboxRow>("runner_find", `SELECT ${dueColumns} FROM core.outbox WHERE ${due}`);
const takeStatement = prepare<OutboxRow>("runner_take", `${findStatement.text} FOR UPDATE SKIP LOCKED`);
const endStatement = prepare<{ job_id: string }>(
  "runner_end",
  "DELETE FROM core.outbox WHERE job_id = $1 AND attempts = $2 RETURNING job_id",
);

/** Takes the row, does the work and ends the job in one transaction. */
async function runUnitJob(options: RunnerOptions, handler: UnitHandler, task: Task): Promise<void> {
  let row: OutboxRow | undefined;
  try {
    await runTransaction(options.knex, identityOf(options, task), async (trx) => {
      [row] = await takeStatement.run(trx, [task.jobId, handler.job.name, task.tenantId ?? null]);
      if (row === undefined) return;
      const { attempts, payload } = row;
      await handler.handle({ ...run(options, handler, task, payload, attempts + 1), trx });
      endStatement.send(trx, [task.jobId, attempts]);
    });
  } catch (error) {
    // Without a row, the fault is not the job's: the database is out of reach, and the sweep wakes us again.
    if (row === undefined) throw error;
    await recordFailure(options, handler, task, row, error);
  }
}

/** Takes a lease, keeps it while the handler works, and lets the handler end the job in the transaction that it chooses. */
async function runLongJob(options: RunnerOptions, handler: LongHandler, task: Task): Promise<void> {
  const row = await takeLease(options.knex, { ...task, job: handler.job.name });
  if (row === undefined) return;
  const lease = holdLease(options.knex, row, options.log);
  const signal = AbortSignal.any([options.signal, lease.lost]);
  const finish = async (trx: Trx): Promise<void> => {
    // The attempt is the fence: a worker that lost its lease to another can't publish any more.
    const ended = await endStatement.run(trx, [task.jobId, row.attempts]);
    if (ended.length !== 1) throw new Error("Another worker has taken this job over.");
  };
  const work = async () =>
    handler.handle({ ...run(options, handler, task, row.payload, row.attempts), signal, finish });
  const failure = await work().then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  // Before the row is given back: a renewal under way would take it again.
  await lease.end();
  if (failure === undefined) return;
  if (failure.error instanceof DeferJob) return deferJob(options.knex, row, failure.error.delayMs);
  // Where the process stops it is not the job's fault, and the next worker may take it at once.
  if (signal.aborted) await releaseLease(options.knex, row);
  else await recordFailure(options, handler, task, row, failure.error);
}

function run(
  options: RunnerOptions,
  { job }: JobHandler,
  { jobId, tenantId }: Task,
  payload: unknown,
  attempt: number,
): JobRun<unknown> {
  return { jobId, payload: job.payload.parse(payload), attempt, tenantId, signal: options.signal };
}

/** Puts the job back or declares it dead; in the latter case, what its plugin has to say to that commits with it. */
async function recordFailure(
  options: RunnerOptions,
  handler: JobHandler,
  task: Task,
  row: OutboxRow,
  error: unknown,
): Promise<void> {
  const { knex, log } = options;
  const outcome = await runTransaction(knex, { role: coreRole }, async (trx) => {
    const failed = await failJob(trx, { ...row, error, mostAttempts: handler.job.attempts });
    if (failed === "dead" && handler.kind === "long" && handler.onDead !== undefined) {
      await switchIdentity(trx, identityOf(options, task));
      await handler.onDead({ payload: row.payload, tenantId: task.tenantId, trx });
    }
    return failed;
  });
  const words = {
    again: "a job failed",
    dead: "a job is dead",
    lost: "a job failed that another worker has taken over",
  };
  log[outcome === "dead" ? "error" : "warn"](
    { err: error, job_id: task.jobId, job: row.job, attempt: row.attempts },
    words[outcome],
  );
}

/** A job that this version of the plugin does not know: kept for a person, or for the version that does. */
async function runUnknown(options: RunnerOptions, task: Task, name: string): Promise<void> {
  const error = new Error(`Nobody handles ${name}.`);
  const [row] = await runTransaction(options.knex, identityOf(options, task), (trx) =>
    findStatement.run(trx, [task.jobId, name, task.tenantId ?? null]),
  );
  if (row === undefined) return;
  await runTransaction(options.knex, { role: coreRole }, (trx) => failJob(trx, { ...row, error, mostAttempts: 1 }));
  options.log.error({ err: error, job_id: task.jobId }, "a job is dead");
}

async function runSchedule({ schedules, signal, log }: RunnerOptions, name: string): Promise<void> {
  try {
    await schedules.get(name)?.(signal);
  } catch (error) {
    log.error({ err: error, schedule: name }, "a schedule failed; it comes round again");
  }
}

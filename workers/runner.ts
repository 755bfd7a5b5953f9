/**
 * The runner does a job when the queue wakes it. The outbox row decides. If the row is gone or another worker has it,
 * the runner drops the entry. `core/jobs/outbox.ts` says why that is safe.
 */
import type { Knex } from "knex";

import { runTransaction, crossTenantRoleOf, roleOf, type Trx } from "../core/db/database.ts";
import { prepare } from "../core/db/prepared_statement.ts";
import { afterCommit, switchIdentity, type TransactionIdentity } from "../core/db/transaction.ts";
import { type JobHandler, type JobRun, type LongHandler, DeferJob, type UnitHandler } from "../core/jobs/job.ts";
import { announceChange } from "../core/live/announce.ts";
import type { WakeUp } from "../core/jobs/queue_backend.ts";
import type { Logger } from "../core/process/log.ts";
import { coreRole } from "../core/db/role_names.ts";
import { deferJob, failJob, keepLease, type OutboxRow, releaseLease, takeLease } from "./lease.ts";

export interface RunnerOptions {
  readonly knex: Knex;
  readonly log: Logger;
  readonly pluginId: string;
  readonly handlers: ReadonlyMap<string, JobHandler>;
  readonly schedules: ReadonlyMap<string, (signal: AbortSignal) => Promise<void>>;
  /** Aborts when the process stops. */
  readonly signal: AbortSignal;
}

/** Makes the function that BullMQ calls with each entry of a plugin's queue. */
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

/** Returns the role and tenant of the job's transactions. Without a tenant they see all rows of the plugin. */
function identityOf({ pluginId }: RunnerOptions, { tenantId }: Task): TransactionIdentity {
  return tenantId === undefined ? { role: crossTenantRoleOf(pluginId) } : { role: roleOf(pluginId), tenantId };
}

const dueColumns = "job_id, job, payload, attempts, failures";
/** The row must have the entry's job and tenant. A wrong entry therefore finds and changes no row. */
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
      afterCommit(trx, (knex) => announceJob(knex, handler, task));
    });
  } catch (error) {
    // Without a row the job has not run: the database does not answer, and the sweep wakes the runner again.
    if (row === undefined) throw error;
    await recordFailure(options, handler, task, row, error);
  }
}

/** Takes a lease and renews it while the handler works. The handler ends the job in a transaction of its choice. */
async function runLongJob(options: RunnerOptions, handler: LongHandler, task: Task): Promise<void> {
  const row = await takeLease(options.knex, { ...task, job: handler.job.name });
  if (row === undefined) return;
  const lease = keepLease(options.knex, row, options.log);
  const signal = AbortSignal.any([options.signal, lease.lost]);
  const finish = async (trx: Trx): Promise<void> => {
    // Compares the fencing number: a worker that lost its lease can't publish its result.
    const ended = await endStatement.run(trx, [task.jobId, row.attempts]);
    if (ended.length !== 1) throw new Error("Another worker has taken this job over.");
  };
  const work = async () =>
    handler.handle({ ...run(options, handler, task, row.payload, row.attempts), signal, finish });
  const failure = await work().then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  // Ends the renewal before the row is given back. A renewal that still runs would take the row again.
  await lease.end();
  if (failure === undefined) return announceJob(options.knex, handler, task);
  if (failure.error instanceof DeferJob) return deferJob(options.knex, row, failure.error.delayMs);
  // An attempt that the end of the process aborts is not a failure. The next worker can take the job immediately.
  if (signal.aborted) await releaseLease(options.knex, row);
  else await recordFailure(options, handler, task, row, failure.error);
}

/** Announces the change of a job to the desks of its tenant. */
function announceJob(knex: Knex, { job }: JobHandler, { tenantId }: Task): void {
  if (tenantId === undefined) return;
  const topics = job.changes ?? [job.name.split(".")[0] ?? job.name];
  announceChange(knex, { tenantId, topics, ids: [], by: null, at: new Date().toISOString() });
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

/** Records the failure. If the job is now dead, its plugin's `onDead` commits in the same transaction. */
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
  const messages = {
    again: "a job failed",
    dead: "a job is dead",
    lost: "a job failed that another worker has taken over",
  };
  log[outcome === "dead" ? "error" : "warn"](
    { err: error, job_id: task.jobId, job: row.job, attempt: row.attempts },
    messages[outcome],
  );
  if (outcome === "dead") announceJob(knex, handler, task);
}

/** Marks a job dead that this version of the plugin does not know. A person, or another version, can retry it. */
async function runUnknown(options: RunnerOptions, task: Task, name: string): Promise<void> {
  const error = new Error(`No plugin handles the job ${name}.`);
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
    log.error({ err: error, schedule: name }, "a schedule failed, and runs again at its next time");
  }
}

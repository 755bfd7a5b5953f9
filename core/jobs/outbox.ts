/**
 * The outbox: how a job is created, run and ended.
 *
 * A handler writes a row of `core.outbox` in its own transaction, so the job exists exactly if the change that needs
 * it does. The relay (`workers/relay.ts`) then adds an entry to the queue. The entry is only a wake-up call. It can be
 * lost (the queue's store was emptied), doubled or late. No job is lost or done twice by that, for three reasons:
 *
 * - The runner (`workers/runner.ts`) locks the row and not the entry. A short job uses `FOR UPDATE SKIP LOCKED`, and a
 *   long job uses a lease. The runner drops an entry whose row is gone or locked.
 * - The row is deleted in the transaction of the job's effect, so the two commit together.
 * - The relay's sweep queues a row again if it has waited too long.
 *
 * A job that fails gets a later `run_at`. After its last attempt it is dead. A dead job keeps its row, with the error,
 * until an operator retries or deletes it.
 */
import type * as z from "zod";

import type { Trx } from "../db/database.ts";
import { prepare } from "../db/prepared_statement.ts";
import { afterCommit } from "../db/transaction.ts";
import { newId } from "../values/ids.ts";
import type { Manifest } from "../plugin/manifest.ts";
import { announceJobs } from "./outbox_notify.ts";
import type { JobDefinition } from "./job_definition.ts";

const insertStatement = prepare(
  "core_enqueue",
  "INSERT INTO core.outbox (job_id, job, tenant_id, payload) VALUES ($1, $2, core.tenant_id(), $3)",
);

/** Makes the `enqueue` of one plugin. PostgreSQL checks the same permission again, by a row policy. */
export function enqueuerFor(manifest: Manifest) {
  const allowed = new Set((manifest.permissions?.jobs ?? []).map((job) => job.name));
  return async (trx: Trx, job: JobDefinition, payload: z.input<JobDefinition["payload"]>): Promise<string> => {
    if (!allowed.has(job.name)) {
      throw new Error(
        `The plugin ${manifest.id} has no permission to enqueue ${job.name}. ` +
          `Remedy: permissions.jobs in plugins/${manifest.id}/manifest.ts.`,
      );
    }
    const jobId = newId();
    // Not awaited. It travels with the handler's next statement. If PostgreSQL refuses it, it refuses the COMMIT too.
    insertStatement.send(trx, [jobId, job.name, JSON.stringify(job.payload.parse(payload))]);
    afterCommit(trx, announceJobs);
    return jobId;
  };
}

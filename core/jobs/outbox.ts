/**
 * The outbox: how a job comes into being, is taken, and ends.
 *
 * A handler writes a row of `core.outbox` in its own transaction, so the job exists exactly if the effect that wants it
 * does. The relay (`workers/relay.ts`) tells the queue of it. The queue's entry is only a wake-up call: it may be lost
 * (the queue's store was emptied), doubled, or late, and nothing is lost or done twice by that, because
 *
 * - the runner (`workers/runner.ts`) takes the row, not the entry: `FOR UPDATE SKIP LOCKED` for a short job, a lease for
 *   a long one; an entry whose row is gone or taken is dropped;
 * - the row is deleted in the transaction of the job's effect, so there is never one without the other;
 * - the relay's sweep queues a row again that has waited for too long.
 *
 * A job that fails goes back with a later `run_at`; after its last attempt it is dead: it keeps its row, with the error,
 * until a person replays or deletes it.
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

/** The `enqueue` of one plugin. PostgreSQL checks the same permission again, by a row policy. */
export function enqueuerFor(manifest: Manifest) {
  const allowed = new Set((manifest.permissions?.jobs ?? []).map((job) => job.name));
  return async (trx: Trx, job: JobDefinition, payload: z.input<JobDefinition["payload"]>): Promise<string> => {
    if (!allowed.has(job.name)) {
      throw new Error(
        `The plugin ${manifest.id} may not enqueue ${job.name}. Remedy: permissions.jobs in plugins/${manifest.id}/manifest.ts.`,
      );
    }
    const jobId = newId();
    // Not waited for: it travels with what the handler does next, and where it is refused, so is the COMMIT.
    insertStatement.send(trx, [jobId, job.name, JSON.stringify(job.payload.parse(payload))]);
    afterCommit(trx, announceJobs);
    return jobId;
  };
}

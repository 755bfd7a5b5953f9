/**
 * The relay adds an entry to the queue for each new row of the outbox. The NOTIFY that follows a commit wakes it. A
 * notification is lost while the connection is down, and an entry while the queue's store is. So the relay also sweeps
 * the outbox each second. Several relays can run at the same time. Each row is taken by one of them.
 */
import type { Knex } from "knex";

import { runTransaction } from "../core/db/database.ts";
import { listen } from "../core/live/listener.ts";
import { prepare } from "../core/db/prepared_statement.ts";
import { outboxChannel } from "../core/jobs/outbox_notify.ts";
import { queueName } from "../core/jobs/job_definition.ts";
import type { QueueEntry, WakeUpQueue } from "../core/jobs/queue_backend.ts";
import type { Logger } from "../core/process/log.ts";
import { coreRole } from "../core/db/role_names.ts";
import { queueNameOf } from "./queue_names.ts";

export interface RelayOptions {
  readonly knex: Knex;
  /** URL with the run-time login, for the connection that listens. */
  readonly url: string;
  readonly log: Logger;
  /** The plugins whose rows are relayed. */
  readonly plugins: readonly string[];
  /** The queues by name (`queueName` in `core/jobs/job.ts`). */
  readonly queues: ReadonlyMap<string, WakeUpQueue>;
  /** Names of the jobs that wait for the network. Every other job is in its plugin's own queue. */
  readonly networkJobs: ReadonlySet<string>;
}

export interface Relay {
  close(): Promise<void>;
}

const batch = 500;
const sweepEveryMs = 1_000;
/** A row that still exists after this time in the queue is queued again, because its entry can be lost. */
const lostAfter = "30 seconds";

interface DueRow {
  readonly job_id: string;
  readonly job: string;
  readonly queue: string;
  readonly tenant_id: string | null;
  readonly attempts: number;
  readonly delay_ms: number;
}

/** Starts a relay. Its `close` waits for the running round. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { log } = options;
  let closing = false;
  let round: Promise<void> = Promise.resolve();
  let queuedRounds = 0;

  // Runs one round at a time, with at most one more waiting. A hundred notifications then cause two rounds.
  const wake = (): void => {
    if (closing || queuedRounds > 1) return;
    queuedRounds += 1;
    round = round
      .then(() => relayAll(options))
      .catch((error: unknown) => log.warn({ err: error }, "a round of the relay failed, and the next sweep repeats it"))
      .finally(() => {
        queuedRounds -= 1;
      });
  };

  const listener = await listen({
    url: options.url,
    name: "relay",
    channel: outboxChannel,
    log,
    onNotify: wake,
    onConnect: wake,
  });
  const sweep = setInterval(wake, sweepEveryMs);
  wake();
  return {
    close: async () => {
      closing = true;
      clearInterval(sweep);
      await listener.close();
      await round;
    },
  };
}

async function relayAll(options: RelayOptions): Promise<void> {
  let count: number;
  do {
    count = await relayBatch(options);
  } while (count === batch);
}

/** Takes the rows without an entry in the queue, and those whose entry can be lost. */
const takeStatement = prepare<DueRow>(
  "relay_take",
  `UPDATE core.outbox SET queued_at = now() WHERE job_id IN (
     SELECT job_id FROM core.outbox
     WHERE dead_at IS NULL AND queue = ANY($1) AND (
       queued_at IS NULL
       OR (queued_at < now() - $2::interval AND run_at < now() - $2::interval
         AND (lease_until IS NULL OR lease_until < now())))
     ORDER BY job_id LIMIT $3 FOR UPDATE SKIP LOCKED)
   RETURNING job_id, job, queue, tenant_id, attempts,
     greatest(0, ceil(extract(epoch FROM run_at - now()) * 1000))::int AS delay_ms`,
);

/**
 * Marks rows as queued, commits, and then adds their entries. With an earlier entry, a runner would find the row
 * locked.
 */
async function relayBatch({ knex, plugins, queues, networkJobs, log }: RelayOptions): Promise<number> {
  const rows = await runTransaction(knex, { role: coreRole }, (trx) =>
    takeStatement.run(trx, [[...plugins], lostAfter, batch]),
  );
  const queueOf = ({ queue, job }: DueRow): string =>
    queueName({ pluginId: queue, waitsFor: networkJobs.has(job) ? "network" : undefined });
  const names = [...new Set(rows.map(queueOf))];
  const added = await Promise.allSettled(
    names.map(async (name) => queues.get(name)?.addBulk(rows.filter((row) => queueOf(row) === name).map(entryOf))),
  );
  const refused = names.filter((_, index) => added[index]?.status === "rejected");
  if (refused.length === 0) return rows.length;
  const unqueued = rows.filter((row) => refused.includes(queueOf(row)));
  await markUnqueued(knex, unqueued);
  log.warn({ queues: refused.map(queueNameOf), jobs: unqueued.length }, "the queue's store did not take the jobs");
  throw added.find((outcome) => outcome.status === "rejected")?.reason;
}

function entryOf(row: DueRow): QueueEntry {
  return {
    name: row.job,
    data: { job_id: row.job_id, tenant_id: row.tenant_id },
    opts: {
      // BullMQ ignores an id that it still has. The attempt in the id distinguishes this entry from an earlier one.
      jobId: `${row.job_id}-${row.attempts}`,
      delay: row.delay_ms,
      removeOnComplete: true,
      removeOnFail: true,
    },
  };
}

async function markUnqueued(knex: Knex, rows: readonly DueRow[]): Promise<void> {
  await runTransaction(knex, { role: coreRole }, (trx) =>
    trx("core.outbox")
      .whereIn(
        "job_id",
        rows.map((row) => row.job_id),
      )
      .update({ queued_at: null }),
  );
}

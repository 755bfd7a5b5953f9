/**
 * The relay tells the queue of new rows in the outbox. It is woken by the NOTIFY that follows a commit, and sweeps by the clock for
 * what it was not told of: a notification is lost while the connection is down, an entry while the queue's store is.
 * Several relays may run at once; each row is taken by one of them.
 */
import type { Knex } from "knex";
import pg from "pg";

import { runTransaction } from "../core/db/database.ts";
import { prepare } from "../core/db/prepared_statement.ts";
import { outboxChannel } from "../core/jobs/outbox_notify.ts";
import { queueName } from "../core/jobs/job_definition.ts";
import type { QueueEntry, WakeUpQueue } from "../core/jobs/queue_backend.ts";
import type { Logger } from "../core/process/log.ts";
import { coreRole } from "../core/db/role_names.ts";
import { queueNameOf } from "./queue_names.ts";

export interface RelayOptions {
  readonly knex: Knex;
  /** Of the run-time login, for the connection that listens. */
  readonly url: string;
  readonly log: Logger;
  /** The plugins whose rows are relayed. */
  readonly plugins: readonly string[];
  /** By name (`queueName` in `core/jobs/job.ts`). */
  readonly queues: ReadonlyMap<string, WakeUpQueue>;
  /** The jobs that wait for the network. Any other is in its plugin's own queue. */
  readonly networkJobs: ReadonlySet<string>;
}

export interface Relay {
  close(): Promise<void>;
}

const batch = 500;
const sweepEveryMs = 1_000;
/** A row that was queued so long ago and is still here is queued again: its entry may have been lost. */
const lostAfter = "30 seconds";

interface DueRow {
  readonly job_id: string;
  readonly job: string;
  readonly queue: string;
  readonly tenant_id: string | null;
  readonly attempts: number;
  readonly delay_ms: number;
}

/** Starts relaying; `close` waits for the round under way. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { log } = options;
  let closing = false;
  let round: Promise<void> = Promise.resolve();
  let queuedRounds = 0;

  // One round at a time, and at most one more waiting: a hundred notifications need no hundred rounds.
  const wake = (): void => {
    if (closing || queuedRounds > 1) return;
    queuedRounds += 1;
    round = round
      .then(() => relayAll(options))
      .catch((error: unknown) => log.warn({ err: error }, "the relay's round failed; the next sweep repeats it"))
      .finally(() => {
        queuedRounds -= 1;
      });
  };

  const listener = await listenForJobs(options.url, wake, log);
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
  while ((await relayBatch(options)) === batch);
}

/** The rows that no relay has told the queue of, and those whose entry may have been lost. */
const takeStatement = prepare<DueRow>(
  "relay_take",
  `UPDATE core.outbox SET queued_at = now() WHERE job_id IN (
     SELECT job_id FROM core.outbox
     WHERE dead_at IS NULL AND queue = ANY($1) AND (
       queued_at IS NULL
       OR (queued_at < now() - $2::interval AND run_at < now() - $2::interval AND (lease_until IS NULL OR lease_until < now())))
     ORDER BY job_id LIMIT $3 FOR UPDATE SKIP LOCKED)
   RETURNING job_id, job, queue, tenant_id, attempts,
     greatest(0, ceil(extract(epoch FROM run_at - now()) * 1000))::int AS delay_ms`,
);

/** Marks rows as queued, commits, and only then adds them: a runner that was faster would find the row locked. */
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
  const back = rows.filter((row) => refused.includes(queueOf(row)));
  await giveBack(knex, back);
  log.warn({ queues: refused.map(queueNameOf), jobs: back.length }, "the queue's store did not take the jobs");
  throw added.find((outcome) => outcome.status === "rejected")?.reason;
}

function entryOf(row: DueRow): QueueEntry {
  return {
    name: row.job,
    data: { job_id: row.job_id, tenant_id: row.tenant_id },
    opts: {
      // With the attempt in it, an entry of an earlier attempt that is still being put away can't swallow this one.
      jobId: `${row.job_id}-${row.attempts}`,
      delay: row.delay_ms,
      removeOnComplete: true,
      removeOnFail: true,
    },
  };
}

async function giveBack(knex: Knex, rows: readonly DueRow[]): Promise<void> {
  await runTransaction(knex, { role: coreRole }, (trx) =>
    trx("core.outbox")
      .whereIn(
        "job_id",
        rows.map((row) => row.job_id),
      )
      .update({ queued_at: null }),
  );
}

/** Keeps one connection that listens, and makes it anew when it breaks. */
async function listenForJobs(url: string, wake: () => void, log: Logger): Promise<{ close(): Promise<void> }> {
  let closing = false;
  let client: pg.Client | undefined;
  let retry: NodeJS.Timeout | undefined;
  const connect = async (): Promise<void> => {
    const fresh = new pg.Client({ connectionString: url, application_name: "keyrack relay", keepAlive: true });
    fresh.on("notification", wake);
    fresh.once("error", (error) => again(fresh, error));
    fresh.once("end", () => again(fresh, new Error("the connection ended")));
    client = fresh;
    await fresh.connect();
    await fresh.query(`LISTEN ${outboxChannel}`);
    wake();
  };
  const again = (broken: pg.Client, error: Error): void => {
    if (closing || client !== broken) return;
    client = undefined;
    log.warn({ err: error }, "the relay's listening connection broke; connecting again");
    broken.end().catch(() => undefined);
    retry = setTimeout(() => {
      connect().catch((failure: Error) => {
        if (client !== undefined) again(client, failure);
      });
    }, sweepEveryMs);
  };
  await connect();
  return {
    close: async () => {
      closing = true;
      clearTimeout(retry);
      await client?.end().catch(() => undefined);
    },
  };
}

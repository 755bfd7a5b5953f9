/**
 * Counts the jobs of each queue for monitoring. The workers have no address, so a web process counts in the outbox.
 */
import type { Knex } from "knex";

import { runTransaction } from "../db/database.ts";
import { coreRole } from "../db/role_names.ts";
import type { Manifest } from "../plugin/manifest.ts";
import { cacheResult } from "../values/cache_result.ts";
import { queueName } from "./job_definition.ts";

export interface QueueState {
  readonly queue: string;
  /** Jobs that are neither done nor dead, including those that have failed before. */
  readonly waiting: number;
  /** Waiting jobs that have failed and will be retried. */
  readonly failing: number;
  /** Jobs that failed too often and wait for an operator. */
  readonly dead: number;
  /** How long the oldest due job has waited. */
  readonly late_seconds: number;
}

/** The shortest time (ms) between two reads of the database, at any number of requests. */
const keptMs = 5_000;
/** A job that waits longer than this has no worker, or too few workers. */
const lateAfterSeconds = 120;

/**
 * Counts the jobs in the queues of all present plugins, including empty queues. A process of a `PLUGINS` list knows the
 * manifests of its own plugins only, and counts the jobs of another plugin under that plugin.
 *
 * A plugin's jobs that wait for the network have a queue of their own. A row of the outbox names only the plugin, so
 * the job's declaration in the manifest gives the queue.
 */
export function createQueueWatch(
  knex: Knex,
  manifests: readonly Manifest[],
  here: readonly string[],
): () => Promise<readonly QueueState[]> {
  const network = new Map(
    manifests
      .flatMap(({ permissions }) => permissions?.jobs ?? [])
      .filter(({ waitsFor }) => waitsFor === "network")
      .map(({ name }) => [name, queueName({ pluginId: name.split(".")[0] ?? "", waitsFor: "network" })]),
  );
  const queues = [...new Set([...here, ...network.values()])];
  return cacheResult(keptMs, async () => {
    const { rows } = await runTransaction(
      knex,
      { role: coreRole },
      (trx) => trx.raw<{ rows: QueueState[] }>(statement, [[...network.keys()], [...network.values()], queues]),
      { readOnly: true },
    );
    return rows;
  });
}

const statement = `
  SELECT coalesce(o.in_queue, known.queue) AS queue,
    count(o.job_id) FILTER (WHERE dead_at IS NULL)::int AS waiting,
    count(o.job_id) FILTER (WHERE dead_at IS NULL AND failures > 0)::int AS failing,
    count(o.job_id) FILTER (WHERE dead_at IS NOT NULL)::int AS dead,
    coalesce(extract(epoch FROM now() - min(run_at) FILTER (
      WHERE dead_at IS NULL AND run_at <= now() AND (lease_until IS NULL OR lease_until < now()))), 0)::float
      AS late_seconds
  FROM (SELECT j.*, coalesce(n.queue, j.queue) AS in_queue FROM core.outbox j
    LEFT JOIN unnest(?::text[], ?::text[]) AS n (job, queue) ON n.job = j.job) o
  FULL JOIN unnest(?::text[]) AS known (queue) ON known.queue = o.in_queue
  GROUP BY 1 ORDER BY 1`;

/** Says whether a queue has dead jobs, or jobs that no worker runs. */
export function hasTroubledQueue(states: readonly QueueState[]): boolean {
  return states.some(({ dead, late_seconds: late }) => dead > 0 || late > lateAfterSeconds);
}

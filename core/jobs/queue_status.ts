/** How the queues stand, for who watches the platform. The workers have no address, so a web process counts in the outbox. */
import type { Knex } from "knex";

import { runTransaction } from "../db/database.ts";
import { coreRole } from "../db/role_names.ts";
import type { Manifest } from "../plugin/manifest.ts";
import { cacheResult } from "../values/cache_result.ts";
import { queueName } from "./job_definition.ts";

export interface QueueState {
  readonly queue: string;
  /** Not done and not dead; those that have failed before included. */
  readonly waiting: number;
  /** Of these, the ones that have failed and are tried again. */
  readonly failing: number;
  /** Failed too often: they wait for a person. */
  readonly dead: number;
  /** For how long the oldest job that could run has waited. */
  readonly late_seconds: number;
}

/** Watchers ask as often as they please; the database is asked so often at most. */
const keptMs = 5_000;
/** A job that nobody took for so long: no worker runs, or too few. */
const lateAfterSeconds = 120;

/**
 * Reads how the queues of all plugins that are here stand, the empty ones too. A process of a `PLUGINS` list knows the
 * manifests of its own plugins alone, and counts the jobs of another by the plugin.
 *
 * A plugin's jobs that wait for the network have a queue of their own: a row of the outbox names only the plugin, so the
 * job's declaration in the manifest says which queue it is in.
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
      WHERE dead_at IS NULL AND run_at <= now() AND (lease_until IS NULL OR lease_until < now()))), 0)::float AS late_seconds
  FROM (SELECT j.*, coalesce(n.queue, j.queue) AS in_queue FROM core.outbox j
    LEFT JOIN unnest(?::text[], ?::text[]) AS n (job, queue) ON n.job = j.job) o
  FULL JOIN unnest(?::text[]) AS known (queue) ON known.queue = o.in_queue
  GROUP BY 1 ORDER BY 1`;

/** Whether a queue has dead jobs, or jobs that no worker takes. */
export function hasTroubledQueue(states: readonly QueueState[]): boolean {
  return states.some(({ dead, late_seconds: late }) => dead > 0 || late > lateAfterSeconds);
}

/**
 * Chooses the store of BullMQ's queues. It is Redis if `REDIS_URL` is set, else BullMQ's own PostgreSQL backend. Only
 * this file and `bullmq_schema.ts` know which one.
 */
import {
  type ConnectionOptions,
  createPostgresBackend,
  type IQueueBackend,
  type JobProgress,
  type JobsOptions,
  type PostgresConnectionOptions,
  type Processor,
  Queue,
  type QueueOptions,
  type RedisQueueBackend,
  Worker,
  type WorkerOptions,
} from "bullmq";
import pg from "pg";

import { queueRole, queueSchema, urlAs } from "../db/role_names.ts";
import { checkRedis } from "./redis_check.ts";

/** The data of a queue entry: a pointer to the outbox row, or the name of a schedule that is due. */
export type WakeUp = { readonly job_id: string; readonly tenant_id: string | null } | { readonly schedule: string };

export interface QueueEntry {
  readonly name: string;
  readonly data: WakeUp;
  readonly opts?: JobsOptions;
}

/** The part of a BullMQ queue that the relay and the schedules use. */
export interface WakeUpQueue {
  addBulk(entries: QueueEntry[]): Promise<unknown>;
  upsertJobScheduler(
    id: string,
    repeat: { every: number } | { pattern: string; tz: string },
    template: { name: string; data: WakeUp; opts?: JobsOptions },
  ): Promise<unknown>;
  removeJobScheduler(id: string): Promise<unknown>;
  close(): Promise<void>;
}

/** The part of a BullMQ worker that the runner uses. */
export interface WakeUpWorker {
  waitUntilReady(): Promise<unknown>;
  close(force?: boolean): Promise<void>;
}

export interface QueueStore {
  readonly kind: "redis" | "postgresql";
  /** @throws BootError if the store refuses the login or the database, but not if it can't be reached */
  check(): Promise<void>;
  queue(name: string): WakeUpQueue;
  worker(name: string, process: (name: string, data: WakeUp) => Promise<void>, concurrency: number): WakeUpWorker;
  /** Ends the connections. Close the queues and the workers before. */
  close(): Promise<void>;
}

export interface QueueStoreOptions {
  readonly redisUrl: string | undefined;
  readonly databaseUrl: string;
  readonly secret: string;
  /** BullMQ reports a lost connection here, and then connects again by itself. */
  readonly onError: (error: Error) => void;
}

/** The entries of a killed worker count as stalled after `lockDuration` plus `stalledInterval` at most. */
const workerOptions = {
  lockDuration: 10_000,
  stalledInterval: 5_000,
  // The outbox counts the attempts. The queue must not stop before the outbox does.
  maxStalledCount: 1_000,
  drainDelay: 5,
} satisfies Partial<WorkerOptions>;

/** Opens the store of this process. Queue names take no colon. */
export function openQueueStore(options: QueueStoreOptions): QueueStore {
  return options.redisUrl === undefined ? postgresStore(options) : redisStore(options.redisUrl, options.onError);
}

function redisStore(url: string, onError: (error: Error) => void): QueueStore {
  let closed = false;
  const opened: { disconnect(): Promise<void> }[] = [];
  const open = <T extends Queue | RestingWorker>(one: T): T => {
    opened.push(one);
    return listen(one, onError);
  };
  // Passes options and not a client, because BullMQ never closes the duplicates that it makes of a client.
  const connection = {
    url,
    maxRetriesPerRequest: null,
    retryStrategy: (attempts: number) => (closed ? null : reconnectAfterMs(attempts)),
    reconnectOnError: isDemoted,
    socketTimeout: silentMs,
  };
  return {
    kind: "redis",
    check: () => checkRedis(url),
    queue: (name) => open(new Queue(name, { connection } satisfies QueueOptions)),
    worker: (name, process, concurrency) =>
      open(new RestingWorker(name, processorOf(process), { connection, concurrency, ...workerOptions })),
    // A connection without an answer survives BullMQ's close, and ioredis would reconnect it forever.
    close: async () => {
      closed = true;
      await Promise.all(opened.map((one) => one.disconnect().catch(() => undefined)));
    },
  };
}

/** BullMQ's own pauses grow to 20 s, and the jobs would wait that long after Redis is back. */
const reconnectAfterMs = (attempts: number): number => Math.min(attempts * 100, 2_000);

/**
 * Says whether a server that was a primary is now a replica. After a failover by name (Sentinel, ElastiCache) the old
 * connection would stay there. A new connection reaches the new primary.
 */
const isDemoted = ({ message }: Error): boolean => /^(READONLY|UNBLOCKED)/.test(message);

/** A connection that awaits an answer longer than this (ms) is replaced. BullMQ blocks for 10 s at most. */
const silentMs = 15_000;

/** The pause of a worker after its store refused to give it a job. */
const restMs = 1_000;

/**
 * A worker that pauses after its store refused to give it a job. BullMQ itself asks again at once. With a full Redis,
 * which answers OOM, that kept half a core busy.
 */
class RestingWorker<Backend extends IQueueBackend = RedisQueueBackend, Connection = ConnectionOptions> extends Worker<
  WakeUp,
  void,
  string,
  Backend,
  JobProgress,
  Connection
> {
  protected override async moveToActive(token: string, name?: string) {
    try {
      return await super.moveToActive(token, name);
    } catch (error) {
      if (this.closing === undefined) await this.delay(restMs);
      throw error;
    }
  }

  /** BullMQ ignores a forced close while an earlier close waits for the store, and it continues to renew locks. */
  override async close(force = false): Promise<void> {
    if (force) await this.lockManager.close();
    await super.close(force);
  }
}

function postgresStore({ databaseUrl, secret, onError }: QueueStoreOptions): QueueStore {
  const pool = new pg.Pool({
    connectionString: urlAs(databaseUrl, queueRole, secret),
    application_name: "keyrack queue",
    // BullMQ's statements name its tables without a schema. BullMQ gets a pool and not a config, because it can't load
    // pg from an ES module.
    options: `-c search_path=${queueSchema}`,
    keepAlive: true,
    // Each worker keeps one connection for LISTEN.
    max: 24,
  });
  pool.on("error", onError);
  // Each queue and each worker adds its own listener.
  pool.setMaxListeners(0);
  // BullMQ declares the pool by a structure of its own, which differs slightly from pg's types.
  const connection = pool as unknown as PostgresConnectionOptions;
  return {
    kind: "postgresql",
    // The platform's tables are in the same database, and the boot has checked those.
    check: () => Promise.resolve(),
    queue: (name) => listen(new Queue(name, { connection }, createPostgresBackend), onError),
    worker: (name, process, concurrency) =>
      listen(
        new RestingWorker(
          name,
          processorOf(process),
          { connection, concurrency, ...workerOptions },
          createPostgresBackend,
        ),
        onError,
      ),
    close: () => pool.end(),
  };
}

function processorOf(process: (name: string, data: WakeUp) => Promise<void>): Processor<WakeUp, void> {
  return (entry) => process(entry.name, entry.data);
}

/** An error without a listener would end the process. BullMQ repairs its connections by itself. */
function listen<T extends { on(event: "error", listener: (error: Error) => void): unknown }>(
  emitter: T,
  onError: (error: Error) => void,
): T {
  emitter.on("error", onError);
  return emitter;
}

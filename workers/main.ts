/**
 * A worker process. Relays the outbox and runs the jobs and schedules of the plugins in `PLUGINS`, by default of all.
 */
import { setTimeout as sleep } from "node:timers/promises";

import { lowerPriority } from "../core/process/priority.ts";
import { boot, type Platform } from "../core/boot.ts";
import { readProgramOptions, settingsInEnvironment } from "../core/cli/program_options.ts";
import { takeVariables } from "../core/config/env.ts";
import { queueName } from "../core/jobs/job_definition.ts";
import { logByKind } from "../core/jobs/log_by_kind.ts";
import { openQueueStore } from "../core/jobs/queue_backend.ts";
import { runProcess } from "../core/process/run_process.ts";
import { queueNameOf } from "./queue_names.ts";
import { startRelay } from "./relay.ts";
import { createRunner } from "./runner.ts";
import { coreSchedules, startSchedules } from "./schedules.ts";

export interface WorkerProcess {
  /** Takes no more jobs, lets short ones finish, and gives long ones back to the next worker. */
  close(): Promise<void>;
}

/** Time for the running jobs at the end. */
const drainMs = 15_000;
/** Time for the queue's store to answer at the start. */
const readyMs = 5_000;
/** Time for each step of the stop while the store does not answer: 4 s together. */
const storeMs = 1_000;

/** Starts a worker. @throws BootError if Redis refuses the settings in REDIS_URL */
export async function work(platform: Platform): Promise<WorkerProcess> {
  const { env, knex, log } = platform;
  const databaseUrl = env.DATABASE_URL;
  const isBackground = platform.queues.length > 0 && platform.queues.every(({ background }) => background);
  if (isBackground) await lowerPriority();
  const stopping = new AbortController();
  const store = openQueueStore({
    redisUrl: env.REDIS_URL,
    databaseUrl,
    secret: env.SECRET_KEY,
    onError: logByKind(log, "the queue's store refused a command or does not answer"),
  });
  try {
    await store.check();
  } catch (error) {
    await store.close();
    await platform.close();
    throw error;
  }
  let runningJobs = 0;
  const queues = new Map(platform.queues.map((id) => [queueName(id), store.queue(queueNameOf(queueName(id)))]));
  const workers = platform.queues.map(({ pluginId, waitsFor, concurrency }) => {
    const ofPlugin = <T extends { pluginId: string }>(items: readonly T[]): T[] =>
      items.filter((item) => item.pluginId === pluginId);
    // Either queue of a plugin can contain any of its jobs, because a job can change its queue after it was enqueued.
    const runner = createRunner({
      knex,
      log,
      pluginId,
      handlers: new Map(ofPlugin(platform.jobs).map(({ handler }) => [handler.job.name, handler])),
      schedules: new Map(ofPlugin(platform.schedules).map(({ schedule }) => [schedule.name, schedule.run])),
      signal: stopping.signal,
    });
    const countAndRun: typeof runner = async (name, wakeUp) => {
      runningJobs += 1;
      try {
        await runner(name, wakeUp);
      } finally {
        runningJobs -= 1;
      }
    };
    return store.worker(queueNameOf(queueName({ pluginId, waitsFor })), countAndRun, concurrency);
  });
  // If the store is down, BullMQ tries again by itself, and the jobs wait in the outbox.
  await withinMs(readyMs, Promise.all(workers.map((worker) => worker.waitUntilReady())));
  const relay = await startRelay({
    knex,
    url: platform.loginUrl,
    log,
    plugins: [...new Set(platform.queues.map(({ pluginId }) => pluginId))],
    queues,
    networkJobs: new Set(
      platform.jobs.filter(({ handler }) => handler.job.waitsFor === "network").map(({ handler }) => handler.job.name),
    ),
  });
  const schedules = startSchedules(queues, platform.schedules, log);
  const housekeeping = coreSchedules(knex, log);

  log.info({ store: store.kind, queues: [...queues.keys()] }, "working");
  return {
    close: async () => {
      stopping.abort(new Error("The worker stops."));
      housekeeping.close();
      await Promise.all([withinMs(storeMs, schedules.close()), withinMs(storeMs, relay.close())]);
      // BullMQ's close waits for the running jobs and for the store, which might not answer. It has no time limit.
      const closing = Promise.all(workers.map((worker) => worker.close()));
      await withinMs(storeMs, closing);
      if (runningJobs > 0) await withinMs(drainMs, closing);
      await Promise.all([
        withinMs(storeMs, Promise.all(workers.map((worker) => worker.close(true)))),
        withinMs(storeMs, Promise.all([...queues.values()].map((queue) => queue.close()))),
      ]);
      await withinMs(storeMs, store.close());
      await platform.close();
    },
  };
}

async function withinMs(ms: number, work: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  await Promise.race([
    work.catch(() => undefined),
    sleep(ms, undefined, { signal: timer.signal }).catch(() => undefined),
  ]);
  timer.abort();
}

async function main(): Promise<void> {
  await readProgramOptions(
    "npm run worker --",
    `Runs the jobs and schedules of the plugins in PLUGINS. ${settingsInEnvironment}`,
    {},
  );
  await runProcess("worker", async () => {
    const variables = takeVariables();
    const worker = await work(
      await boot(["worker", variables["PLUGINS"]].filter((word) => word !== undefined).join(" "), variables),
    );
    process.send?.({ ready: true });
    return () => worker.close();
  });
}

// Not `await main()`: mocha loads the hooks and the test files by `require`, which refuses a top-level await. It would
// import such test files instead. They would then have a PostgreSQL that the hooks do not know and never stop.
if (import.meta.filename === process.argv[1]) void main();

/** The floors of a job: BullMQ alone, on the same store, with an empty job and one with a small UPDATE. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

import { openQueueStore, type QueueStoreOptions } from "../../core/jobs/queue_backend.ts";
import { median } from "../../testing/timing.ts";
import { amount } from "../brief.ts";

export interface QueueFloor {
  readonly noOp: number;
  readonly update: number;
  /** Milliseconds on an idle worker from an entry's insertion to its handler, the median. */
  readonly pickUpMs: number;
}

const bulk = 500;

/** Jobs a second of each kind. @param concurrency jobs at a time in the one worker */
export async function measureQueueFloor(
  options: Omit<QueueStoreOptions, "onError">,
  jobs: number,
  concurrency: number,
): Promise<QueueFloor> {
  const pool = new pg.Pool({ connectionString: options.databaseUrl, max: 10 });
  try {
    await pool.query("CREATE TABLE IF NOT EXISTS public.floor_rows (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)");
    await pool.query("INSERT INTO public.floor_rows SELECT generate_series(0, 999) ON CONFLICT DO NOTHING");
    let next = 0;
    const update = async (): Promise<void> => {
      next = (next + 1) % 1000;
      const text = "UPDATE public.floor_rows SET n = n + 1 WHERE id = $1";
      await pool.query({ name: "floor", text, values: [next] });
    };
    return {
      noOp: await jobsPerSecond(options, jobs, concurrency, () => Promise.resolve()),
      update: await jobsPerSecond(options, jobs, concurrency, update),
      pickUpMs: await pickUpTime(options, concurrency),
    };
  } finally {
    await pool.end();
  }
}

async function jobsPerSecond(
  options: Omit<QueueStoreOptions, "onError">,
  jobs: number,
  concurrency: number,
  work: () => Promise<void>,
): Promise<number> {
  const store = openQueueStore({ ...options, onError: () => undefined });
  const name = `floor-${randomUUID()}`;
  const queue = store.queue(name);
  try {
    for (let added = 0; added < jobs; added += bulk) {
      await queue.addBulk(
        Array.from({ length: Math.min(bulk, jobs - added) }, (_, number) => ({
          name: "floor",
          data: { job_id: String(added + number), tenant_id: null },
          opts: { removeOnComplete: true, removeOnFail: true },
        })),
      );
    }
    let done = 0;
    let first = 0;
    let finish: (perSecond: number) => void = () => undefined;
    const finished = new Promise<number>((resolve) => {
      finish = resolve;
    });
    const worker = store.worker(
      name,
      async () => {
        await work();
        done += 1;
        // Without the worker's start, as the events are measured.
        if (done === jobs / 10) first = performance.now();
        if (done === jobs) finish((jobs * 0.9) / ((performance.now() - first) / 1000));
      },
      concurrency,
    );
    try {
      return await finished;
    } finally {
      await worker.close();
    }
  } finally {
    await queue.close();
    await store.close();
  }
}

async function pickUpTime(options: Omit<QueueStoreOptions, "onError">, concurrency: number): Promise<number> {
  const store = openQueueStore({ ...options, onError: () => undefined });
  const name = `floor-${randomUUID()}`;
  const queue = store.queue(name);
  let handled: () => void = () => undefined;
  const worker = store.worker(name, () => Promise.resolve(handled()), concurrency);
  try {
    await worker.waitUntilReady();
    const times: number[] = [];
    for (let number = 0; number < amount(60, 10); number += 1) {
      const done = new Promise<void>((resolve) => {
        handled = resolve;
      });
      const started = performance.now();
      const data = { job_id: String(number), tenant_id: null };
      await queue.addBulk([{ name: "floor", data, opts: { removeOnComplete: true, removeOnFail: true } }]);
      await done;
      times.push(performance.now() - started);
      await sleep(20);
    }
    return median(times);
  } finally {
    await worker.close();
    await queue.close();
    await store.close();
  }
}

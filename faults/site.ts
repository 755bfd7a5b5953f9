/** A Keyrack of real processes on its own database and queue store, for injected faults. */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Knex } from "knex";

import { openPool } from "../core/db/pool.ts";
import { processVariables } from "../core/config/env.ts";
import { testSecret } from "../testing/postgres.ts";
import { startRedis, type TestRedis } from "../testing/redis.ts";
import { type StoreKind, testWebhookSecret } from "../testing/platform.ts";
import { countEffects } from "./audit.ts";
import { Child } from "./child.ts";
import type { PlannedEvent } from "./events.ts";
import { type FaultyPostgres, quietPort } from "./postgres.ts";

const hotels = 10;
const webs = 2;

export interface Site {
  readonly store: StoreKind;
  /** The owner's connection, which tenant isolation does not filter. It reads the stored rows. */
  readonly owner: Knex;
  readonly hotelIds: readonly string[];
  /** Events with at least one 200. They must be stored and applied. */
  readonly acknowledged: Map<string, PlannedEvent>;
  readonly webs: readonly Child[];
  readonly worker: Child;
  /** Stops Redis, and starts an empty one at the same address. */
  readonly redis: { flush(): Promise<void>; stop(): Promise<void>; start(): Promise<void> } | undefined;
  close(): Promise<void>;
}

/** Two web processes, and a worker. */
export async function startSite(postgres: FaultyPostgres, store: StoreKind): Promise<Site> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closing.reverse()) await end();
  };
  try {
    const url = await postgres.createDatabase(`faults_${store}`);
    const owner = openPool({ url, max: 2, name: "faults" });
    closing.push(() => owner.destroy());
    const redis = store === "redis" ? await redisAt(await quietPort()) : undefined;
    if (redis !== undefined) closing.push(() => redis.stop());
    const folder = await mkdtemp(path.join(os.tmpdir(), "keyrack-faults-data-"));
    closing.push(() => rm(folder, { recursive: true, force: true }));
    const variables = {
      PATH: processVariables()["PATH"] ?? "",
      NODE_ENV: "test",
      DATABASE_URL: url,
      SECRET_KEY: testSecret,
      STRIPE_WEBHOOK_SECRET: testWebhookSecret,
      DATA_DIR: folder,
      HOST: "127.0.0.1",
      // All of the load comes from one address.
      USER_REQUESTS_PER_MINUTE: "1000000",
      TENANT_REQUESTS_PER_MINUTE: "1000000",
      ADDRESS_REQUESTS_PER_MINUTE: "1000000",
      LOG_LEVEL: processVariables()["TEST_LOG_LEVEL"] ?? "error",
    };
    const queue = redis === undefined ? {} : { REDIS_URL: redis.url };
    const webChildren = await Promise.all(
      // A web process gets no Redis address, because it needs none.
      Array.from(
        { length: webs },
        async () => new Child("bin/web.ts", { ...variables, PORT: String(await quietPort()) }),
      ),
    );
    const worker = new Child("workers/main.ts", { ...variables, ...queue });
    const children = [...webChildren, worker];
    closing.push(() => Promise.all(children.map((child) => child.kill())));
    await Promise.all(children.map((child) => child.start()));
    const hotelIds = await makeHotels(owner);
    await countEffects(owner);
    return { store, owner, hotelIds, acknowledged: new Map(), webs: webChildren, worker, redis, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function makeHotels(owner: Knex): Promise<string[]> {
  const { rows } = (await owner.raw(
    `INSERT INTO identity.hotels (hotel_id, name, time_zone, currency, business_date, trial_ends_at, valid_to)
     SELECT gen_random_uuid(), 'Hotel ' || n, 'Europe/Berlin', 'EUR', current_date,
            now() + interval '14 days', now() + interval '14 days'
     FROM generate_series(1, ?) AS n RETURNING hotel_id`,
    [hotels],
  )) as { rows: { hotel_id: string }[] };
  return rows.map(({ hotel_id }) => hotel_id);
}

async function redisAt(port: number) {
  let server: TestRedis | undefined = await startRedis(port);
  return {
    url: server.url,
    flush: async () => server?.flush(),
    stop: async () => {
      await server?.stop();
      server = undefined;
    },
    start: async () => {
      server = await startRedis(port);
    },
  };
}

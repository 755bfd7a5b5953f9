/**
 * Starts a whole Keyrack for a test in this process, with its own database, a web server on a free port and a worker.
 */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Knex } from "knex";

import { boot, type Platform } from "../core/boot.ts";
import { openPool } from "../core/db/pool.ts";
import { processVariables } from "../core/config/env.ts";
import { migrateDatabase } from "../core/migrate_database.ts";
import { TestClient } from "./client.ts";
import { createTestDatabase, testSecret } from "./postgres.ts";
import { hasRedisServer, startRedis, type TestRedis } from "./redis.ts";
import { serve } from "../core/serve.ts";
import { work } from "../workers/main.ts";

export type StoreKind = "postgresql" | "redis";

export interface TestPlatformOptions {
  /** The store of BullMQ's queues. Default: PostgreSQL. */
  readonly store?: StoreKind;
  /** Whether a worker runs the jobs. Default: true. */
  readonly worker?: boolean;
  /** A migrated database, which remains at the end. Default: a new one. */
  readonly databaseUrl?: string;
  /** Environment variables that override the defaults of tests. */
  readonly variables?: Readonly<Record<string, string>>;
}

export interface TestPlatform {
  readonly client: TestClient;
  /** A pool with the owner's login, without tenant isolation: for rows that the API does not show or make. */
  readonly owner: Knex;
  readonly databaseUrl: string;
  readonly redis: TestRedis | undefined;
  /** The environment of the processes. */
  readonly variables: Readonly<Record<string, string>>;
  /** Stops the worker. The web server goes on. */
  stopWorker(): Promise<void>;
  close(): Promise<void>;
}

/** `PLUGIN_PATH` of the plugins that only tests use. */
export const fixturePlugins = path.join(import.meta.dirname, "fixture_plugins");

/** The Stripe webhook secret of all tests. */
export const testWebhookSecret = "whsec_test_test_test_test_test_test_1";

export async function startTestPlatform(options: TestPlatformOptions = {}): Promise<TestPlatform> {
  const database =
    options.databaseUrl === undefined
      ? await createTestDatabase()
      : { url: options.databaseUrl, drop: () => Promise.resolve() };
  const redis = options.store === "redis" ? await startRedis() : undefined;
  const folder = await mkdtemp(path.join(os.tmpdir(), "keyrack-data-"));
  const variables: Record<string, string> = {
    NODE_ENV: "test",
    DATABASE_URL: database.url,
    SECRET_KEY: testSecret,
    STRIPE_WEBHOOK_SECRET: testWebhookSecret,
    DATA_DIR: folder,
    PORT: "0",
    HOST: "127.0.0.1",
    LOG_LEVEL: processVariables()["TEST_LOG_LEVEL"] ?? "silent",
    SIGN_UPS_PER_HOUR: "10000",
    LOGINS_PER_MINUTE: "10000",
    // The same number as for a hotel that pays.
    TRIAL_SCHEDULES: "20",
    // All tests come from one address, and some from one user as fast as they can.
    USER_REQUESTS_PER_MINUTE: "1000000",
    TENANT_REQUESTS_PER_MINUTE: "1000000",
    ADDRESS_REQUESTS_PER_MINUTE: "1000000",
    // Long, because a machine under load is slow. A test of the refusal sets its own value.
    DATABASE_WAIT_MS: "30000",
    ...(redis === undefined ? {} : { REDIS_URL: redis.url }),
    ...options.variables,
  };
  // The template database has only the shipped plugins.
  if ("PLUGIN_PATH" in variables) await migrateDatabase(variables);
  const owner = openPool({ url: database.url, max: 2, name: "test owner" });
  const server = await serve(await boot("web", variables));
  let worker = options.worker === false ? undefined : await work(withoutCronSchedules(await boot("worker", variables)));
  const stopWorker = async (): Promise<void> => {
    await worker?.close();
    worker = undefined;
  };
  return {
    client: new TestClient(`http://127.0.0.1:${server.port}`),
    owner,
    databaseUrl: database.url,
    redis,
    variables,
    stopWorker,
    close: async () => {
      await stopWorker();
      await server.close();
      await owner.destroy();
      await redis?.stop();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Removes the schedules with a time of day, which would otherwise run in the tests of that minute. */
function withoutCronSchedules(platform: Platform): Platform {
  return { ...platform, schedules: platform.schedules.filter(({ schedule }) => !("cron" in schedule)) };
}

/** Runs the same tests with BullMQ on PostgreSQL and, if `redis-server` is installed, on Redis. */
export function onBothStores(title: string, tests: (store: StoreKind) => void): void {
  describe(`${title} (BullMQ on PostgreSQL)`, () => tests("postgresql"));
  (hasRedisServer() ? describe : describe.skip)(`${title} (BullMQ on Redis)`, () => tests("redis"));
}

let hotels = 0;

export interface TestHotel {
  readonly hotelId: string;
  readonly managerToken: string;
  readonly receptionistToken: string;
  readonly username: string;
}

/** Runs a worker of this process while `test` runs. Start the platform with `worker: false`. */
export async function withWorker({ variables }: TestPlatform, test: () => Promise<void>): Promise<void> {
  const worker = await work(await boot("worker", variables));
  try {
    await test();
  } finally {
    await worker.close();
  }
}

/** Signs a hotel up, with a manager and a receptionist, and logs both in. */
export async function signUpHotel(
  client: TestClient,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<TestHotel> {
  hotels += 1;
  const password = "correct-horse-battery";
  const username = `manager-${process.pid}-${hotels}`;
  const signUp = await client.post("/hotels/", {
    name: "Test hotel",
    username,
    password,
    time_zone: "Europe/Berlin",
    currency: "EUR",
    ...settings,
  });
  if (signUp.status !== 201) throw new Error(`The sign-up answered ${signUp.status}: ${signUp.text}`);
  const managerToken = await logIn(client, username, password);
  const receptionist = `desk-${process.pid}-${hotels}`;
  const desk = { username: receptionist, password, role: "receptionist", must_change_password: false };
  await client.post("/users/", desk, { token: managerToken });
  const receptionistToken = await logIn(client, receptionist, password);
  return { hotelId: signUp.body.hotel.hotel_id as string, managerToken, receptionistToken, username };
}

/** Logs a user in. @returns the access token */
export async function logIn(client: TestClient, username: string, password: string): Promise<string> {
  const answer = await client.post("/auth/token", { username, password });
  if (answer.status !== 200) throw new Error(`The login answered ${answer.status}: ${answer.text}`);
  return answer.body.access_token as string;
}

/** Calls `look` every 20 ms until it returns a value. @throws Error after `ms` (default 10 s) */
export async function eventually<T>(look: () => Promise<T | undefined>, ms = 10_000): Promise<T> {
  const until = Date.now() + ms;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (Date.now() > until) throw new Error(`It did not happen within ${ms} ms.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * Starts one real PostgreSQL for each process that runs tests. Each test file gets a database of its own, cloned from a
 * template that is migrated once. Processes do not share a server, because roles belong to a whole server and tests
 * change them. `TEST_DATABASE_URL` points the suite at another server (14 or newer), where it makes and drops databases
 * as a superuser. Then the files must run one after another (`npm test -- --no-parallel`).
 */
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import pg from "pg";

import { type EmbeddedPostgres, startEmbeddedPostgres } from "../embedded/mod.ts";
import { processVariables } from "../core/config/env.ts";
import { migrateDatabase } from "../core/migrate_database.ts";

/** Signs tokens and derives the run-time logins' passwords in all tests. */
export const testSecret = "test-secret-test-secret-test-secret-0";

interface TestServer {
  readonly url: string;
  readonly postgres: EmbeddedPostgres | undefined;
  readonly folder: string;
}

/** Mocha gives each process that runs files side by side a number. */
export const isWorker = processVariables()["MOCHA_WORKER_ID"] !== undefined;

let server: Promise<TestServer> | undefined;
let databases = 0;
const template = `keyrack_template_${process.pid}`;

/** Begins the names of the folders of a run's servers. Its number is the id of mocha's main process. */
const folderPrefix = `keyrack-tests-${isWorker ? process.ppid : process.pid}-`;

async function startServer(): Promise<TestServer> {
  const folder = await mkdtemp(path.join(os.tmpdir(), folderPrefix));
  // PostgreSQL runs as another user where the tests run as root.
  await chmod(folder, 0o755);
  const given = processVariables()["TEST_DATABASE_URL"];
  const postgres =
    given === undefined
      ? await startEmbeddedPostgres({ dataDir: folder, settings: { fsync: "off", synchronous_commit: "off" } })
      : undefined;
  const url = given ?? (postgres as EmbeddedPostgres).url;
  try {
    await admin(url, `CREATE DATABASE ${template}`);
    await migrateDatabase({
      DATABASE_URL: databaseUrl(url, template),
      SECRET_KEY: testSecret,
      DATA_DIR: folder,
      LOG_LEVEL: "silent",
    });
  } catch (error) {
    // No other code can stop this server yet, and a running server keeps the run from ending.
    await postgres?.stop();
    throw error;
  }
  return { url, postgres, folder };
}

/** Starts the server of this process, unless it runs. */
export async function startTestServer(): Promise<void> {
  server ??= startServer();
  await server;
}

/** A database of its own, migrated and empty. */
export interface TestDatabase {
  /** The address with the login of the owner, who may do everything. */
  readonly url: string;
  drop(): Promise<void>;
}

export const createTestDatabase = (): Promise<TestDatabase> => createDatabase(template);

/** A database of its own, not migrated. */
export const createEmptyDatabase = (): Promise<TestDatabase> => createDatabase("template0");

async function createDatabase(from: string): Promise<TestDatabase> {
  server ??= startServer();
  const { url } = await server;
  databases += 1;
  const name = `keyrack_test_${process.pid}_${databases}`;
  await admin(url, `CREATE DATABASE ${name} TEMPLATE ${from}`);
  return { url: databaseUrl(url, name), drop: () => admin(url, `DROP DATABASE ${name} WITH (FORCE)`) };
}

/** Stops the server of this process. That of a worker ends with the worker, as `keeper.js` sees to. */
export async function stopTestServer(): Promise<void> {
  if (server === undefined) return;
  const { url, postgres, folder } = await server;
  if (postgres === undefined) await admin(url, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
}

/** Removes the folders of the workers' servers. A server ends right after its worker and writes until then. */
export async function removeWorkerFolders(): Promise<void> {
  const names = (await readdir(os.tmpdir())).filter((name) => name.startsWith(folderPrefix));
  const remove = (name: string): Promise<void> =>
    rm(path.join(os.tmpdir(), name), { recursive: true, force: true, maxRetries: 50, retryDelay: 200 });
  await Promise.all(names.map(remove));
}

async function admin(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function databaseUrl(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

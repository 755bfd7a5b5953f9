/**
 * One real PostgreSQL for a whole run of the tests, and in it one database per test file, cloned from a template that is
 * migrated once. `TEST_DATABASE_URL` points the suite at another server (14 or newer), where it makes and drops databases
 * as a superuser.
 */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import pg from "pg";

import { type EmbeddedPostgres, startEmbeddedPostgres } from "../embedded/mod.ts";
import { processVariables } from "../env.ts";
import { migrateDatabase } from "../migrate.ts";

/** Signs tokens and derives the run-time logins' passwords in all tests. */
export const testSecret = "test-secret-test-secret-test-secret-0";

interface TestServer {
  readonly url: string;
  readonly postgres: EmbeddedPostgres | undefined;
  readonly folder: string;
}

let server: Promise<TestServer> | undefined;
let databases = 0;
const template = `keyrack_template_${process.pid}`;

async function startServer(): Promise<TestServer> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "keyrack-test-"));
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
    // Nobody else knows of the server yet, and a server that goes on would keep the run from ending.
    await postgres?.stop();
    throw error;
  }
  return { url, postgres, folder };
}

/** A database of its own, migrated and empty. */
export interface TestDatabase {
  /** Of the owner, who may do everything. */
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

/** Stops what the first test started. */
export async function stopTestServer(): Promise<void> {
  if (server === undefined) return;
  const { url, postgres, folder } = await server;
  if (postgres === undefined) await admin(url, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
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

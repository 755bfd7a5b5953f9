/** An embedded PostgreSQL that can be shut down at once, as in a crash, and returns at the same address. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import pg from "pg";

import { type EmbeddedPostgres, startEmbeddedPostgres } from "../embedded/mod.ts";
import { migrateDatabase } from "../core/migrate_database.ts";
import { testSecret } from "../testing/postgres.ts";

const template = "keyrack_faults";

export interface FaultyPostgres {
  /** Makes a new database and migrates it. @returns its owner's URL */
  createDatabase(name: string): Promise<string>;
  /** Shuts down at once and starts again: no checkpoint, every connection broken, recovery from the log. */
  restartAtOnce(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server whose commits survive the end of its processes. Data of answered requests must survive it. */
export async function startFaultyPostgres(): Promise<FaultyPostgres> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), "keyrack-faults-"));
  const port = await quietPort();
  const start = (): Promise<EmbeddedPostgres> =>
    startEmbeddedPostgres({ dataDir, port, settings: { fsync: "off", synchronous_commit: "on" } });
  let server = await start();
  const query = async (sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  };
  const urlOf = (name: string): string => Object.assign(new URL(server.url), { pathname: `/${name}` }).href;
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    await query(`CREATE DATABASE ${template}`);
    const variables = { SECRET_KEY: testSecret, DATA_DIR: dataDir, LOG_LEVEL: "silent" };
    await migrateDatabase({ ...variables, DATABASE_URL: urlOf(template) });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    createDatabase: async (name) => {
      await query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
      return urlOf(name);
    },
    restartAtOnce: async () => {
      const lines = await readFile(path.join(dataDir, "postgres", "postmaster.pid"), "utf8");
      process.kill(Number.parseInt(lines, 10), "SIGQUIT");
      await server.exited;
      server = await start();
    },
    stop,
  };
}

/**
 * Returns a free port below the range that Linux gives to outgoing connections. A client that calls an unused
 * address in that range can get that very port as its own. It then talks to itself and keeps the port from the
 * returning server.
 */
export async function quietPort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await isFree(port)) return port;
  }
  throw new Error("No free port between 20000 and 32000.");
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

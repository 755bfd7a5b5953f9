/**
 * Starts the server with its keeper, waits until it answers, and ends it. keeper.js says why there is a process
 * between.
 */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";

import { serverEnv, type DataFolder } from "./data_folder.ts";
import { stopLeftoverServer } from "./leftover_server.ts";
import type { ServerLog } from "./server_log.ts";

const keeperFile = fileURLToPath(new URL("keeper.js", import.meta.url));
/** Limit of a stop in milliseconds: longer than all signals of the keeper together. */
const keeperLimitMs = 25_000;

export interface ServerProcess {
  /** Resolves when both the keeper and the server have ended, for any reason. */
  readonly ended: Promise<void>;
  hasEnded(): boolean;
  stop(): Promise<void>;
}

export function launchServer(
  postgres: string,
  folder: DataFolder,
  settings: Readonly<Record<string, string>>,
  log: ServerLog,
): ServerProcess {
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const order = { command: postgres, args: ["-D", folder.pgdata, ...flags], env: serverEnv, ...folder.user };
  // `detached` gives the keeper its own process group. Ctrl-C goes to the terminal's whole group, and must not stop the
  // database before the open requests are answered. `serverEnv` also omits NODE_OPTIONS, which would load tsx there.
  log.begin();
  const keeper = spawn(process.execPath, [keeperFile, JSON.stringify(order)], {
    detached: true,
    cwd: "/",
    env: serverEnv,
    stdio: ["pipe", "ignore", log.target],
  });
  keeper.stdin?.on("error", () => undefined);
  if (keeper.stderr) log.read(keeper.stderr);

  let hasEnded = false;
  const ended = new Promise<void>((resolve) => {
    keeper.once("exit", resolve);
    keeper.once("error", () => resolve());
  })
    // If the keeper was killed, its server still runs. Usually there is none, and this does nothing.
    .then(() => stopLeftoverServer(folder.pgdata))
    .catch(() => undefined)
    .then(() => {
      hasEnded = true;
    });
  return {
    ended,
    hasEnded: () => hasEnded,
    async stop() {
      keeper.stdin?.end();
      const timer = setTimeout(() => keeper.kill("SIGKILL"), keeperLimitMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

/**
 * Waits until a real connection to `database` works, and makes that database if it is missing.
 * @param deadline in milliseconds since the epoch
 * @returns false if the server ended. @throws Error after the deadline
 */
export async function untilReady(
  server: ServerProcess,
  folder: DataFolder,
  port: number,
  database: string,
  deadline: number,
): Promise<boolean> {
  let last: unknown = "none";
  while (!server.hasEnded()) {
    if (Date.now() > deadline)
      throw new Error(`PostgreSQL did not accept connections in time (last answer: ${String(last)}).`);
    try {
      if (await isReady(folder.pgdata, port)) {
        await query(databaseUrl(folder, port, database), "SELECT 1");
        return true;
      }
    } catch (error) {
      last = error;
      // 3D000: the database is missing. Every server has the database "postgres", from which to make it.
      if (error instanceof Error && "code" in error && error.code === "3D000")
        await query(databaseUrl(folder, port, "postgres"), `CREATE DATABASE ${pg.escapeIdentifier(database)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return false;
}

export function databaseUrl(folder: DataFolder, port: number, database: string): string {
  return `postgres://keyrack:${folder.password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}

/**
 * Reads the server's state from `postmaster.pid`: line 4 is the port, line 8 the state. Without this check, early
 * connections would fill the log with refusals, or reach another program's server on the port.
 */
async function isReady(pgdata: string, port: number): Promise<boolean> {
  const lines = (await readFile(path.join(pgdata, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
  return lines[3]?.trim() === String(port) && lines[7]?.trim() === "ready";
}

async function query(connectionString: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000, application_name: "keyrack start" });
  // Without a listener, an error on an idle client would end the process. The query itself rejects too.
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query(sql);
  } finally {
    await client.end().catch(() => undefined);
  }
}

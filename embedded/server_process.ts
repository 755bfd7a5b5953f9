/** One run of the server behind its keeper: start it, wait until it answers, end it. See keeper.js for why there is a process in between. */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { SERVER_ENV, type DataFolder } from "./data_folder.ts";
import { stopLeftoverServer } from "./leftover_server.ts";
import type { ServerLog } from "./server_log.ts";

const KEEPER = fileURLToPath(new URL("keeper.js", import.meta.url));
/** Longer than all of the keeper's own steps together. Milliseconds. */
const KEEPER_LIMIT = 25_000;

export interface ServerProcess {
  /** Resolves when neither keeper nor server runs any more, for whatever reason. */
  readonly ended: Promise<void>;
  hasEnded(): boolean;
  stop(): Promise<void>;
}

export function launchServer(
  postgres: string,
  folder: DataFolder,
  settings: Record<string, string>,
  log: ServerLog,
): ServerProcess {
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const order = { command: postgres, args: ["-D", folder.pgdata, ...flags], env: SERVER_ENV, ...folder.user };
  // A process group of its own: Ctrl-C goes to the terminal's whole group, and must not stop the database before the open requests are answered.
  // SERVER_ENV also keeps NODE_OPTIONS away, which would load tsx into the keeper.
  log.begin();
  const keeper = spawn(process.execPath, [KEEPER, JSON.stringify(order)], {
    detached: true,
    cwd: "/",
    env: SERVER_ENV,
    stdio: ["pipe", "ignore", log.target],
  });
  keeper.stdin?.on("error", () => undefined);
  if (keeper.stderr) log.read(keeper.stderr);

  let over = false;
  const ended = new Promise<void>((resolve) => {
    keeper.once("exit", resolve);
    keeper.once("error", () => resolve());
  })
    // Nothing to do as a rule. But the keeper may have been killed, and nobody would look after its server.
    .then(() => stopLeftoverServer(folder.pgdata))
    .catch(() => undefined)
    .then(() => {
      over = true;
    });
  return {
    ended,
    hasEnded: () => over,
    async stop() {
      keeper.stdin?.end();
      const timer = setTimeout(() => keeper.kill("SIGKILL"), KEEPER_LIMIT);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Resolves when a real connection to `database` works, making that database when missing. Resolves `false` when the server ended instead. */
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
      if (await saysReady(folder.pgdata, port)) {
        await query(databaseUrl(folder, port, database), "SELECT 1");
        return true;
      }
    } catch (error) {
      last = error;
      // 3D000: no such database. Made from the one that every server has.
      if ((error as { code?: string }).code === "3D000")
        await query(databaseUrl(folder, port, "postgres"), `CREATE DATABASE ${pg.escapeIdentifier(database)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return false;
}

export function databaseUrl(folder: DataFolder, port: number, database: string): string {
  return `postgres://keyrack:${folder.password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}

/** Asked first: connecting too early fills the log with refusals, and another program's server may sit on the port. Lines 4 and 8 are port and state. */
async function saysReady(pgdata: string, port: number): Promise<boolean> {
  const lines = (await readFile(join(pgdata, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
  return lines[3]?.trim() === String(port) && lines[7]?.trim() === "ready";
}

async function query(connectionString: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000, application_name: "keyrack start" });
  // An error on an idle client would otherwise end the process; the query itself rejects as well.
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query(sql);
  } finally {
    await client.end().catch(() => undefined);
  }
}

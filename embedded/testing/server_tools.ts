/** Helpers for the tests of the embedded PostgreSQL: data folders, queries, and its processes. */
import { spawn, type ChildProcess } from "node:child_process";
import { chmod, mkdtemp, readFile, readlink, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import pg from "pg";

import { describeProcess } from "../processes.ts";

/** Makes an empty data folder. The server's user can enter it, unless `isClosed`. */
export async function makeDataDir({ isClosed = false } = {}): Promise<string> {
  const dataDir = await realpath(await mkdtemp(path.join(tmpdir(), "keyrack-embedded-")));
  if (!isClosed) await chmod(dataDir, 0o755);
  return dataDir;
}

/** Removes a data folder, and the database that a link in it points to. */
export async function removeDataDir(dataDir: string): Promise<void> {
  const target = await readlink(path.join(dataDir, "postgres")).catch(() => undefined);
  if (target) await rm(path.dirname(target), { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

export async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Starts the database of `dataDir` in another process, with the loader of this test. */
export function spawnStarter(
  dataDir: string,
  user: { uid?: number; gid?: number } = {},
): { child: ChildProcess; firstLine: Promise<string> } {
  const child = spawn(
    process.execPath,
    [...process.execArgv, fileURLToPath(new URL("starter.ts", import.meta.url)), dataDir],
    {
      ...user,
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const firstLine = new Promise<string>((resolve) => {
    const lines = createInterface({ input: child.stdout });
    lines.once("line", resolve);
    lines.once("close", () => resolve("ended"));
  });
  return { child, firstLine };
}

export async function killHard(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

export async function serverPid(dataDir: string): Promise<number> {
  return Number.parseInt(await readFile(path.join(dataDir, "postgres/postmaster.pid"), "utf8"), 10);
}

/** Finds the keeper, the server's parent. Linux only. */
export async function keeperPid(dataDir: string): Promise<number> {
  return statField(await serverPid(dataDir), 4);
}

/** Finds the process group of a process. Linux only. */
export function processGroup(pid: number): Promise<number> {
  return statField(pid, 5);
}

/** Reads one field of `/proc/<pid>/stat`, with the number that proc(5) gives it. */
async function statField(pid: number, field: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[field - 3]);
}

export async function isRunning(pid: number): Promise<boolean> {
  return (await describeProcess(pid)) !== undefined;
}

/** What the tests of this folder share. */
import { spawn, type ChildProcess } from "node:child_process";
import { chmod, mkdtemp, readFile, readlink, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { describeProcess } from "./processes.ts";

/** A folder the server's user can enter, unless `closed`. */
export async function makeDataDir({ closed = false } = {}): Promise<string> {
  const dataDir = await realpath(await mkdtemp(join(tmpdir(), "keyrack-embedded-")));
  if (!closed) await chmod(dataDir, 0o755);
  return dataDir;
}

/** Also removes what a link in it points to. */
export async function removeDataDir(dataDir: string): Promise<void> {
  const target = await readlink(join(dataDir, "postgres")).catch(() => undefined);
  if (target) await rm(dirname(target), { recursive: true, force: true });
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

/** Starts the database of `dataDir` in a process of its own, by the same loader as this test runs with. */
export function spawnStarter(
  dataDir: string,
  user: { uid?: number; gid?: number } = {},
): { child: ChildProcess; firstLine: Promise<string> } {
  const child = spawn(
    process.execPath,
    [...process.execArgv, fileURLToPath(new URL("_test_starter.ts", import.meta.url)), dataDir],
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
  return Number.parseInt(await readFile(join(dataDir, "postgres/postmaster.pid"), "utf8"), 10);
}

/** The keeper is the server's parent. Linux only, as the next. */
export async function keeperPid(dataDir: string): Promise<number> {
  return statField(await serverPid(dataDir), 4);
}

export function processGroup(pid: number): Promise<number> {
  return statField(pid, 5);
}

/** Numbered as in proc(5). */
async function statField(pid: number, field: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[field - 3]);
}

export async function runs(pid: number): Promise<boolean> {
  return (await describeProcess(pid)) !== undefined;
}

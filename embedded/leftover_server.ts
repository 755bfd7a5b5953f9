/**
 * A server that lost both Keyrack and its keeper (both killed with SIGKILL) goes on running and would block its folder. Whoever holds the folder's
 * lock may end it: with the lock free, nobody alive is using it.
 */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describeProcess, waitUntil } from "./processes.ts";

/** The same ladder as the keeper's, with the longest wait for the checkpoint of an orderly stop. Milliseconds. */
const STEPS = [
  ["SIGINT", 15_000],
  ["SIGQUIT", 6_000],
  ["SIGKILL", 3_000],
] as const;

/** The number in `postmaster.pid`, when it is a living PostgreSQL server of this very folder. */
export async function livingServer(pgdata: string): Promise<number | undefined> {
  const pid = await pidInFile(pgdata);
  return pid !== undefined && (await isServerOf(pid, pgdata)) ? pid : undefined;
}

/** Ends the living server of this folder, if there is one, and clears a pid file that names anything else. The caller holds the folder's lock. */
export async function stopLeftoverServer(pgdata: string): Promise<void> {
  const pid = await pidInFile(pgdata);
  if (pid === undefined) return;
  for (const [signal, limit] of STEPS) {
    if (!(await isServerOf(pid, pgdata))) break;
    try {
      process.kill(pid, signal);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "EPERM") {
        throw new Error(
          `A PostgreSQL server (process ${pid}) of another user runs on ${pgdata}. Stop it, or set DATABASE_URL to use it.`,
          { cause },
        );
      }
    }
    await waitUntil(async () => !(await isServerOf(pid, pgdata)), limit);
  }
  if (await isServerOf(pid, pgdata))
    throw new Error(
      `The PostgreSQL server (process ${pid}) of ${pgdata} does not end. Stop it by hand and start again.`,
    );
  // PostgreSQL itself refuses to start when the number in the file now belongs to any other process of its user. Removing the file is safe: server
  // processes that might still be at work are found by the shared memory of the folder, which PostgreSQL checks apart from this file.
  if ((await pidInFile(pgdata)) === pid) await rm(join(pgdata, "postmaster.pid"), { force: true });
}

async function pidInFile(pgdata: string): Promise<number | undefined> {
  const text = await readFile(join(pgdata, "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number.parseInt(text, 10);
  return pid > 1 ? pid : undefined;
}

async function isServerOf(pid: number, pgdata: string): Promise<boolean> {
  const found = await describeProcess(pid);
  if (!found || !/postgres/.test(found.command)) return false;
  // A server's working folder is its data folder, and stays right when somebody renames it; the command line is the second best.
  return found.cwd === undefined ? `${found.command} `.includes(`-D ${pgdata} `) : found.cwd === pgdata;
}

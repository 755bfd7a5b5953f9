/**
 * Ends a server that lost both Keyrack and its keeper, because both were killed with SIGKILL. Such a server goes on
 * running and blocks its folder. The process that holds the folder's lock can end it, because no other process uses it.
 */
import { readFile, rm } from "node:fs/promises";
import path from "node:path";

import { describeProcess, waitUntil } from "./processes.ts";

/**
 * The keeper's signals, each with a limit in milliseconds. The first is the longest: an orderly stop writes a
 * checkpoint.
 */
const steps = [
  ["SIGINT", 15_000],
  ["SIGQUIT", 6_000],
  ["SIGKILL", 3_000],
] as const;

/**
 * Reads the process id in `postmaster.pid`.
 * @returns undefined unless a living PostgreSQL server of this folder has it
 */
export async function livingServer(pgdata: string): Promise<number | undefined> {
  const pid = await pidInFile(pgdata);
  return pid !== undefined && (await isServerOf(pid, pgdata)) ? pid : undefined;
}

/**
 * Ends the living server of this folder, and removes the pid file. The caller holds the folder's lock.
 * @throws Error if the server belongs to another user or does not end
 */
export async function stopLeftoverServer(pgdata: string): Promise<void> {
  const pid = await pidInFile(pgdata);
  if (pid === undefined) return;
  for (const [signal, limit] of steps) {
    if (!(await isServerOf(pid, pgdata))) break;
    try {
      process.kill(pid, signal);
    } catch (cause) {
      if (cause instanceof Error && "code" in cause && cause.code === "EPERM") {
        throw new Error(
          `A PostgreSQL server of another user (process ${pid}) runs on ${pgdata}. ` +
            "Stop it, or set DATABASE_URL to use it.",
          { cause },
        );
      }
    }
    await waitUntil(async () => !(await isServerOf(pid, pgdata)), limit);
  }
  if (await isServerOf(pid, pgdata))
    throw new Error(
      `The PostgreSQL server (process ${pid}) of ${pgdata} does not end. Stop it yourself and start again.`,
    );
  // PostgreSQL refuses to start if any other process of its user now has the number in the file. Removing the file is
  // safe. PostgreSQL finds server processes that still run by the folder's shared memory, without this file.
  if ((await pidInFile(pgdata)) === pid) await rm(path.join(pgdata, "postmaster.pid"), { force: true });
}

async function pidInFile(pgdata: string): Promise<number | undefined> {
  const text = await readFile(path.join(pgdata, "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number.parseInt(text, 10);
  return pid > 1 ? pid : undefined;
}

async function isServerOf(pid: number, pgdata: string): Promise<boolean> {
  const found = await describeProcess(pid);
  if (!found || !/postgres/.test(found.command)) return false;
  // A server's working folder is its data folder, also after a rename. Without it, the command line has to do.
  return found.cwd === undefined ? `${found.command} `.includes(`-D ${pgdata} `) : found.cwd === pgdata;
}

/**
 * Locks a data folder, so that one Keyrack at a time uses it. A second start fails with an error. If it took the folder
 * over, the first would lose its database.
 *
 * Node has no flock(), the only lock that the kernel frees by itself. So a start works in two steps:
 *
 * 1. It makes its own lock file, `postgres.lock.<random id>`.
 * 2. It reads all other lock files. If one belongs to a living process, the start removes its own file and fails.
 *
 * Each start writes before it reads, so two starts can't miss each other. At worst both remove their files, and try
 * again after a random time. No start takes over or replaces the file of another one. That is how lock files usually
 * break: two starts find the same dead owner, and the slower one removes the lock of the faster one.
 *
 * A lock file is a symbolic link to "<pid>@<start time>", because the kernel makes a link and its content in one atomic
 * step. It counts only while its process runs: a file whose process has ended, or started at another time, is ignored.
 *
 * Limit: processes are looked up on this machine. Two containers that share one data folder can't see each other. Set
 * DATABASE_URL for those.
 */
import { randomUUID } from "node:crypto";
import { readdir, readlink, rm, symlink } from "node:fs/promises";
import path from "node:path";

import { describeProcess } from "./processes.ts";

const lockPrefix = "postgres.lock.";
const maxAttempts = 4;

export interface FolderLock {
  /** Removes the lock file. */
  release(): Promise<void>;
}

/** Locks the folder. @throws Error if another living process, or this one, holds its lock */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const me = await describeProcess(process.pid);
  if (!me)
    throw new Error(
      "The data folder can't be locked, because neither /proc nor ps shows this process. " +
        "Set DATABASE_URL to use your own PostgreSQL.",
    );
  const name = lockPrefix + randomUUID();
  const release = () => rm(path.join(folder, name), { force: true });
  for (let attempt = 1; ; attempt += 1) {
    await symlink(`${process.pid}@${me.started}`, path.join(folder, name));
    const { holder, dead } = await readOtherLocks(folder, name);
    if (holder === undefined) {
      await Promise.all(dead.map((other) => rm(path.join(folder, other), { force: true })));
      return { release };
    }
    await release();
    if (attempt === maxAttempts) {
      const who = holder === process.pid ? "this process" : `process ${holder}`;
      throw new Error(
        `The database in ${folder} is in use by another Keyrack (${who}). ` +
          "Stop that one, choose another DATA_DIR, or set DATABASE_URL.",
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 10 + Math.random() * 90));
  }
}

async function readOtherLocks(folder: string, own: string): Promise<{ holder?: number; dead: string[] }> {
  const dead: string[] = [];
  for (const name of await readdir(folder)) {
    if (!name.startsWith(lockPrefix) || name === own) continue;
    const [pid, started] = (await readlink(path.join(folder, name)).catch(() => "")).split("@");
    const found = pid ? await describeProcess(Number(pid)) : undefined;
    if (found && found.started === started) return { holder: Number(pid), dead };
    dead.push(name);
  }
  return { dead };
}

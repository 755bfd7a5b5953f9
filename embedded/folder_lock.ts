/**
 * One Keyrack per data folder. A second one must be told so, for taking over would pull the database from under the first.
 *
 * Node has no flock(), the one lock that the kernel frees by itself. So each starter first puts up its own flag, `postgres.lock.<its own name>`, and
 * then looks at all others: whoever sees the flag of a living process takes its own down. As everybody writes before reading, two starters can never
 * both miss each other; at worst both step back, and try again after a random moment. No flag is ever taken over or replaced, which is where lock files
 * usually break: two find the same dead holder, and the slower one removes the lock of the faster.
 *
 * A flag is a symbolic link to "<pid>@<start time>", because a link is made together with its content in one atomic step. It dies with its holder in
 * effect: a number that does not run, or that started at another time, holds nothing.
 *
 * Limit: processes are looked up on this machine. Two containers that share one data folder cannot see each other; give those a DATABASE_URL.
 */
import { randomUUID } from "node:crypto";
import { readdir, readlink, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describeProcess } from "./processes.ts";

const PREFIX = "postgres.lock.";
const ATTEMPTS = 4;

export interface FolderLock {
  release(): Promise<void>;
}

/** Throws when another living process, or this one, holds the folder already. */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const me = await describeProcess(process.pid);
  if (!me)
    throw new Error(
      "The data folder cannot be locked: neither /proc nor ps shows this process. Set DATABASE_URL to use a PostgreSQL of your own.",
    );
  const name = PREFIX + randomUUID();
  const release = () => rm(join(folder, name), { force: true });
  for (let attempt = 1; ; attempt += 1) {
    await symlink(`${process.pid}@${me.started}`, join(folder, name));
    const { holder, dead } = await lookAtOthers(folder, name);
    if (holder === undefined) {
      await Promise.all(dead.map((other) => rm(join(folder, other), { force: true })));
      return { release };
    }
    await release();
    if (attempt === ATTEMPTS) {
      const who = holder === process.pid ? "this very process" : `process ${holder}`;
      throw new Error(
        `The database in ${folder} is in use by another Keyrack (${who}). Stop that one, choose another DATA_DIR, or set DATABASE_URL.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 10 + Math.random() * 90));
  }
}

async function lookAtOthers(folder: string, own: string): Promise<{ holder?: number; dead: string[] }> {
  const dead: string[] = [];
  for (const name of await readdir(folder)) {
    if (!name.startsWith(PREFIX) || name === own) continue;
    const [pid, started] = (await readlink(join(folder, name)).catch(() => "")).split("@");
    const found = pid ? await describeProcess(Number(pid)) : undefined;
    if (found && found.started === started) return { holder: Number(pid), dead };
    dead.push(name);
  }
  return { dead };
}

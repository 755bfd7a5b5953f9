/**
 * Opens or makes the database's files in `<dataDir>/postgres`. If the server's user can't reach dataDir (root's private
 * folders), `postgres` is a symbolic link. Only the link records where the files are. Without it, a start makes a new,
 * empty database.
 *
 * The folder is whole or absent: initdb works in a folder of another name, which is renamed at the end. A start that is
 * killed before that leaves only files that the next start removes.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chown,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

import type { Binaries } from "./binaries.ts";
import { makeRelocatedHome } from "./relocated_home.ts";
import { canReach, sharedFolder, type ServerUser } from "./server_user.ts";

const run = promisify(execFile);
const unfinishedPrefix = "postgres.initdb-";
const passwordName = "keyrack_password";

/**
 * The whole environment of PostgreSQL's programs. PG* variables and the locale of the caller can't change what they do,
 * and their messages are in English.
 */
export const serverEnv: Readonly<Record<string, string>> = {
  PATH: process.env["PATH"] ?? "/usr/bin:/bin",
  LC_ALL: "C",
  TZ: "UTC",
};

export interface DataFolder {
  /** The real folder, with links resolved. */
  readonly pgdata: string;
  readonly password: string;
  /** The user that runs the server. */
  readonly user: ServerUser;
}

/**
 * Opens the existing database of `dataDir`. Never overwrites a file.
 * @returns undefined if there is none. @throws Error if `<dataDir>/postgres` exists and can't be used
 */
export async function openDataFolder(dataDir: string, user: ServerUser): Promise<DataFolder | undefined> {
  const place = path.join(dataDir, "postgres");
  if (!(await lstat(place).catch(() => undefined))) return undefined;
  const pgdata = await realpath(place).catch((cause: unknown) => {
    throw new Error(
      `${place} points to a database that is gone. Put its files back, or delete this link to start with an empty one.`,
      { cause },
    );
  });
  const password = await readFile(path.join(pgdata, passwordName), "utf8").catch((cause: unknown) => {
    const remedy = "Start as the folder's owner, move the folder away, or choose another DATA_DIR.";
    throw new Error(`${place} is not a database of Keyrack, or belongs to another user. ${remedy}`, { cause });
  });
  if (!user) return { pgdata, password: password.trim(), user };
  // Root runs the server as the owner of the files, so that a folder first used without root keeps working. Files that
  // root copied get the server's user as owner.
  const owner = await stat(pgdata);
  if (owner.uid === 0) await run("chown", ["-R", `${user.uid}:${user.gid}`, pgdata]);
  const actual = owner.uid === 0 ? user : { uid: owner.uid, gid: owner.gid };
  if (!(await canReach(actual, pgdata))) {
    throw new Error(
      `User ${actual.uid} owns the database ${pgdata} but can't enter a folder above it. ` +
        "Open that folder to the user, or choose another DATA_DIR.",
    );
  }
  return { pgdata, password: password.trim(), user: actual };
}

/** Makes an empty database. `sync: false` does not wait until the files are on disk: for tests. */
export async function makeDataFolder(
  dataDir: string,
  user: ServerUser,
  binaries: Binaries,
  sync: boolean,
): Promise<DataFolder> {
  const isRelocated = !(await canReach(user, dataDir));
  const home = isRelocated ? await makeRelocatedHome(await sharedFolder(user), dataDir) : dataDir;
  await Promise.all(
    (await readdir(home)).filter((name) => name.startsWith(unfinishedPrefix)).map(removeUnfinished(home)),
  );

  const work = await mkdtemp(path.join(home, unfinishedPrefix));
  const fresh = path.join(work, "data");
  const passwordFile = path.join(work, passwordName);
  const password = randomBytes(24).toString("base64url");
  await mkdir(fresh, { mode: 0o700 });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user) for (const made of [work, fresh, passwordFile]) await chown(made, user.uid, user.gid);
  await runInitdb(binaries.initdb, fresh, passwordFile, user, sync);
  await rename(passwordFile, path.join(fresh, passwordName));

  const pgdata = path.join(await realpath(home), "postgres");
  await rename(fresh, pgdata);
  await rm(work, { recursive: true, force: true });
  if (isRelocated) await symlink(pgdata, path.join(dataDir, "postgres"));
  for (const folder of new Set([home, dataDir])) await syncFolder(folder);
  return { pgdata, password, user };
}

async function runInitdb(
  initdb: string,
  pgdata: string,
  passwordFile: string,
  user: ServerUser,
  sync: boolean,
): Promise<void> {
  // Indexes use byte order, and upper and lower case follow Unicode. Both are built into PostgreSQL, so an upgrade of
  // the system's libc can't corrupt an index. pg_trgm asks the libc which characters are letters. Under the locale C
  // only ASCII letters count, and a search for 東京 finds nothing. No index depends on this setting.
  const letters = process.platform === "linux" ? "C.UTF-8" : "en_US.UTF-8";
  const locale = [
    "--encoding=UTF8",
    "--locale=C",
    `--lc-ctype=${letters}`,
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
  ];
  const access = ["--username=keyrack", `--pwfile=${passwordFile}`, "--auth=scram-sha-256"];
  try {
    await run(
      initdb,
      [`--pgdata=${pgdata}`, ...locale, ...access, "--no-instructions", ...(sync ? [] : ["--no-sync"])],
      {
        ...user,
        cwd: "/",
        env: serverEnv,
        timeout: 120_000,
        killSignal: "SIGKILL",
      },
    );
  } catch (cause) {
    throw new Error(
      `initdb could not make the data folder ${pgdata}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

/** Removes the folder of a killed start. If its initdb still writes, the rest stays until the next start. */
function removeUnfinished(home: string) {
  return (name: string) => rm(path.join(home, name), { recursive: true, force: true }).catch(() => undefined);
}

/** Writes a folder's entries to disk. Without this, a power failure can lose the new name and all files below it. */
async function syncFolder(name: string): Promise<void> {
  const folder = await open(name, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

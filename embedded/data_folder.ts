/**
 * The database's files: `<dataDir>/postgres`, made on first use. It is a symbolic link where the server's user cannot reach dataDir (root's private
 * folders); the link alone says where the files are, so who deletes the link gets a new, empty database.
 *
 * It is whole or absent: initdb works in a folder of another name, which gets its own when all is done. A start killed in between leaves only rubbish.
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
import { join } from "node:path";
import { promisify } from "node:util";
import type { Binaries } from "./binaries.ts";
import { makeRelocatedHome } from "./relocated_home.ts";
import { canReach, sharedFolder, type ServerUser } from "./server_user.ts";

const run = promisify(execFile);
const UNFINISHED = "postgres.initdb-";
const PASSWORD = "keyrack_password";

/** All that PostgreSQL's programs get to see: no PG* variable or locale of the caller changes what they do, and their messages are in English. */
export const SERVER_ENV: Record<string, string> = {
  PATH: process.env["PATH"] ?? "/usr/bin:/bin",
  LC_ALL: "C",
  TZ: "UTC",
};

export interface DataFolder {
  /** The real folder, links resolved. */
  pgdata: string;
  password: string;
  user: ServerUser;
}

/** The existing database of `dataDir`, or `undefined`. Throws when something is there that cannot be used: nothing is ever overwritten. */
export async function openDataFolder(dataDir: string, user: ServerUser): Promise<DataFolder | undefined> {
  const path = join(dataDir, "postgres");
  if (!(await lstat(path).catch(() => undefined))) return undefined;
  const pgdata = await realpath(path).catch((cause: unknown) => {
    throw new Error(
      `${path} points to a database that is gone. Put its files back, or delete this link to begin with an empty one.`,
      { cause },
    );
  });
  const password = await readFile(join(pgdata, PASSWORD), "utf8").catch((cause: unknown) => {
    const remedy = "Start as its owner, move it away, or choose another DATA_DIR.";
    throw new Error(`${path} is no database of Keyrack, or one of another user. ${remedy}`, { cause });
  });
  if (!user) return { pgdata, password: password.trim(), user };
  // Root runs the server as whoever owns the files, so that a folder first used without root goes on working. Files copied by root get an owner.
  const owner = await stat(pgdata);
  if (owner.uid === 0) await run("chown", ["-R", `${user.uid}:${user.gid}`, pgdata]);
  const actual = owner.uid === 0 ? user : { uid: owner.uid, gid: owner.gid };
  if (!(await canReach(actual, pgdata))) {
    throw new Error(
      `User ${actual.uid} owns the database ${pgdata} but cannot enter it: a folder above is closed. Open that, or choose another DATA_DIR.`,
    );
  }
  return { pgdata, password: password.trim(), user: actual };
}

/** Makes an empty database. `sync: false` leaves the writing to the system's leisure: for tests. */
export async function makeDataFolder(
  dataDir: string,
  user: ServerUser,
  binaries: Binaries,
  sync: boolean,
): Promise<DataFolder> {
  const elsewhere = !(await canReach(user, dataDir));
  const home = elsewhere ? await makeRelocatedHome(await sharedFolder(user), dataDir) : dataDir;
  await Promise.all((await readdir(home)).filter((name) => name.startsWith(UNFINISHED)).map(removeUnfinished(home)));

  const work = await mkdtemp(join(home, UNFINISHED));
  const fresh = join(work, "data");
  const passwordFile = join(work, PASSWORD);
  const password = randomBytes(24).toString("base64url");
  await mkdir(fresh, { mode: 0o700 });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user) for (const path of [work, fresh, passwordFile]) await chown(path, user.uid, user.gid);
  await runInitdb(binaries.initdb, fresh, passwordFile, user, sync);
  await rename(passwordFile, join(fresh, PASSWORD));

  const pgdata = join(await realpath(home), "postgres");
  await rename(fresh, pgdata);
  await rm(work, { recursive: true, force: true });
  if (elsewhere) await symlink(pgdata, join(dataDir, "postgres"));
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
  // Byte order for indexes, Unicode rules for upper and lower case, both built into PostgreSQL: an upgrade of the system's libc cannot corrupt an index.
  // What a letter is, pg_trgm asks the libc: under C, all beyond ASCII are none, and 東京 can't be searched. No index hangs on that order.
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
        env: SERVER_ENV,
        timeout: 120_000,
        killSignal: "SIGKILL",
      },
    );
  } catch (cause) {
    throw new Error(
      `PostgreSQL could not make its data folder ${pgdata}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

/** What a killed start left. Its initdb may still be writing for a moment: then some of it stays for the next time. */
function removeUnfinished(home: string) {
  return (name: string) => rm(join(home, name), { recursive: true, force: true }).catch(() => undefined);
}

/** Without this a power failure may forget the new name, and with it all that was written below it. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Finds the user that runs the server. PostgreSQL refuses to run as root. If root starts Keyrack (a container, a fresh
 * machine), the server runs as the user `postgres`, which is made if it is missing. That user can't enter root's
 * private folders, so this file also checks which paths it can reach.
 */
import { execFile } from "node:child_process";
import { chmod, lstat, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The user that runs the server. `undefined` means the user of this process. */
export type ServerUser = { readonly uid: number; readonly gid: number } | undefined;

export async function serverUser(): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return undefined;
  const existing = await findPostgresUser();
  if (existing) return existing;
  try {
    // The group or the user can exist already, or another start can make it now. The look-up after this decides.
    await run("groupadd", ["--system", "postgres"]).catch(() => undefined);
    await run("useradd", [
      "--system",
      "--no-create-home",
      "--home-dir",
      "/nonexistent",
      "--shell",
      "/usr/sbin/nologin",
      "-g",
      "postgres",
      "postgres",
    ]);
  } catch (cause) {
    const user = await findPostgresUser();
    if (user) return user;
    throw new Error(
      'PostgreSQL does not run as root, and the user "postgres" could not be made (groupadd, useradd). ' +
        "Make it, start as another user, or set DATABASE_URL.",
      { cause },
    );
  }
  return findPostgresUser();
}

async function findPostgresUser(): Promise<ServerUser> {
  try {
    const [uid, gid] = await Promise.all(
      ["-u", "-g"].map(async (flag) => Number((await run("id", [flag, "postgres"])).stdout)),
    );
    return uid === undefined || gid === undefined ? undefined : { uid, gid };
  } catch {
    return undefined;
  }
}

/**
 * Checks whether the server's user can enter every folder and execute every file of these paths. A shell of that user
 * asks the kernel, because mode bits do not show access lists and mount options.
 */
export async function canReach(user: ServerUser, ...paths: string[]): Promise<boolean> {
  if (!user) return true;
  try {
    await run("/bin/sh", ["-c", 'for path do [ -x "$path" ] || exit 1; done', "sh", ...paths], { ...user, cwd: "/" });
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes a folder that the server's user can enter, for files that it can't reach in their own place.
 * @throws Error if no place works
 */
export async function sharedFolder(user: ServerUser): Promise<string> {
  const uid = process.getuid?.() ?? 0;
  for (const folder of ["/var/lib/keyrack", path.join(tmpdir(), `keyrack-${uid}`), `/tmp/keyrack-${uid}`]) {
    try {
      await mkdir(folder, { recursive: true });
      const found = await lstat(folder);
      // In /tmp another user could have made a folder or a link of this name, to plant programs that root would run.
      if (!found.isDirectory() || found.uid !== uid) continue;
      if ((found.mode & 0o777) !== 0o755) await chmod(folder, 0o755);
      if (await canReach(user, folder)) return folder;
    } catch {
      // This place is not writable. Try the next one.
    }
  }
  throw new Error(
    "PostgreSQL's user can reach neither /var/lib/keyrack nor the temporary folder. " +
      "Start as another user than root, or set DATABASE_URL.",
  );
}

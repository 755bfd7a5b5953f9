/**
 * PostgreSQL refuses to run as root, and rightly. Started by root (a container, a fresh machine) it runs as the user `postgres`, which is made when
 * missing. That user cannot enter root's private folders, so this file also answers what it can reach.
 */
import { execFile } from "node:child_process";
import { chmod, lstat, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Whom the server runs as; `undefined` means as we do ourselves. */
export type ServerUser = { uid: number; gid: number } | undefined;

export async function serverUser(): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return undefined;
  const known = await lookUp();
  if (known) return known;
  try {
    // Either may exist already, or be made by another start at this moment: what counts is the look-up afterwards.
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
    const made = await lookUp();
    if (made) return made;
    throw new Error(
      'PostgreSQL does not run as root, and the user "postgres" could not be made (groupadd, useradd). Make it, start as another user, or set DATABASE_URL.',
      { cause },
    );
  }
  return lookUp();
}

async function lookUp(): Promise<ServerUser> {
  try {
    const [uid, gid] = await Promise.all(
      ["-u", "-g"].map(async (flag) => Number((await run("id", [flag, "postgres"])).stdout)),
    );
    return uid === undefined || gid === undefined ? undefined : { uid, gid };
  } catch {
    return undefined;
  }
}

/** Whether the server's user can enter (a folder) or execute (a file) every path. Asked of the kernel as that user, for mode bits are not the whole story. */
export async function canReach(user: ServerUser, ...paths: string[]): Promise<boolean> {
  if (!user) return true;
  try {
    await run("/bin/sh", ["-c", 'for path; do [ -x "$path" ] || exit 1; done', "sh", ...paths], { ...user, cwd: "/" });
    return true;
  } catch {
    return false;
  }
}

/** A folder of ours that the server's user can enter, for what it cannot reach where it lies. Made when missing. */
export async function sharedFolder(user: ServerUser): Promise<string> {
  const uid = process.getuid?.() ?? 0;
  for (const folder of ["/var/lib/keyrack", join(tmpdir(), `keyrack-${uid}`), `/tmp/keyrack-${uid}`]) {
    try {
      await mkdir(folder, { recursive: true });
      const found = await lstat(folder);
      // In /tmp anybody may have put a folder or a link of this name first, to plant programs for us to run.
      if (!found.isDirectory() || found.uid !== uid) continue;
      if ((found.mode & 0o777) !== 0o755) await chmod(folder, 0o755);
      if (await canReach(user, folder)) return folder;
    } catch {
      // Not writable: the next one.
    }
  }
  throw new Error(
    "PostgreSQL's user can reach neither /var/lib/keyrack nor the temporary folder. Start as another user than root, or set DATABASE_URL.",
  );
}

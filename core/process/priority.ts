/**
 * What nobody waits for gives way to what somebody waits for: a process of background jobs, and a database process while it
 * runs a long COPY. On Linux by the scheduling class "idle", in which a process runs on what the others leave. A nice value
 * alone changes shares and not turns: who is woken by a request still waits for some milliseconds until a humble process
 * has had its turn, five times in a short transaction.
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import os from "node:os";

/** For systems without that class: the nice value. */
const humble = 10;

/** Has this process, with all of its threads, give way from now on, where the system lets it. */
export async function giveWay(): Promise<void> {
  try {
    os.setPriority(humble);
  } catch {
    // Some systems don't let us. The work is done all the same.
  }
  await schedule("--idle", process.pid);
}

/** What we use of pg's client. */
export interface ServedConnection {
  /** Of the server's process, as that machine numbers them. */
  readonly processID?: number | null;
  readonly connection?: { readonly stream?: { readonly localPort?: number } };
}

/**
 * Has the database process of a connection give way, where it runs on this machine and is ours to command.
 * @returns how it stands like the others again, and whether it does; undefined where it can't give way. Linux lets everybody
 *   into the class, and only root out of it: where the database and we are the same plain user, the process stays humble
 */
export function haveServerGiveWay(connection: ServedConnection): (() => Promise<boolean>) | undefined {
  if (!isServedHere(connection)) return undefined;
  const humbled = schedule("--idle", connection.processID as number);
  return async () => {
    if ((await humbled) === "refused") return true;
    return isServedHere(connection) && (await schedule("--other", connection.processID as number)) === "done";
  };
}

/**
 * Whether the process of that number on this machine is PostgreSQL's for this very connection: its title says to which
 * port it answers (`postgres: role database 127.0.0.1(54321) idle`). The database may run elsewhere, or in a container that
 * numbers its processes anew, and then the number is somebody else's.
 */
export function isServedHere({ processID: pid, connection }: ServedConnection): boolean {
  const port = connection?.stream?.localPort;
  if (typeof pid !== "number" || port === undefined) return false;
  try {
    const title = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return title.startsWith("postgres: ") && title.includes(`(${port})`);
  } catch {
    return false;
  }
}

/** As util-linux names them. */
type Policy = "--idle" | "--other";

/** Unknown: it was ended before it had an answer. */
type Outcome = "done" | "refused" | "unknown";

/** Node has no call for it; util-linux is on every Debian. Where it is missing or may not run, nothing changes. */
function schedule(policy: Policy, pid: number): Promise<Outcome> {
  return new Promise((resolve) => {
    try {
      execFile(
        "chrt",
        ["--all-tasks", policy, "--pid", "0", String(pid)],
        { timeout: 2_000, killSignal: "SIGKILL" },
        (error) => resolve(error === null ? "done" : error.killed === true ? "unknown" : "refused"),
      );
    } catch {
      // Deno throws where the process may not start others.
      resolve("refused");
    }
  });
}

/**
 * Runs background work at a lower scheduling priority, so that it does not delay requests. On Linux this is the
 * scheduling class "idle": the process gets the time that the others leave. A nice value alone is not enough. With
 * it, a process that a request wakes still waits some milliseconds for its turn, five times in a short transaction.
 */
import { execFile } from "node:child_process";
import os from "node:os";

/** The nice value, for systems without that class. */
const niceValue = 10;

/** Lowers the priority of this process, with all of its threads, from now on. Changes nothing if the system refuses. */
export async function lowerPriority(): Promise<void> {
  try {
    os.setPriority(niceValue);
  } catch {
    // Some systems refuse. The jobs run all the same.
  }
  await enterIdleClass();
}

/** Node has no call for it. util-linux is on every Debian; without it the class stays. Waits for 2 s at most. */
function enterIdleClass(): Promise<void> {
  return new Promise((resolve) => {
    try {
      execFile(
        "chrt",
        ["--all-tasks", "--idle", "--pid", "0", String(process.pid)],
        { timeout: 2_000, killSignal: "SIGKILL" },
        () => resolve(),
      );
    } catch {
      // Deno throws if this process must not start others.
      resolve();
    }
  });
}

/**
 * Describes the process that has a number. The system uses a number again after its process has ended. Callers
 * therefore compare the start time or the command line too.
 */
import { execFile } from "node:child_process";
import { readFile, readlink } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

interface ProcessFacts {
  /** Differs between two processes that had the same number, also across a reboot. */
  readonly started: string;
  readonly command: string;
  /** Working folder. Known only on Linux, and only for processes that this user can inspect. */
  readonly cwd: string | undefined;
}

/**
 * Describes a living process. @returns undefined if the number has none. A zombie has ended: in many containers no
 * process reaps orphans, and it would count as alive forever.
 */
export async function describeProcess(pid: number): Promise<ProcessFacts | undefined> {
  return process.platform === "linux" ? describeByProc(pid) : describeByPs(pid);
}

async function describeByProc(pid: number): Promise<ProcessFacts | undefined> {
  try {
    const [stat, command, boot, cwd] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile(`/proc/${pid}/cmdline`, "utf8"),
      readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => ""),
      readlink(`/proc/${pid}/cwd`).catch(() => undefined),
    ]);
    // The second field is the program's name in brackets, which can contain spaces and brackets. Fields are counted
    // from the last bracket. See proc(5).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    return { started: `${fields[19]}.${boot.trim()}`, command: command.replaceAll("\0", " ").trim(), cwd };
  } catch {
    return undefined;
  }
}

export async function describeByPs(pid: number): Promise<ProcessFacts | undefined> {
  try {
    const format = ["-o", "stat=", "-o", "lstart=", "-o", "command="];
    const { stdout } = await run("ps", ["-ww", ...format, "-p", String(pid)], {
      env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C", TZ: "UTC" },
    });
    const [, state, started, command] = /^\s*(\S+)\s+(\w+\s+\w+\s+\d+\s+[\d:]+\s+\d+)\s+(.*\S)\s*$/s.exec(stdout) ?? [];
    if (!state || state.startsWith("Z") || !started || !command) return undefined;
    return { started: started.replaceAll(/\s+/g, "_"), command, cwd: undefined };
  } catch {
    return undefined;
  }
}

/** Polls until `isDone` is true. @returns false if that takes longer than `limitMs` */
export async function waitUntil(isDone: () => Promise<boolean>, limitMs: number, everyMs = 25): Promise<boolean> {
  const end = Date.now() + limitMs;
  while (!(await isDone())) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  return true;
}

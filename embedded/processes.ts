/**
 * Who a process number belongs to. A number alone proves nothing: it is used again after its process has ended, so every question here also asks
 * for the start time or the command line.
 */
import { execFile } from "node:child_process";
import { readFile, readlink } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

interface ProcessFacts {
  /** Differs between two processes that had the same number, also across a reboot. */
  started: string;
  command: string;
  /** Working folder; known on Linux only, and only of processes this user may look into. */
  cwd: string | undefined;
}

/** `undefined` when no such process runs. A zombie has ended: where nobody reaps orphans (many containers) it would otherwise count as alive for ever. */
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
    // The second field is the program's name in brackets and may itself hold spaces and brackets: count from the last one. See proc(5).
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

/** Polls until `done` answers true, at most `limit` milliseconds. */
export async function waitUntil(done: () => Promise<boolean>, limit: number, every = 25): Promise<boolean> {
  const end = Date.now() + limit;
  while (!(await done())) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, every));
  }
  return true;
}

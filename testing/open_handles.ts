/**
 * Names the handles that keep this process alive: child processes, sockets, servers and timers. A test that leaves one
 * open keeps mocha from ending, and a run that hangs names no test. The `libuv` section of Node's diagnostic report
 * lists each handle. Only `process.getActiveResourcesInfo()` counts timers.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

export interface OpenHandle {
  /** Distinguishes handles of the same description. */
  readonly id: string;
  /** Is for a reader, such as "process 4711, redis-server *:6379". */
  readonly description: string;
  /** Is set for a child process. */
  readonly pid?: number;
}

const endpoint = z.object({ host: z.string().optional(), ip4: z.string().optional(), port: z.number().optional() });
const reportSchema = z.object({
  libuv: z.array(
    z.object({
      type: z.string(),
      is_active: z.boolean(),
      is_referenced: z.boolean().optional(),
      address: z.string().optional(),
      pid: z.number().optional(),
      filename: z.string().nullish(),
      localEndpoint: endpoint.nullish(),
      remoteEndpoint: endpoint.nullish(),
    }),
  ),
});

/** Lists what keeps the process alive now, each timer included. Takes about 10 ms. */
export function listOpenHandles(): OpenHandle[] {
  const { libuv } = reportSchema.parse(process.report.getReport());
  const handles = libuv
    // One libuv timer serves all of Node's: they are counted below.
    .filter(({ type, is_active, is_referenced }) => is_active && is_referenced === true && type !== "timer")
    .map(({ type, address = "", pid, filename, localEndpoint, remoteEndpoint }) => ({
      id: `${type} ${address} ${pid ?? ""}`,
      description: [
        pid === undefined ? type : `process ${pid}, ${commandOf(pid)}`,
        filename ?? "",
        localEndpoint === undefined || localEndpoint === null ? "" : `at ${textOf(localEndpoint)}`,
        remoteEndpoint === undefined || remoteEndpoint === null ? "" : `to ${textOf(remoteEndpoint)}`,
      ]
        .filter((part) => part !== "")
        .join(" "),
      ...(pid === undefined ? {} : { pid }),
    }));
  const timers = process.getActiveResourcesInfo().filter((type) => type === "Timeout");
  return [...handles, ...timers.map((_type, index) => ({ id: `timer ${index}`, description: "a timer" }))];
}

/**
 * Waits until only the given handles are open.
 * @param ms the longest wait; a connection that is being closed needs a moment
 * @returns the others that are open after that; empty where all were closed
 */
export async function waitUntilClosed(known: readonly OpenHandle[], ms: number): Promise<OpenHandle[]> {
  const ids = new Set(known.map(({ id }) => id));
  for (const until = Date.now() + ms; ; await sleep(20)) {
    const open = listOpenHandles().filter(({ id }) => !ids.has(id));
    if (open.length === 0 || Date.now() > until) return open;
  }
}

/** Describes the handles, each description once. */
export function describeHandles(handles: readonly OpenHandle[]): string[] {
  const counts = new Map<string, number>();
  for (const { description } of handles) counts.set(description, (counts.get(description) ?? 0) + 1);
  return [...counts].map(([description, count]) => (count === 1 ? description : `${description} (${count} of them)`));
}

/** Ends the child processes among the handles, so that none outlives the run. */
export function killChildren(handles: readonly OpenHandle[]): void {
  for (const { pid } of handles) {
    if (pid === undefined) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}

/**
 * Ends the process with exit code 1 if it is still alive after this time, and prints the handles that kept it alive.
 * The timer itself does not keep the process alive.
 */
export function endIfAlive(ms: number): void {
  const timer = setTimeout(() => {
    const open = listOpenHandles();
    process.stderr.write(
      `\n!!! The tests are over, but after ${ms / 1000} s the process is kept alive by:\n` +
        describeHandles(open)
          .map((line) => `!!!   ${line}\n`)
          .join("") +
        `!!! Kinds of resources: ${[...new Set(process.getActiveResourcesInfo())].join(", ")}\n`,
    );
    killChildren(open);
    // Mocha sets the exit code in a listener of this event, and listeners run in the order of their registration.
    process.once("exit", () => {
      process.exitCode = 1;
    });
    process.exit(1);
  }, ms);
  timer.unref();
}

/** Reads the command line of a process, where the system has /proc. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim().slice(0, 300);
  } catch {
    return "(its command line is unknown)";
  }
}

function textOf({ host, ip4, port }: z.infer<typeof endpoint>): string {
  return `${ip4 ?? host ?? ""}:${port ?? ""}`;
}

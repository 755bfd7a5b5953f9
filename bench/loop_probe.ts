/**
 * Measures how long a call blocks the event loop, in processor time, so that other work on the machine does not
 * count.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds. */
export interface LoopTime {
  /** The longest time for which the event loop did nothing else. */
  readonly hold: number;
  /** All of the event loop's time. */
  readonly active: number;
}

/** Measures the event loop of this thread while work runs elsewhere. */
export async function measureLoop(work: () => Promise<unknown>): Promise<LoopTime> {
  // Waits until earlier work has ended.
  await sleep(100);
  let last = processorMs();
  let hold = 0;
  const began = last;
  const look = (): void => {
    const now = processorMs();
    hold = Math.max(hold, now - last);
    last = now;
  };
  // A timer runs once in each turn of the loop, at most every millisecond. One turn is between two of them.
  const timer = setInterval(look, 1);
  try {
    await work();
    await sleep(5);
  } finally {
    clearInterval(timer);
    look();
  }
  return { hold, active: last - began };
}

/**
 * Processor time of this thread so far. Linux reports it for each thread. Elsewhere it is the wall clock's time.
 */
function processorMs(): number {
  try {
    // Updates the kernel's figure of the running thread.
    process.cpuUsage();
    return nanoseconds(`/proc/self/task/${process.pid}/schedstat`) / 1e6;
  } catch {
    return performance.now();
  }
}

/**
 * Processor time (ms) of PostgreSQL's server so far, by the processes of its connections. For ended processes
 * Linux knows only the sum, in hundredths of a second.
 */
export function processorMsOfServer(pids: readonly number[]): number {
  try {
    const [, parent] = statOf(pids[0] ?? 0);
    const [, , , , , , , , , , , , , ended = "0", endedInKernel = "0"] = statOf(Number(parent));
    const alive = pids.reduce((sum, pid) => sum + nanoseconds(`/proc/${pid}/schedstat`) / 1e6, 0);
    return alive + 10 * (Number(ended) + Number(endedInKernel));
  } catch {
    return Number.NaN;
  }
}

/** Linux's fields about a process, from its state on. */
function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function nanoseconds(file: string): number {
  return Number(readFileSync(file, "utf8").split(" ", 1)[0]);
}

/**
 * Decides which transaction gets the next connection of a pool. Knex's own queue is first come, first served: a tenant's one
 * request would wait behind 200 of another tenant. Here each tenant has a line of its own, and the tenant that has the fewest
 * connections is next. A transaction that finds no connection in time is refused, and its request may be sent again.
 */
import { problems } from "../errors.ts";

export interface AdmissionOptions {
  /** Connections of the pool. */
  readonly size: number;
  /** Milliseconds that a transaction waits for a connection at most. */
  readonly waitMs: number;
}

/** How many transactions run and wait, for `/metrics`. */
export interface AdmissionState {
  readonly running: number;
  readonly waiting: number;
  /** Since the start of the process. */
  readonly refused: number;
}

export interface Admission {
  /**
   * Waits for a connection.
   * @param tenantId undefined: work for all tenants, such as a login, which goes first for half of the pool
   * @returns gives the connection back; called once
   * @throws Problem SERVICE_UNAVAILABLE with Retry-After
   */
  enter(tenantId: string | undefined): Promise<() => void>;
  state(): AdmissionState;
}

/** The line of work for no tenant. */
const shared = "";
const retrySeconds = "2";

interface Line {
  readonly key: string;
  running: number;
  /** Called when it is their turn. */
  readonly waiting: Set<() => void>;
}

/** Shares out the connections of one pool. */
export function createAdmission({ size, waitMs }: AdmissionOptions): Admission {
  // One tenant never has all: the next tenant's transaction then need not wait for one of these to end.
  const mostOfOne = size - Math.floor(size / 5);
  const sharedFirst = Math.ceil(size / 2);
  const lines = new Map<string, Line>();
  let running = 0;
  let waiting = 0;
  let refused = 0;

  const mayRun = (line: Line): boolean => running < size && (line.key === shared || line.running < mostOfOne);

  const start = (line: Line): void => {
    running += 1;
    line.running += 1;
  };

  const next = (): Line | undefined => {
    let chosen: Line | undefined;
    // In the order in which they were served last.
    for (const line of lines.values()) {
      if (line.waiting.size === 0 || !mayRun(line)) continue;
      if (line.key === shared && line.running < sharedFirst) return line;
      if (chosen === undefined || line.running < chosen.running) chosen = line;
    }
    return chosen;
  };

  const serve = (): void => {
    for (let line = next(); line !== undefined; line = next()) {
      const [first] = line.waiting;
      if (first === undefined) return;
      line.waiting.delete(first);
      waiting -= 1;
      start(line);
      lines.delete(line.key);
      lines.set(line.key, line);
      first();
    }
  };

  const leave = (line: Line): void => {
    running -= 1;
    line.running -= 1;
    if (waiting > 0) serve();
    if (line.running === 0 && line.waiting.size === 0) lines.delete(line.key);
  };

  const wait = (line: Line): Promise<void> =>
    new Promise((resolve, reject) => {
      const go = (): void => {
        clearTimeout(late);
        resolve();
      };
      const late = setTimeout(() => {
        line.waiting.delete(go);
        waiting -= 1;
        refused += 1;
        if (line.running === 0 && line.waiting.size === 0) lines.delete(line.key);
        reject(
          problems.SERVICE_UNAVAILABLE(
            "Too many requests are waiting for the database. Please try again in a moment.",
            {
              headers: { "Retry-After": retrySeconds },
            },
          ),
        );
      }, waitMs);
      line.waiting.add(go);
      waiting += 1;
    });

  return {
    enter: async (tenantId = shared) => {
      let line = lines.get(tenantId);
      if (line === undefined) {
        line = { key: tenantId, running: 0, waiting: new Set() };
        lines.set(tenantId, line);
      }
      const entered = line;
      // Transactions of the same tenant that wait came first. Other tenants wait only at their share, or where no connection is left.
      if (entered.waiting.size === 0 && mayRun(entered)) start(entered);
      else await wait(entered);
      return () => leave(entered);
    },
    state: () => ({ running, waiting, refused }),
  };
}

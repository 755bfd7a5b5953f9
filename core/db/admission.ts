/**
 * Decides which transaction gets the next connection of a pool. In Knex's own queue, a tenant's only request would wait
 * behind 200 requests of another tenant. Here each tenant has its own queue, and the tenant with the fewest connections
 * is next. A transaction that gets no connection in time is refused, and the client can repeat its request.
 */
import { problems } from "../errors.ts";

export interface AdmissionOptions {
  /** Connections of the pool. */
  readonly size: number;
  /** The longest that a transaction waits for a connection, in milliseconds. */
  readonly waitMs: number;
}

/** Counts of transactions, for `/metrics`. */
export interface AdmissionState {
  readonly running: number;
  readonly waiting: number;
  /** Refused since the start of the process. */
  readonly refused: number;
}

export interface Admission {
  /**
   * Waits for a connection.
   * @param tenantId undefined for work of all tenants, such as a login, which goes first for half of the pool
   * @returns a function that gives the connection back; call it once
   * @throws Problem SERVICE_UNAVAILABLE with Retry-After
   */
  enter(tenantId: string | undefined): Promise<() => void>;
  state(): AdmissionState;
}

/** The key of the queue for work of no single tenant. */
const shared = "";
const retrySeconds = "2";

interface Line {
  readonly key: string;
  running: number;
  /** Each is called when its transaction gets a connection. */
  readonly waiting: Set<() => void>;
}

/** Shares the connections of one pool among the tenants. */
export function createAdmission({ size, waitMs }: AdmissionOptions): Admission {
  // One tenant never has all connections, so another tenant's transaction need not wait for one of these to end.
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
    // The tenant that was served longest ago is first.
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
      // Waiting transactions of the same tenant came first. Other tenants wait only at their share, or without a free
      // connection.
      if (entered.waiting.size === 0 && mayRun(entered)) start(entered);
      else await wait(entered);
      return () => leave(entered);
    },
    state: () => ({ running, waiting, refused }),
  };
}

import knexModule, { type Knex } from "knex";
import pg from "pg";

import { createAdmission } from "./admission.ts";
import { limitPool } from "./transaction.ts";

/** `date` stays the string that it is: pg would make a Date at local midnight of it. Everything else is pg's default. */
const types = {
  getTypeParser(oid: number, format?: "text" | "binary"): unknown {
    if (oid === pg.types.builtins.DATE) return (text: string) => text;
    return pg.types.getTypeParser(oid, format ?? "text");
  },
};

export interface PoolOptions {
  readonly url: string;
  /** Connections at most. */
  readonly max: number;
  /** Shown in `pg_stat_activity`. */
  readonly name: string;
  /** Most milliseconds of a statement, a COPY excepted. Default: no limit. */
  readonly statementMs?: number;
  /** Most milliseconds that a transaction waits for its turn to have a connection; default 5,000. */
  readonly waitMs?: number;
  /** Most milliseconds until a new connection is open; default 5,000. */
  readonly connectMs?: number;
}

/** A pool of connections whose transactions can open as units of work. Parsers are set per pool, never for all of pg. */
export function openPool({ url, max, name, statementMs, waitMs = 5_000, connectMs = 5_000 }: PoolOptions): Knex {
  const knex = knexModule.knex({
    client: "pg",
    connection: {
      connectionString: url,
      application_name: name,
      options: `-c timezone=UTC -c idle_in_transaction_session_timeout=60s -c statement_timeout=${statementMs ?? 0}`,
      // A host that vanished without closing its connections is found out by the kernel's probes.
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      connectionTimeoutMillis: connectMs,
      types,
    } as Knex.PgConnectionConfig,
    pool: { min: 0, max, idleTimeoutMillis: 30_000 },
    acquireConnectionTimeout: connectMs,
    // What Knex would write to the console reaches us as errors, and is logged where it is handled.
    log: { warn: quiet, error: quiet, deprecate: quiet, debug: quiet },
  });
  limitPool(knex, {
    admission: createAdmission({ size: max, waitMs }),
    // Half as long again as PostgreSQL may take to refuse a statement by itself.
    answerMs: statementMs === undefined ? undefined : 1.5 * statementMs,
  });
  return knex;
}

function quiet(): void {
  // Says nothing.
}

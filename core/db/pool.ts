import knexModule, { type Knex } from "knex";
import pg from "pg";

import { createAdmission } from "./admission.ts";
import { limitPool } from "./transaction.ts";

/** Keeps a `date` as a string, because pg would make it a Date at local midnight. All other types have pg's parser. */
const types = {
  getTypeParser(oid: number, format?: "text" | "binary"): unknown {
    if (oid === pg.types.builtins.DATE) return (text: string) => text;
    return pg.types.getTypeParser(oid, format ?? "text");
  },
};

export interface PoolOptions {
  readonly url: string;
  /** The largest number of connections. */
  readonly max: number;
  /** Shown in `pg_stat_activity`. */
  readonly name: string;
  /** The longest time of a statement in milliseconds, except for a COPY. Default: no limit. */
  readonly statementMs?: number;
  /** The longest time that a transaction waits for a connection in milliseconds. Default: 5,000. */
  readonly waitMs?: number;
  /** The longest time to open a connection in milliseconds. Default: 5,000. */
  readonly connectMs?: number;
}

/** Opens a pool of connections for `runTransaction`. Sets the parsers of the pool only, never for all of pg. */
export function openPool({ url, max, name, statementMs, waitMs = 5_000, connectMs = 5_000 }: PoolOptions): Knex {
  const knex = knexModule.knex({
    client: "pg",
    connection: {
      connectionString: url,
      application_name: name,
      options: `-c timezone=UTC -c idle_in_transaction_session_timeout=60s -c statement_timeout=${statementMs ?? 0}`,
      // The kernel's probes find a host that vanished without closing its connections.
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      connectionTimeoutMillis: connectMs,
      types,
      // pg accepts any name as the format of `getTypeParser`. Ours reads two names.
    } as Knex.PgConnectionConfig,
    pool: { min: 0, max, idleTimeoutMillis: 30_000 },
    acquireConnectionTimeout: connectMs,
    // Knex's messages also reach the caller as errors, which are logged where they are handled.
    log: { warn: quiet, error: quiet, deprecate: quiet, debug: quiet },
  });
  limitPool(knex, {
    admission: createAdmission({ size: max, waitMs }),
    // 1.5 times the limit, because at the limit PostgreSQL itself refuses the statement.
    answerMs: statementMs === undefined ? undefined : 1.5 * statementMs,
  });
  return knex;
}

function quiet(): void {
  // Writes nothing.
}

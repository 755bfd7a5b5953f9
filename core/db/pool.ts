import knexModule, { type Knex } from "knex";
import pg from "pg";

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
}

/** A pool of connections whose transactions can open as units of work. Parsers are set per pool, never for all of pg. */
export function openPool({ url, max, name }: PoolOptions): Knex {
  return knexModule.knex({
    client: "pg",
    connection: {
      connectionString: url,
      application_name: name,
      options: "-c timezone=UTC -c idle_in_transaction_session_timeout=60s",
      // A host that vanished without closing its connections is found out by the kernel's probes.
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      connectionTimeoutMillis: 5_000,
      types,
    } as Knex.PgConnectionConfig,
    pool: { min: 0, max, idleTimeoutMillis: 30_000 },
    acquireConnectionTimeout: 5_000,
    // What Knex would write to the console reaches us as errors, and is logged where it is handled.
    log: { warn: quiet, error: quiet, deprecate: quiet, debug: quiet },
  });
}

function quiet(): void {
  // Says nothing.
}

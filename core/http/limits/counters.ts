/**
 * Counters of a plugin for repeated events such as failed logins (`ctx.counters`). All processes share them in
 * PostgreSQL, in the table of the routes' rate limits. The plugin decides itself what it counts, and when.
 */
import type { Knex } from "knex";

import { runTransaction } from "../../db/database.ts";
import { prepare } from "../../db/prepared_statement.ts";
import { type Problem, problems } from "../../errors.ts";
import { coreRole } from "../../db/role_names.ts";

/**
 * One count: of a kind, for a key. The kind is a word of the plugin's; the key may be anything, and is stored as it
 * is.
 */
export interface Count {
  readonly kind: string;
  /** At most 150 characters; hash what may be longer. */
  readonly key: string;
  /** How long a count lasts from its first point on. */
  readonly seconds: number;
}

/** The state of a counter. */
export interface CounterState {
  readonly points: number;
  /** Milliseconds until it starts again at zero. */
  readonly msLeft: number;
}

export interface Counts {
  /** Returns the states of the counters, in their order. */
  read(counts: readonly Count[]): Promise<CounterState[]>;
  /**
   * Gives each a point more, and reads others in the same round trip.
   * @returns the states of all of them, in this order
   */
  add(counts: readonly Count[], others?: readonly Count[]): Promise<CounterState[]>;
  /** Sets them to zero. */
  forget(counts: readonly Count[]): Promise<void>;
}

interface Row {
  readonly key: string;
  readonly points: number;
  readonly ms_left: string;
}

// The database's clock, so that processes on several machines agree.
const now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
const columns = `key, points, expire - ${now} AS ms_left`;
const readStatement = prepare<Row>(
  "counts_read",
  `SELECT ${columns} FROM core.rate_limits WHERE key = ANY($1) AND expire > ${now}`,
);
const addStatement = prepare<Row>(
  "counts_add",
  // In the order of the keys, so that two who add to the same counts never wait for each other in a ring.
  `WITH added AS (INSERT INTO core.rate_limits AS r (key, points, expire)
   SELECT key, 1, ${now} + ms FROM unnest($1::text[], $2::bigint[]) AS t (key, ms) ORDER BY key
   ON CONFLICT (key) DO UPDATE SET
     points = CASE WHEN r.expire <= ${now} THEN 1 ELSE r.points + 1 END,
     expire = CASE WHEN r.expire <= ${now} THEN excluded.expire ELSE r.expire END
   RETURNING key, points, expire)
   SELECT ${columns} FROM added UNION ALL
   SELECT ${columns} FROM core.rate_limits WHERE key = ANY($3) AND expire > ${now}`,
);
const forgetStatement = prepare("counts_forget", "DELETE FROM core.rate_limits WHERE key = ANY($1)");

/** Makes the counters of one plugin. */
export function countsOf(knex: Knex, pluginId: string): Counts {
  const keyOf = ({ kind, key }: Count): string => `${pluginId}.${kind}:${key}`;
  const states = (counts: readonly Count[], rows: readonly Row[]): CounterState[] => {
    const byKey = new Map(rows.map((row) => [row.key, { points: row.points, msLeft: Number(row.ms_left) }]));
    return counts.map((count) => byKey.get(keyOf(count)) ?? { points: 0, msLeft: 0 });
  };
  return {
    read: async (counts) =>
      states(
        counts,
        await runTransaction(knex, { role: coreRole }, (trx) => readStatement.run(trx, [counts.map(keyOf)]), {
          readOnly: true,
        }),
      ),
    add: async (counts, others = []) =>
      states(
        [...counts, ...others],
        await runTransaction(knex, { role: coreRole }, (trx) =>
          addStatement.run(trx, [counts.map(keyOf), counts.map(({ seconds }) => seconds * 1000), others.map(keyOf)]),
        ),
      ),
    forget: async (counts) => {
      await runTransaction(knex, { role: coreRole }, (trx) => forgetStatement.run(trx, [counts.map(keyOf)]));
    },
  };
}

/** The problem of a limit that is reached, with its Retry-After. */
export function tooMany(detail: string, msLeft: number): Problem {
  const seconds = Math.max(1, Math.ceil(msLeft / 1000));
  return problems.RATE_LIMITED(`${detail} Try again in ${seconds} seconds.`, {
    headers: { "Retry-After": String(seconds) },
  });
}

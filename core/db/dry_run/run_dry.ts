/**
 * A dry run does the whole work in its transaction, reads which rows it has changed, and rolls back. Triggers collect
 * the rows (`watch_tables.ts`).
 */
import type { Knex } from "knex";

import { runTransaction, type Trx } from "../database.ts";
import { prepare } from "../prepared_statement.ts";
import { coreRole } from "../role_names.ts";
import { asRole, type TransactionIdentity } from "../transaction.ts";

type Row = Readonly<Record<string, unknown>>;

/** One row that the work would change. */
export interface RowChange {
  /** The table with its schema, such as `notes.notes`. */
  readonly table: string;
  /** Null for a new row. */
  readonly before: Row | null;
  /** Null for a deleted row. */
  readonly after: Row | null;
}

export interface DryRun<T> {
  readonly result: T;
  /** The changed rows, in the order of their first change. At most `mostChanges`. */
  readonly changes: readonly RowChange[];
  /** How many rows the work would change in all. */
  readonly total: number;
}

/** The most rows in one answer. A close of a day can change thousands. */
const mostChanges = 1000;

/**
 * Makes the SQL for a row as an answer shows it. Columns with a secret are left out (`docs/plugins.md` lists their
 * names). Amounts become texts, because a number in JSON loses its decimals.
 */
const shown = (row: string): string => `(
  SELECT jsonb_object_agg(key, CASE WHEN jsonb_typeof(value) = 'number' AND value::text LIKE '%.%'
    THEN to_jsonb(value::text) ELSE value END)
  FROM jsonb_each(${row}) WHERE key !~ '_(hash|secret|token)$')`;

/** A row that changed several times counts once, and one that is as before does not count. */
const changesStatement = prepare<RowChange & { total: string }>(
  "dry_run_changes",
  `SELECT table_name AS table, ${shown("before")} AS before, ${shown("after")} AS after, total FROM (
     SELECT *, count(*) OVER () AS total FROM (
       SELECT table_name, min(change_number) AS first, (array_agg(before ORDER BY change_number))[1] AS before,
         (array_agg(after ORDER BY change_number DESC))[1] AS after
       FROM core.dry_run_changes WHERE transaction_id = pg_current_xact_id() GROUP BY table_name, row_key
     ) AS row_changes
     WHERE before IS DISTINCT FROM after ORDER BY first LIMIT ${mostChanges}
   ) AS first_changes ORDER BY first`,
);

/**
 * Runs `work` in a transaction that is always rolled back.
 * @throws the error of `work`, and the error of a constraint that PostgreSQL checks at the commit
 */
export async function runDry<T>(
  knex: Knex,
  identity: TransactionIdentity,
  work: (trx: Trx) => Promise<T>,
): Promise<DryRun<T>> {
  let outcome: DryRun<T> | undefined;
  const end = new Error("A dry run ends with a rollback.");
  const attempt = runTransaction(
    knex,
    identity,
    async (trx) => {
      const result = await work(trx);
      // Without a commit, PostgreSQL would not check the deferred constraints.
      await trx.raw("SET CONSTRAINTS ALL IMMEDIATE");
      const rows = await asRole(trx, coreRole, () => changesStatement.run(trx, []));
      const changes = rows.map(({ table, before, after }) => ({ table, before, after }));
      outcome = { result, changes, total: Number(rows[0]?.total ?? 0) };
      throw end;
    },
    { isDryRun: true },
  );
  await attempt.catch((error: unknown) => {
    if (error !== end) throw error;
  });
  if (outcome === undefined) throw new Error("A dry run ended without a result.");
  return outcome;
}

/** Runs SQL text and gives its rows a type. The caller names the row's type, because PostgreSQL's answer has none. */
import type { Knex } from "knex";

/** The bindings of `raw`: by position for `?`, or by name for `:name`. */
type Bindings = readonly Knex.RawBinding[] | Readonly<Record<string, Knex.RawBinding>>;

/** Returns the rows of a statement. @param db a transaction, or the pool of a migration */
export async function query<Row>(db: Pick<Knex, "raw">, sql: string, bindings: Bindings = []): Promise<Row[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(sql, bindings);
  return rows;
}

/** Returns the first row of a statement that always has one, such as a count. @throws Error without a row */
export async function queryOne<Row>(db: Pick<Knex, "raw">, sql: string, bindings: Bindings = []): Promise<Row> {
  const [row] = await query<Row>(db, sql, bindings);
  if (row === undefined) throw new Error("The statement must answer with a row.");
  return row;
}

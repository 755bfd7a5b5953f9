import type { Trx } from "./database.ts";

/** A statement that PostgreSQL plans once per connection: for the few calls that a front desk waits on. */
export interface Statement<Row> {
  readonly text: string;
  run(trx: Trx, values: readonly unknown[]): Promise<Row[]>;
}

interface PgConnection {
  query(config: { name: string; text: string; values: readonly unknown[] }): Promise<{ rows: unknown[] }>;
}

/**
 * Declares a named prepared statement. Knex sends its statements unnamed, so the server plans each of them anew.
 * @param name unique in the process; pg refuses one name for two texts
 */
export function prepare<Row>(name: string, text: string): Statement<Row> {
  return {
    text,
    async run(trx, values) {
      // Inside a transaction, Knex's client hands out the transaction's own connection.
      const client = trx.client as { acquireConnection(): Promise<PgConnection> };
      const connection = await client.acquireConnection();
      const { rows } = await connection.query({ name, text, values });
      return rows as Row[];
    },
  };
}

import { connectionOf, type Trx } from "./unit.ts";

/** A statement that PostgreSQL plans once per connection: for the few calls that a front desk waits on. */
export interface Statement<Row> {
  readonly text: string;
  run(trx: Trx, values: readonly unknown[]): Promise<Row[]>;
}

/**
 * Declares a named prepared statement. Knex sends its statements unnamed, so the server plans each of them anew.
 * @param name unique in the process; pg refuses one name for two texts
 */
export function prepare<Row = never>(name: string, text: string): Statement<Row> {
  return {
    text,
    async run(trx, values) {
      const { rows } = await connectionOf(trx).query({ name, text, values });
      return rows as Row[];
    },
  };
}

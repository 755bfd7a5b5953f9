import { runPrepared, type Trx } from "./unit.ts";

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
    run: async (trx, values) => (await runPrepared(trx, name, text, values)) as Row[],
  };
}

import { runPrepared, sendPrepared, type Trx } from "./transaction.ts";

/** A statement that PostgreSQL plans once per connection: for the few calls that a front desk waits on. */
export interface Statement<Row> {
  readonly text: string;
  run(trx: Trx, values: readonly unknown[]): Promise<Row[]>;
  /** Does not wait for it: it costs no round trip, and where it fails, the unit of work fails with its error. */
  send(trx: Trx, values: readonly unknown[]): void;
}

/**
 * Declares a named prepared statement. Knex sends its statements unnamed, so the server plans each of them anew.
 * @param name unique in the process; pg refuses one name for two texts
 */
export function prepare<Row = never>(name: string, text: string): Statement<Row> {
  return {
    text,
    run: async (trx, values) => (await runPrepared(trx, name, text, values)) as Row[],
    send: (trx, values) => sendPrepared(trx, name, text, values),
  };
}

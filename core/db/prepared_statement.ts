import { runPrepared, sendPrepared, type Trx } from "./transaction.ts";

/** A statement that PostgreSQL plans once per connection. Used for the calls that a front desk makes most. */
export interface Statement<Row> {
  readonly text: string;
  run(trx: Trx, values: readonly unknown[]): Promise<Row[]>;
  /**
   * Sends the statement without waiting, so it costs no round trip. If it fails, the transaction fails with its error.
   */
  send(trx: Trx, values: readonly unknown[]): void;
}

/**
 * Declares a named prepared statement. Knex sends its statements unnamed, so the server plans each of them every time.
 * @param name must be unique in the process, because pg refuses one name for two texts
 */
export function prepare<Row = never>(name: string, text: string): Statement<Row> {
  return {
    text,
    run: (trx, values) => runPrepared<Row>(trx, name, text, values),
    send: (trx, values) => sendPrepared(trx, name, text, values),
  };
}

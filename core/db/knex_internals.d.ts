/** The two inner classes of Knex that the unit of work builds on; Knex ships no types for them. */
declare module "knex/lib/dialects/postgres/index.js" {
  import { Knex } from "knex";
  export default class ClientPg extends Knex.Client {
    transaction(container: unknown, config: unknown, outerTx: unknown): unknown;
  }
}

declare module "knex/lib/dialects/postgres/execution/pg-transaction.js" {
  export default class TransactionPg {
    constructor(client: unknown, container: unknown, config: unknown, outerTx: unknown);
    isolationLevel?: string;
    readOnly?: boolean;
    /** Ends the transaction well for its caller. */
    _resolver(value: unknown): void;
    _completed: boolean;
    query(connection: unknown, sql: string): Promise<unknown>;
    begin(connection: unknown): Promise<unknown>;
    commit(connection: unknown, value: unknown): Promise<unknown>;
    rollback(connection: unknown, error: unknown): Promise<unknown>;
  }
}

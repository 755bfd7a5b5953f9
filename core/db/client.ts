/**
 * Knex's PostgreSQL client, with a transaction that opens as a unit of work: BEGIN, the role and the tenant go to the
 * server in one round trip. Everything is `SET LOCAL`, so it ends with the transaction and can't leak to the next
 * borrower of the connection.
 */
import ClientPg from "knex/lib/dialects/postgres/index.js";
import TransactionPg from "knex/lib/dialects/postgres/execution/pg-transaction.js";

import { isUuid } from "../ids.ts";

/** The name of the setting that row-level security reads the tenant from (by `core.tenant_id()`). */
export const tenantSetting = "keyrack.tenant_id";

/** What a unit of work runs as. It rides in the transaction's config, next to Knex's own `isolationLevel`. */
export interface UnitIdentity {
  readonly role: string;
  readonly tenantId?: string | undefined;
}

/** What we use of pg's client. */
interface PipelinedConnection {
  pipeline: boolean;
  query(sql: string): Promise<unknown>;
}

/**
 * BEGIN is sent and not waited for: pg pipelines, so the unit's first statements travel with it. That is safe. Where its
 * SET LOCALs fail, PostgreSQL refuses every statement that follows (25P02); were there no transaction at all, the
 * statements would run as the run-time login, which may touch nothing. The end of a unit that only read is not waited for
 * either: nothing hangs on it.
 */
class UnitTransaction extends TransactionPg {
  readonly #identity: UnitIdentity | undefined;
  /** Why the unit did not open: what its caller wants to know, and not the 25P02 that came of it. */
  #refusal: unknown;

  constructor(client: unknown, container: unknown, config: { unit?: UnitIdentity }, outerTx: unknown) {
    super(client, container, config, outerTx);
    this.#identity = config.unit;
  }

  override begin(connection: PipelinedConnection): Promise<unknown> {
    if (this.#identity === undefined) return super.begin(connection);
    const modes = [
      this.isolationLevel === undefined ? "" : `ISOLATION LEVEL ${this.isolationLevel}`,
      this.readOnly === true ? "READ ONLY" : "",
    ];
    connection.pipeline = true;
    connection.query(`BEGIN ${modes.join(" ")};${identitySql(this.#identity)}`).catch((error: unknown) => {
      this.#refusal = error;
    });
    return Promise.resolve();
  }

  override commit(connection: PipelinedConnection, value: unknown): Promise<unknown> {
    if (this.#identity === undefined || this.readOnly !== true) return super.commit(connection, value);
    connection.query("COMMIT").catch(() => undefined);
    this._completed = true;
    this._resolver(value);
    return Promise.resolve();
  }

  override rollback(connection: PipelinedConnection, error: unknown): Promise<unknown> {
    return super.rollback(connection, this.#refusal ?? error);
  }
}

/** SET LOCAL takes no parameters, so both values are checked against the strictest form that they can have. */
function identitySql({ role, tenantId }: UnitIdentity): string {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(role)) throw new Error(`${JSON.stringify(role)} is no role of ours.`);
  if (tenantId !== undefined && !isUuid(tenantId)) throw new Error("A tenant is named by a UUID.");
  return `SET LOCAL ROLE ${role};SET LOCAL ${tenantSetting} = '${tenantId ?? ""}';`;
}

export class UnitClient extends ClientPg {
  override transaction(container: unknown, config: { unit?: UnitIdentity }, outerTx: unknown): unknown {
    return new UnitTransaction(this, container, config, outerTx);
  }
}

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

class UnitTransaction extends TransactionPg {
  readonly #identity: UnitIdentity | undefined;

  constructor(client: unknown, container: unknown, config: { unit?: UnitIdentity }, outerTx: unknown) {
    super(client, container, config, outerTx);
    this.#identity = config.unit;
  }

  override begin(connection: unknown): Promise<unknown> {
    if (this.#identity === undefined) return super.begin(connection);
    const modes = [
      this.isolationLevel === undefined ? "" : `ISOLATION LEVEL ${this.isolationLevel}`,
      this.readOnly === true ? "READ ONLY" : "",
    ];
    return this.query(connection, `BEGIN ${modes.join(" ")};${identitySql(this.#identity)}`);
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

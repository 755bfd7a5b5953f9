import type { Knex } from "knex";

import { retry } from "../values/retry.ts";
import { sqlStateOf } from "./sql_state.ts";
import { runTransactionOnce, type Trx, type TransactionIdentity, type TransactionOptions } from "./transaction.ts";

export { constraintOf, sqlStateOf } from "./sql_state.ts";
export type { Trx, TransactionOptions } from "./transaction.ts";

/** The database as one plugin sees it. */
export interface Database {
  /** A unit of work that sees one tenant's rows. `work` may run again after a serialization failure, so it must have no effect but on `trx`. */
  tenant<T>(tenantId: string, work: (trx: Trx) => PromiseLike<T>, options?: TransactionOptions): Promise<T>;
  /** A transaction across tenants; only with the manifest's `crossTenant` permission. */
  crossTenant<T>(work: (trx: Trx) => PromiseLike<T>, options?: TransactionOptions): Promise<T>;
}

/** The PostgreSQL role of a plugin inside a tenant, and the one for its work across tenants. */
export const roleOf = (pluginId: string): string => `keyrack_${pluginId}`;
export const crossTenantRoleOf = (pluginId: string): string => `keyrack_${pluginId}_platform`;

/** A database handle that can only ever act as this plugin. */
export function databaseFor(knex: Knex, pluginId: string, mayWorkAcrossTenants: boolean): Database {
  return {
    tenant: (tenantId, work, options) => runTransaction(knex, { role: roleOf(pluginId), tenantId }, work, options),
    crossTenant: (work, options) => {
      if (!mayWorkAcrossTenants) {
        throw new Error(
          `The plugin ${pluginId} may not work across tenants. Remedy: permissions.crossTenant in plugins/${pluginId}/manifest.ts, with the reason.`,
        );
      }
      return runTransaction(knex, { role: crossTenantRoleOf(pluginId) }, work, options);
    },
  };
}

/**
 * serialization_failure and deadlock_detected. Not in_failed_sql_transaction (25P02): it only says that an earlier statement
 * failed, and a unit of work throws that statement's error instead (`core/db/transaction.ts`).
 */
const contentionStates = new Set(["40001", "40P01"]);
const tries = 5;
/** Milliseconds. The pauses are random as a whole, so that transactions that met once do not meet again. */
const firstPauseMs = 20;

/** Opens one transaction as a role and a tenant; runs `work` again where PostgreSQL says that a retry would succeed. */
export async function runTransaction<T>(
  knex: Knex,
  identity: TransactionIdentity,
  work: (trx: Trx) => PromiseLike<T>,
  options: TransactionOptions = {},
): Promise<T> {
  try {
    return await retry(() => runTransactionOnce(knex, identity, work, options), {
      attempts: tries,
      firstPauseMs,
      jitter: 1,
      isRetryable: isContention,
    });
  } catch (error) {
    if (sqlStateOf(error) === denied) throw explainDenial(error as Error, identity.role);
    throw error;
  }
}

/** SQLSTATE of what a role may not do, and of a row that row-level security refuses. */
const denied = "42501";

/** PostgreSQL says what was refused; this adds to whom, and where it would be granted. */
function explainDenial(error: Error, role: string): Error {
  const plugin = role.replace(/^keyrack_/, "").replace(/_platform$/, "");
  const remedy = /permission denied for (function|procedure|language)/.test(error.message)
    ? "no manifest asks for that: a plugin runs its own functions, and no set_config, DO block or large object."
    : `where it is right, name the table, its columns and the privilege in permissions.tables of plugins/${plugin}/manifest.ts, and run npm run migrate.`;
  const text = `The plugin ${plugin} was refused: ${error.message}. Remedy: ${remedy}`;
  return Object.assign(new Error(text, { cause: error }), { code: denied });
}

/** SQLSTATE of a login whose password is wrong. */
export const wrongPassword = "28P01";

/** True where transactions got in each other's way: the same work may well succeed when it is done again. */
export function isContention(error: unknown): boolean {
  return contentionStates.has(sqlStateOf(error) ?? "");
}

/** True where a statement took longer than the process allows (`statement_timeout`). */
export function isTimeout(error: unknown): boolean {
  return sqlStateOf(error) === "57014";
}

/** True for text that PostgreSQL can't hold (NUL, half a surrogate pair). */
export function isUnstorable(error: unknown): boolean {
  return ["22021", "22P05"].includes(sqlStateOf(error) ?? "");
}

/** True where the database can't be reached or is going away: the request was not at fault, and may be sent again. */
export function isOutage(error: unknown): boolean {
  const state = sqlStateOf(error);
  // 28P01: the run-time login has a new password, which the next start of this process derives.
  if (state !== undefined) return /^(08|53|57P0)/.test(state) || state === "25006" || state === wrongPassword;
  const { code, message, name } = error as { code?: string; message?: string; name?: string };
  return (
    /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_)/.test(code ?? "") ||
    name === "KnexTimeoutError" ||
    /Connection terminated|Connection ended|Unable to acquire a connection|not queryable/.test(message ?? "")
  );
}

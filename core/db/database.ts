import type { Knex } from "knex";

import { retry } from "../values/retry.ts";
import { sqlStateOf } from "./sql_state.ts";
import { runTransactionOnce, type Trx, type TransactionIdentity, type TransactionOptions } from "./transaction.ts";
import { asError, textOf } from "../values/unknown_value.ts";

export { constraintOf, sqlStateOf } from "./sql_state.ts";
export type { Trx, TransactionOptions } from "./transaction.ts";

/** The database as one plugin sees it. */
export interface Database {
  /**
   * Runs a transaction that sees one tenant's rows. `work` can run again after a serialization failure, so it must have
   * no effect except through `trx`.
   */
  tenant<T>(tenantId: string, work: (trx: Trx) => PromiseLike<T>, options?: TransactionOptions): Promise<T>;
  /**
   * Reads one tenant's rows in one repeatable-read snapshot, from `REPORTS_DATABASE_URL` if it is set. For long reads.
   * `work` runs once.
   */
  snapshot<T>(tenantId: string, work: (snapshot: SnapshotRead) => PromiseLike<T>): Promise<T>;
  /** Runs a transaction across tenants. Needs the manifest's `crossTenant` permission. */
  crossTenant<T>(work: (trx: Trx) => PromiseLike<T>, options?: TransactionOptions): Promise<T>;
}

/** An open snapshot. */
export interface SnapshotRead {
  readonly trx: Trx;
  /** The snapshot has every change that was committed before this instant. Null if the replica can't say. */
  readonly dataAsOf: Date | null;
}

/** Another server that snapshots are read from (`core/db/reports_database.ts`). */
export interface SnapshotSource {
  readonly knex: Knex;
  /** Returns `dataAsOf` of a snapshot that is opened after it. */
  dataAsOf(): Promise<Date | null>;
}

/** The PostgreSQL role of a plugin inside a tenant, and the one for its work across tenants. */
export const roleOf = (pluginId: string): string => `keyrack_${pluginId}`;
export const crossTenantRoleOf = (pluginId: string): string => `keyrack_${pluginId}_platform`;

/**
 * Makes a database handle that can only act as this plugin.
 * @param reports where snapshots are read. Default: `knex`
 */
export function databaseFor(
  knex: Knex,
  pluginId: string,
  mayWorkAcrossTenants: boolean,
  reports?: SnapshotSource,
): Database {
  return {
    snapshot: async (tenantId, work) => {
      const dataAsOf = reports === undefined ? new Date() : await reports.dataAsOf();
      // One attempt: a replica cancels a read that delays its replay (40001), and the rows are half sent by then.
      return runTransaction(
        reports?.knex ?? knex,
        { role: roleOf(pluginId), tenantId },
        (trx) => work({ trx, dataAsOf }),
        { readOnly: true, isolation: "repeatable read" },
        1,
      );
    },
    tenant: (tenantId, work, options) => runTransaction(knex, { role: roleOf(pluginId), tenantId }, work, options),
    crossTenant: (work, options) => {
      if (!mayWorkAcrossTenants) {
        throw new Error(
          `The plugin ${pluginId} has no permission to work across tenants. ` +
            `Remedy: permissions.crossTenant in plugins/${pluginId}/manifest.ts, with the reason.`,
        );
      }
      return runTransaction(knex, { role: crossTenantRoleOf(pluginId) }, work, options);
    },
  };
}

/**
 * serialization_failure and deadlock_detected. Without in_failed_sql_transaction (25P02), which only says that an
 * earlier statement failed. A transaction throws that statement's error instead (`core/db/transaction.ts`).
 */
const contentionStates = new Set(["40001", "40P01"]);
const tries = 5;
/** In milliseconds. The whole pause is random, so that two transactions that met once do not meet again. */
const firstPauseMs = 20;

/** Runs one transaction as a role and a tenant. Runs `work` again when PostgreSQL says that a retry can succeed. */
export async function runTransaction<T>(
  knex: Knex,
  identity: TransactionIdentity,
  work: (trx: Trx) => PromiseLike<T>,
  options: TransactionOptions = {},
  attempts = tries,
): Promise<T> {
  try {
    return await retry(() => runTransactionOnce(knex, identity, work, options), {
      attempts,
      firstPauseMs,
      jitter: 1,
      isRetryable: isContention,
    });
  } catch (error) {
    if (sqlStateOf(error) === denied) throw explainDenial(asError(error), identity.role);
    throw error;
  }
}

/** SQLSTATE of a missing privilege, and of a row that row-level security refuses. */
const denied = "42501";

/** Adds to PostgreSQL's message which plugin was refused, and where to grant the privilege. */
function explainDenial(error: Error, role: string): Error {
  const plugin = role.replace(/^keyrack_/, "").replace(/_platform$/, "");
  const remedy = /permission denied for (function|procedure|language)/.test(error.message)
    ? "run only the plugin's own functions. No manifest grants set_config, DO blocks or large objects."
    : "name the table, its columns and the privilege " +
      `in permissions.tables of plugins/${plugin}/manifest.ts, and run npm run migrate.`;
  const text = `The plugin ${plugin} was refused: ${error.message}. Remedy: ${remedy}`;
  return Object.assign(new Error(text, { cause: error }), { code: denied });
}

/** SQLSTATE of a login with a wrong password. */
export const wrongPassword = "28P01";

/** Says whether transactions conflicted, so that the same work can succeed when it runs again. */
export function isContention(error: unknown): boolean {
  return contentionStates.has(sqlStateOf(error) ?? "");
}

/** Says whether a statement took longer than the process allows (`statement_timeout`). */
export function isTimeout(error: unknown): boolean {
  return sqlStateOf(error) === "57014";
}

/** Says whether a text can't be stored in PostgreSQL (NUL, half a surrogate pair). */
export function isUnstorable(error: unknown): boolean {
  return ["22021", "22P05"].includes(sqlStateOf(error) ?? "");
}

/** Says whether the database can't be reached or is stopping. The request was valid, and the client can repeat it. */
export function isOutage(error: unknown): boolean {
  const state = sqlStateOf(error);
  // 28P01 means that the run-time login has a new password. The next start of this process derives it.
  if (state !== undefined) return /^(08|53|57P0)/.test(state) || state === "25006" || state === wrongPassword;
  return (
    /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_)/.test(textOf(error, "code")) ||
    textOf(error, "name") === "KnexTimeoutError" ||
    /Connection terminated|Connection ended|Unable to acquire a connection|not queryable/.test(textOf(error, "message"))
  );
}

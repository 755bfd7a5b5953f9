/**
 * One transaction, as one role, inside one tenant.
 *
 * BEGIN, role and tenant go to the server in one message, and the caller does not wait for the answer. The client
 * pipelines, so the first statements travel with it. That is safe. If the SET LOCALs fail, PostgreSQL refuses every
 * later statement (25P02), and the caller gets the first error. Without a transaction, the statements would run as the
 * run-time login, which has no privilege on a table. Everything is SET LOCAL, so it ends with the transaction and
 * can't reach the next borrower of the connection. After a transaction that only read, the caller does not wait for
 * the COMMIT either.
 */
import type { Knex } from "knex";

import { isUuid } from "../values/ids.ts";
import type { Admission, AdmissionState } from "./admission.ts";
import { type AnswerWait, awaitAnswer } from "./answer_limit.ts";
import { lazyTrx } from "./knex_adapter.ts";
import { sqlStateOf } from "./sql_state.ts";

/** An open transaction. Objection models are bound to it per call: `User.query(trx)`. */
export type Trx = Knex.Transaction;

/** The role and the tenant that a transaction runs as. */
export interface TransactionIdentity {
  readonly role: string;
  readonly tenantId?: string | undefined;
}

export interface TransactionOptions {
  readonly readOnly?: boolean;
  /** Default: read committed. */
  readonly isolation?: "repeatable read" | "serializable";
  /** Collects the changed rows, for `runDry`. */
  readonly isDryRun?: boolean;
}

/** The part of pg's client that a transaction uses. */
export interface TransactionConnection {
  pipeline: boolean;
  readonly connection: { readonly stream: { cork(): void; uncork(): void; destroy(error?: Error): void } };
  query(statement: string): Promise<{ command: string }>;
  query(statement: { name: string; text: string; values: readonly unknown[] }): Promise<{ rows: unknown[] }>;
}

/** The setting from which row-level security reads the tenant, by `core.tenant_id()`. */
const tenantSetting = "keyrack.tenant_id";

/** The nil UUID means no tenant in a column that can't be null. No tenant has it as its id. */
export const noTenant = "00000000-0000-0000-0000-000000000000";

interface OpenTransaction extends AnswerWait {
  readonly connection: TransactionConnection;
  role: string;
  ended: boolean;
  /** Whether a statement was sent whose answer the caller does not await. */
  hasUnawaited: boolean;
  /** The first error of BEGIN and of the statements whose answer the caller does not await. */
  unawaitedError?: unknown;
  /** The last error of PostgreSQL that is not 25P02. It is why the statements after it were refused with 25P02. */
  failure?: unknown;
  readonly afterCommit: Set<(knex: Knex) => void>;
}

const openTransactions = new WeakMap<object, OpenTransaction>();

/** The limits of all transactions of a pool. */
export interface PoolLimits {
  readonly admission: Admission;
  /** Milliseconds until a connection without an answer is ended. Undefined means no limit. */
  readonly answerMs: number | undefined;
}

const poolLimits = new WeakMap<Knex.Client, PoolLimits>();

/** Sets the limits of a pool, before its first transaction. */
export function limitPool(knex: Knex, limits: PoolLimits): void {
  poolLimits.set(knex.client, limits);
}

/** Counts the transactions of a pool that run, and those that wait. */
export function poolState(knex: Knex): AdmissionState {
  return limitsOf(knex.client).admission.state();
}

function limitsOf(client: Knex.Client): PoolLimits {
  const limits = poolLimits.get(client);
  if (limits === undefined) throw new Error("A pool of connections must be opened by openPool.");
  return limits;
}

/** Returns the connection of an open transaction. @throws Error if it has ended, because a statement was not awaited */
export function connectionOf(trx: Trx): TransactionConnection {
  return openTransactionOf(trx).connection;
}

/**
 * Runs a named prepared statement. Each role has a name of its own, because under row-level security PostgreSQL plans a
 * statement again when the role changes.
 */
export async function runPrepared<Row>(
  trx: Trx,
  name: string,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  const open = openTransactionOf(trx);
  const { connection, role } = open;
  const answer = noteFailure(open, connection.query({ name: `${name} ${role}`, text, values }));
  const { rows } = await awaitAnswer(open, answer);
  // The declaration of the statement names the type of its rows, because PostgreSQL's answer has none.
  return rows as Row[];
}

/**
 * Sends a named prepared statement and does not wait for the answer. It travels with the next statement of the
 * transaction, or with its COMMIT. If it fails, PostgreSQL refuses the COMMIT, and the transaction throws its error.
 */
export function sendPrepared(trx: Trx, name: string, text: string, values: readonly unknown[]): void {
  const open = openTransactionOf(trx);
  open.hasUnawaited = true;
  writeTogether(open.connection);
  runPrepared(trx, name, text, values).catch((error: unknown) => {
    open.unawaitedError ??= error;
  });
}

/** Calls a function once after the commit, even if it is added several times. After a rollback it is not called. */
export function afterCommit(trx: Trx, listener: (knex: Knex) => void): void {
  openTransactionOf(trx).afterCommit.add(listener);
}

const endedMessage = "This transaction has ended. Await every statement in it.";

function openTransactionOf(trx: Trx): OpenTransaction {
  const open = openTransactions.get(trx);
  if (open === undefined || open.ended) throw new Error(endedMessage);
  return open;
}

/** Runs `work` in one transaction. @throws the error of `work`, after a ROLLBACK */
export async function runTransactionOnce<T>(
  knex: Knex,
  identity: TransactionIdentity,
  work: (trx: Trx) => PromiseLike<T>,
  options: TransactionOptions,
): Promise<T> {
  const client: Knex.Client = knex.client;
  const { admission, answerMs } = limitsOf(client);
  const leave = await admission.enter(identity.tenantId);
  try {
    return await runAdmitted(knex, identity, work, options, answerMs);
  } finally {
    leave();
  }
}

async function runAdmitted<T>(
  knex: Knex,
  identity: TransactionIdentity,
  work: (trx: Trx) => PromiseLike<T>,
  options: TransactionOptions,
  answerMs: number | undefined,
): Promise<T> {
  const client: Knex.Client = knex.client;
  const begin = beginSql(identity, options);
  const connection: TransactionConnection = await client.acquireConnection();
  const open: OpenTransaction = {
    connection,
    role: identity.role,
    ended: false,
    hasUnawaited: false,
    afterCommit: new Set(),
    answerMs,
    awaited: 0,
    quietSince: 0,
  };
  const trx = lazyTrx(client, {
    connection,
    // A stream answers for as long as its reader takes, so only a query's answer has a time limit.
    query: async (send) => {
      if (open.ended) throw new Error(endedMessage);
      return awaitAnswer(open, noteFailure(open, send()));
    },
    stream: async (send) => {
      if (open.ended) throw new Error(endedMessage);
      return send();
    },
  });
  openTransactions.set(trx, open);
  try {
    connection.pipeline = true;
    writeTogether(connection);
    awaitAnswer(open, connection.query(begin)).catch((error: unknown) => {
      open.unawaitedError ??= error;
    });
    const result = await work(trx);
    open.ended = true;
    await commit(open, options);
    for (const listener of open.afterCommit) listener(knex);
    return result;
  } catch (error) {
    open.ended = true;
    // A connection that can't roll back is broken, and its pool discards it. The caller gets the first error.
    await awaitAnswer(open, connection.query("ROLLBACK")).catch(() => undefined);
    // The answers to all statements came before the answer to the ROLLBACK.
    throw open.unawaitedError ?? (isAbortedState(error) ? (open.failure ?? error) : error);
  } finally {
    await client.releaseConnection(connection);
  }
}

/** Remembers why PostgreSQL refused a statement, unless that is only because of a statement before it. */
async function noteFailure<T>(open: OpenTransaction, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!isAbortedState(error)) open.failure = error;
    throw error;
  }
}

/** in_failed_sql_transaction: an earlier statement of the transaction failed. */
function isAbortedState(error: unknown): boolean {
  return sqlStateOf(error) === "25P02";
}

/** Sends in one write all messages up to the next wait, because a system call costs more than a message. */
function writeTogether({ connection: { stream } }: TransactionConnection): void {
  stream.cork();
  process.nextTick(() => stream.uncork());
}

async function commit(open: OpenTransaction, { readOnly }: TransactionOptions): Promise<void> {
  const end = awaitAnswer(open, open.connection.query("COMMIT"));
  if (readOnly === true && !open.hasUnawaited) {
    end.catch(() => undefined);
    return;
  }
  // PostgreSQL answers ROLLBACK, and no error, to the COMMIT of a transaction in which a statement failed.
  const { command } = await end;
  if (command !== "COMMIT")
    throw new Error(
      "A statement of this transaction failed, and its error was caught. Let the error reach the caller.",
      { cause: open.failure },
    );
}

function beginSql(identity: TransactionIdentity, { isolation, readOnly, isDryRun }: TransactionOptions): string {
  const level = isolation === undefined ? "" : ` ISOLATION LEVEL ${isolation}`;
  const collect = isDryRun === true ? "SET LOCAL keyrack.dry_run = 'on';" : "";
  return `BEGIN${level}${readOnly === true ? " READ ONLY" : ""};${collect}${identitySql(identity)}`;
}

/** Checks both values against their strictest form, because SET LOCAL takes no parameters. */
function identitySql({ role, tenantId }: TransactionIdentity): string {
  if (tenantId !== undefined && (!isUuid(tenantId) || tenantId === noTenant))
    throw new Error("A tenant's id must be a UUID, and not the nil UUID.");
  return `SET LOCAL ROLE ${checkedRole(role)};SET LOCAL ${tenantSetting} = '${tenantId ?? ""}';`;
}

function checkedRole(role: string): string {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(role))
    throw new Error(`${JSON.stringify(role)} must be a role name: small letters, digits and underscores.`);
  return role;
}

/** Runs the rest of a transaction as another role, so that a change of the core and one of a plugin commit together. */
export async function switchIdentity(trx: Trx, identity: TransactionIdentity): Promise<void> {
  const open = openTransactionOf(trx);
  await awaitAnswer(open, open.connection.query(identitySql(identity)));
  open.role = identity.role;
}

/**
 * Sends prepared statements as another role, inside a transaction and in its tenant. The change of role, the statements
 * and the change back travel together. That costs no wait, and no other statement can come between them.
 * @param send must send all of them before its first await
 */
export async function asRole<T>(trx: Trx, other: string, send: () => Promise<T>): Promise<T> {
  const open = openTransactionOf(trx);
  const { connection, role } = open;
  const sent: Promise<unknown>[] = [awaitAnswer(open, connection.query(`SET LOCAL ROLE ${checkedRole(other)}`))];
  let result: Promise<T>;
  open.role = other;
  try {
    result = send();
  } finally {
    open.role = role;
  }
  sent.push(result, awaitAnswer(open, connection.query(`SET LOCAL ROLE ${role}`)));
  // The first error is the cause. The other statements failed because of it.
  await Promise.all(sent);
  return result;
}

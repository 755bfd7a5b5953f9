/**
 * A unit of work: one transaction, as one role, inside one tenant.
 *
 * BEGIN, role and tenant go to the server in one message, and are not waited for: pg pipelines, so the unit's first
 * statements travel with it. That is safe. Where the SET LOCALs fail, PostgreSQL refuses every statement that follows
 * (25P02), and the caller is told the first error; were there no transaction at all, the statements would run as the
 * run-time login, which may touch nothing. Everything is SET LOCAL, so it ends with the transaction and can't leak to the
 * next borrower of the connection. The end of a unit that only read is not waited for either: nothing hangs on it.
 *
 * The query builder for a unit is made when it is first asked for. Making one costs more than a statement does, and the
 * calls that a desk waits for use prepared statements alone.
 */
import type { Knex } from "knex";
import makeKnex from "knex/lib/knex-builder/make-knex.js";

import { isUuid } from "../values/ids.ts";
import type { Admission, AdmissionState } from "./admission.ts";
import { type AnswerWait, awaitAnswer } from "./answer_limit.ts";
import { sqlStateOf } from "./sql_state.ts";

/** An open unit of work. Objection models are bound to it per call: `User.query(trx)`. */
export type Trx = Knex.Transaction;

/** What a unit of work runs as. */
export interface UnitIdentity {
  readonly role: string;
  readonly tenantId?: string | undefined;
}

export interface UnitOptions {
  readonly readOnly?: boolean;
  /** Default: read committed. */
  readonly isolation?: "repeatable read" | "serializable";
}

/** What we use of pg's client. */
export interface UnitConnection {
  pipeline: boolean;
  readonly connection: { readonly stream: { cork(): void; uncork(): void; destroy(error?: Error): void } };
  query(statement: string): Promise<{ command: string }>;
  query(statement: { name: string; text: string; values: readonly unknown[] }): Promise<{ rows: unknown[] }>;
}

/** The setting that row-level security reads the tenant from, by `core.tenant_id()`. */
const tenantSetting = "keyrack.tenant_id";

/** The nil UUID stands for no tenant where a column can't be null, and is no tenant's name. */
export const nobody = "00000000-0000-0000-0000-000000000000";

interface OpenUnit extends AnswerWait {
  readonly connection: UnitConnection;
  role: string;
  ended: boolean;
  /** Whether something was sent that nobody waits for, and the first error of such. */
  sent: boolean;
  refusal?: unknown;
  /** The last error of PostgreSQL's that is not 25P02. It is why the statements after it were refused with 25P02. */
  failure?: unknown;
  readonly afterCommit: Set<(knex: Knex) => void>;
}

const openUnits = new WeakMap<object, OpenUnit>();

/** The limits of all transactions of a pool. */
export interface PoolLimits {
  readonly admission: Admission;
  /** Milliseconds until a connection without an answer is ended; undefined: no limit. */
  readonly answerMs: number | undefined;
}

const poolLimits = new WeakMap<Knex.Client, PoolLimits>();

/** Sets the limits of a pool, before its first transaction. */
export function limitPool(knex: Knex, limits: PoolLimits): void {
  poolLimits.set(knex.client as Knex.Client, limits);
}

/** How many transactions of a pool run and wait. */
export function poolState(knex: Knex): AdmissionState {
  return limitsOf(knex.client as Knex.Client).admission.state();
}

function limitsOf(client: Knex.Client): PoolLimits {
  const limits = poolLimits.get(client);
  if (limits === undefined) throw new Error("A pool of connections is opened by openPool.");
  return limits;
}

/** The connection of an open unit. @throws Error where the unit has ended: a statement was not awaited */
export function connectionOf(trx: Trx): UnitConnection {
  return unitOf(trx).connection;
}

/** Runs a named prepared statement. PostgreSQL plans one under row-level security anew when the role changes: hence a name for each role. */
export async function runPrepared(
  trx: Trx,
  name: string,
  text: string,
  values: readonly unknown[],
): Promise<unknown[]> {
  const unit = unitOf(trx);
  const { connection, role } = unit;
  const answer = noteFailure(unit, connection.query({ name: `${name} ${role}`, text, values }));
  const { rows } = await awaitAnswer(unit, answer);
  return rows;
}

/**
 * Sends a named prepared statement and does not wait for it: it travels with the unit's next statement, or with its
 * COMMIT. Where it fails, the COMMIT is refused, and the unit throws what it failed with.
 */
export function sendPrepared(trx: Trx, name: string, text: string, values: readonly unknown[]): void {
  const unit = unitOf(trx);
  unit.sent = true;
  writeTogether(unit.connection);
  runPrepared(trx, name, text, values).catch((error: unknown) => {
    unit.refusal ??= error;
  });
}

/** Calls a function when the unit has committed, once however often it is named; never where it is rolled back. */
export function afterCommit(trx: Trx, tell: (knex: Knex) => void): void {
  unitOf(trx).afterCommit.add(tell);
}

function unitOf(trx: Trx): OpenUnit {
  const unit = openUnits.get(trx);
  if (unit === undefined || unit.ended) throw new Error("This unit of work has ended. Await every statement in it.");
  return unit;
}

/** Runs `work` in one transaction. @throws what `work` throws, after a ROLLBACK */
export async function runUnit<T>(
  knex: Knex,
  identity: UnitIdentity,
  work: (trx: Trx) => PromiseLike<T>,
  options: UnitOptions,
): Promise<T> {
  const client = knex.client as Knex.Client;
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
  identity: UnitIdentity,
  work: (trx: Trx) => PromiseLike<T>,
  options: UnitOptions,
  answerMs: number | undefined,
): Promise<T> {
  const client = knex.client as Knex.Client;
  const begin = beginSql(identity, options);
  const connection = (await client.acquireConnection()) as UnitConnection;
  const unit: OpenUnit = {
    connection,
    role: identity.role,
    ended: false,
    sent: false,
    afterCommit: new Set(),
    answerMs,
    awaited: 0,
    quietSince: 0,
  };
  const trx = lazyTrx(client, unit);
  openUnits.set(trx, unit);
  try {
    connection.pipeline = true;
    writeTogether(connection);
    awaitAnswer(unit, connection.query(begin)).catch((error: unknown) => {
      unit.refusal ??= error;
    });
    const result = await work(trx);
    unit.ended = true;
    await commit(unit, options);
    for (const tell of unit.afterCommit) tell(knex);
    return result;
  } catch (error) {
    unit.ended = true;
    // A connection that can't roll back is broken, and its pool throws it away; the caller wants the first error.
    await awaitAnswer(unit, connection.query("ROLLBACK")).catch(() => undefined);
    // The answers to all statements came before that of the ROLLBACK.
    throw unit.refusal ?? (isAbortedState(error) ? (unit.failure ?? error) : error);
  } finally {
    await client.releaseConnection(connection);
  }
}

/** Remembers why PostgreSQL refused a statement, unless that is only because of a statement before it. */
async function noteFailure<T>(unit: OpenUnit, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!isAbortedState(error)) unit.failure = error;
    throw error;
  }
}

/** in_failed_sql_transaction: an earlier statement of the transaction failed. */
function isAbortedState(error: unknown): boolean {
  return sqlStateOf(error) === "25P02";
}

/** One write for all that is sent before the next wait: a system call costs more than a message. */
function writeTogether({ connection: { stream } }: UnitConnection): void {
  stream.cork();
  process.nextTick(() => stream.uncork());
}

async function commit(unit: OpenUnit, { readOnly }: UnitOptions): Promise<void> {
  const end = awaitAnswer(unit, unit.connection.query("COMMIT"));
  if (readOnly === true && !unit.sent) {
    end.catch(() => undefined);
    return;
  }
  // PostgreSQL answers ROLLBACK, and no error, to the COMMIT of a transaction in which a statement failed.
  const { command } = await end;
  if (command !== "COMMIT")
    throw new Error("A statement of this unit of work failed and its error was swallowed.", { cause: unit.failure });
}

function beginSql(identity: UnitIdentity, { isolation, readOnly }: UnitOptions): string {
  const modes = `${isolation === undefined ? "" : ` ISOLATION LEVEL ${isolation}`}${readOnly === true ? " READ ONLY" : ""}`;
  return `BEGIN${modes};${identitySql(identity)}`;
}

/** SET LOCAL takes no parameters, so both values are checked against the strictest form that they can have. */
function identitySql({ role, tenantId }: UnitIdentity): string {
  if (tenantId !== undefined && (!isUuid(tenantId) || tenantId === nobody))
    throw new Error("A tenant is named by a UUID.");
  return `SET LOCAL ROLE ${checkedRole(role)};SET LOCAL ${tenantSetting} = '${tenantId ?? ""}';`;
}

function checkedRole(role: string): string {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(role)) throw new Error(`${JSON.stringify(role)} is no role of ours.`);
  return role;
}

/** Lets the rest of a unit run as another role: for the core, where its own change and a plugin's must commit together. */
export async function switchUnit(trx: Trx, identity: UnitIdentity): Promise<void> {
  const unit = unitOf(trx);
  await awaitAnswer(unit, unit.connection.query(identitySql(identity)));
  unit.role = identity.role;
}

/**
 * Sends prepared statements as another role in the midst of a unit, and in its tenant. The change of role, the statements
 * and the change back go out together: it costs no wait, and nothing else of the unit's can come between them.
 * @param send must send all of them before it first waits
 */
export async function asRole<T>(trx: Trx, other: string, send: () => Promise<T>): Promise<T> {
  const unit = unitOf(trx);
  const { connection, role } = unit;
  const sent: Promise<unknown>[] = [awaitAnswer(unit, connection.query(`SET LOCAL ROLE ${checkedRole(other)}`))];
  let result: Promise<T>;
  unit.role = other;
  try {
    result = send();
  } finally {
    unit.role = role;
  }
  sent.push(result, awaitAnswer(unit, connection.query(`SET LOCAL ROLE ${role}`)));
  // The first that failed is the one to tell of: the others failed because of it.
  await Promise.all(sent);
  return result;
}

/** Stands for Knex's transaction object, and makes it when it is first used. */
function lazyTrx(client: Knex.Client, unit: OpenUnit): Trx {
  let made: Trx | undefined;
  const real = (): Trx => (made ??= boundKnex(client, unit));
  const handler: ProxyHandler<Trx> = {
    apply: (_target, _self, args: Parameters<Trx>) => real()(...args),
    get: (_target, key) => Reflect.get(real(), key) as unknown,
    has: (_target, key) => Reflect.has(real(), key),
    set: (_target, key, value) => Reflect.set(real(), key, value),
  };
  return new Proxy(function trx() {} as unknown as Trx, handler);
}

/** Knex's objects on a client that always hands out the unit's connection, as Knex's own transactions have it. */
function boundKnex(client: Knex.Client, unit: OpenUnit): Trx {
  type Query = (connection: unknown, statement: unknown) => Promise<unknown>;
  const bound = Object.create(Object.getPrototypeOf(client) as object) as Record<string, unknown>;
  for (const field of ["version", "config", "driver", "connectionSettings", "valueForUndefined", "logger"]) {
    bound[field] = (client as unknown as Record<string, unknown>)[field];
  }
  const guarded = (name: "query" | "stream"): Query => {
    const plain = (bound[name] as Query).bind(bound);
    return async (...args) => {
      if (unit.ended) throw new Error("This unit of work has ended. Await every statement in it.");
      // A stream answers for as long as its reader takes.
      return name === "query" ? awaitAnswer(unit, noteFailure(unit, plain(...args))) : plain(...args);
    };
  };
  bound["transacting"] = true;
  bound["acquireConnection"] = () => Promise.resolve(unit.connection);
  bound["releaseConnection"] = () => Promise.resolve();
  bound["query"] = guarded("query");
  bound["stream"] = guarded("stream");
  return Object.assign(makeKnex(bound), { isTransaction: true }) as Trx;
}

/**
 * Makes Knex's transaction object on a connection that already runs a transaction. Knex's own `transaction()` waits for
 * BEGIN: 0.13 ms in each call. This file uses private parts of Knex 3.3: the fields that `makeTxClient` of its
 * `lib/execution/transaction.js` copies, and its `make-knex.js`. `knex_adapter_test.ts` pins the version.
 */
import type { Knex } from "knex";
import makeKnex from "knex/lib/knex-builder/make-knex.js";

/** The transaction behind Knex's object. */
export interface KnexBinding {
  /** pg's client. */
  readonly connection: unknown;
  /** Runs each query of the object. @param send sends the query and awaits its answer */
  query<T>(send: () => Promise<T>): Promise<T>;
  /** Runs each stream of the object. */
  stream<T>(send: () => Promise<T>): Promise<T>;
}

/**
 * Returns a Knex transaction that is made on its first use. Making one takes longer than a statement does, and the
 * calls that the desk uses most run prepared statements alone. Only a Proxy can put that off for all of Knex's methods.
 */
export function lazyTrx(client: Knex.Client, binding: KnexBinding): Knex.Transaction {
  let made: Knex.Transaction | undefined;
  const real = (): Knex.Transaction => (made ??= boundKnex(client, binding));
  const handler: ProxyHandler<Knex.Transaction> = {
    apply: (_target, _self, args: Parameters<Knex.Transaction>) => real()(...args),
    get: (_target, key): unknown => Reflect.get(real(), key),
    has: (_target, key) => Reflect.has(real(), key),
    set: (_target, key, value) => Reflect.set(real(), key, value),
  };
  // The target must be a function, because a Knex transaction can be called. All its members are the real object's.
  return new Proxy(function trx() {} as unknown as Knex.Transaction, handler);
}

/** Fields that a Knex client for a transaction takes from the client of the pool. */
export const clientFields = ["version", "config", "driver", "connectionSettings", "valueForUndefined", "logger"];

type Send = (connection: unknown, statement: unknown) => Promise<unknown>;

/** A Knex client with the members that `boundKnex` replaces. */
interface BoundClient {
  query: Send;
  stream: Send;
  [field: string]: unknown;
}

/** Binds Knex's objects to a client that always hands out one connection, as Knex's own transactions do. */
function boundKnex(client: Knex.Client, { connection, query, stream }: KnexBinding): Knex.Transaction {
  // Knex declares neither the fields of its clients nor their prototype's methods, so they are read by name.
  const bound: BoundClient = Object.create(Object.getPrototypeOf(client));
  for (const field of clientFields) bound[field] = Reflect.get(client, field);
  const plainQuery = bound.query.bind(bound);
  const plainStream = bound.stream.bind(bound);
  bound["transacting"] = true;
  bound["acquireConnection"] = () => Promise.resolve(connection);
  bound["releaseConnection"] = () => Promise.resolve();
  bound.query = (...args: Parameters<Send>) => query(() => plainQuery(...args));
  bound.stream = (...args: Parameters<Send>) => stream(() => plainStream(...args));
  // Knex's maker returns the same kind of object for a pool and for a transaction, and declares neither.
  return Object.assign(makeKnex(bound), { isTransaction: true }) as Knex.Transaction;
}

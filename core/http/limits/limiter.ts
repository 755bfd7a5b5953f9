import type { Knex } from "knex";
import { RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";

import { runTransaction } from "../../db/database.ts";
import { connectionOf } from "../../db/transaction.ts";
import { coreRole } from "../../db/role_names.ts";
import { networkOf } from "../../values/ip_network.ts";
import { tooMany } from "./counters.ts";
import type { RateLimit } from "../route.ts";

/** Counts one request of a kind from an address. @throws Problem RATE_LIMITED */
export type Limiter = (kind: string, address: string, limit: RateLimit) => Promise<void>;

/** Counts in PostgreSQL, so that all web processes share the counts and need no Redis for it. */
export function createLimiter(knex: Knex): Limiter {
  // The library asks for a pg client; ours sends its statement as the core's role.
  const client = {
    query: (statement: { name: string; text: string; values: readonly unknown[] }) =>
      runTransaction(knex, { role: coreRole }, (trx) => connectionOf(trx).query(statement)),
  };
  const limiters = new Map<string, RateLimiterPostgres>();
  const limiterFor = (kind: string, { points, seconds }: RateLimit): RateLimiterPostgres => {
    const id = `${kind} ${points} ${seconds}`;
    let limiter = limiters.get(id);
    if (limiter === undefined) {
      limiter = new RateLimiterPostgres({
        storeClient: client,
        storeType: "client",
        tableCreated: true,
        schemaName: "core",
        tableName: "rate_limits",
        keyPrefix: kind,
        points,
        duration: seconds,
      });
      limiters.set(id, limiter);
    }
    return limiter;
  };
  return async (kind, address, limit) => {
    try {
      await limiterFor(kind, limit).consume(networkOf(address));
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      throw tooMany(`At most ${limit.points} in ${limit.seconds} seconds.`, refusal.msBeforeNext);
    }
  };
}

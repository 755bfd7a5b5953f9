/**
 * Limits the requests of one user, one tenant and one address to this process. Each process counts in its own memory,
 * so a request costs no round trip. A tenant gets a share of each process, so with n web processes it can send n times
 * as many. Logins and sign-ups have narrower limits, which are counted in PostgreSQL.
 */
import type { Actor } from "../actor.ts";
import { networkOf } from "../../values/ip_network.ts";
import { tooMany } from "./counters.ts";

/** Requests in a minute. A burst can use the requests of ten seconds at once. */
export interface RateLimitSettings {
  readonly user: number;
  readonly tenant: number;
  /** For requests without a valid login, by IPv4 address or IPv6 /64. */
  readonly address: number;
}

export interface RateLimits {
  /** Counts a request of a user. @throws Problem RATE_LIMITED */
  countActor(actor: Pick<Actor, "userId" | "tenantId">, answer: AnswerHeaders): void;
  /** Counts a request without a login. @throws Problem RATE_LIMITED */
  countAddress(address: string, answer: AnswerHeaders): void;
}

/** Takes the answer's headers, such as Koa's context. */
export interface AnswerHeaders {
  set(headers: Record<string, string>): unknown;
}

const windowMs = 10_000;

/** One limit, with the next free moment of each key (generic cell rate algorithm). */
interface Limit {
  readonly name: string;
  /** Requests in a window. */
  readonly quota: number;
  /** When the count of a key will be zero, by `now()`. A key without an entry has the count zero. */
  readonly busyUntil: Map<string, number>;
}

/** The state of a limit after a request was counted. */
interface Outcome {
  readonly limit: Limit;
  readonly key: string;
  readonly until: number;
  /** The number of requests left. Negative if this request was over the limit. */
  readonly left: number;
}

/** @param now milliseconds of a clock that does not go back; a test's own */
export function createRateLimits(settings: RateLimitSettings, now: () => number = () => performance.now()): RateLimits {
  const limitOf = (name: string, perMinute: number): Limit => ({
    name,
    quota: Math.max(1, Math.round((perMinute * windowMs) / 60_000)),
    busyUntil: new Map(),
  });
  const user = limitOf("user", settings.user);
  const tenant = limitOf("tenant", settings.tenant);
  const address = limitOf("address", settings.address);
  const ofActor = policyOf([user, tenant]);
  const ofAddress = policyOf([address]);
  let swept = now();

  const sweep = (at: number): void => {
    if (at - swept < windowMs) return;
    swept = at;
    for (const { busyUntil } of [user, tenant, address]) {
      for (const [key, until] of busyUntil) if (until <= at) busyUntil.delete(key);
    }
  };

  const count = (asked: readonly (readonly [Limit, string])[], policy: string, answer: AnswerHeaders): void => {
    const at = now();
    sweep(at);
    const outcomes = asked.map(([limit, key]) => outcomeOf(limit, key, at));
    const [first, ...others] = outcomes;
    if (first === undefined) return;
    const nearest = others.reduce(
      (least, one) => (one.left / one.limit.quota < least.left / least.limit.quota ? one : least),
      first,
    );
    const { limit, left, until } = nearest;
    answer.set({
      "RateLimit-Policy": policy,
      "RateLimit-Limit": String(limit.quota),
      "RateLimit-Remaining": String(Math.max(0, Math.floor(left))),
      "RateLimit-Reset": String(Math.ceil((until - at) / 1000)),
    });
    if (left < 0) {
      const words = `At most ${limit.quota} requests in ${windowMs / 1000} seconds from one ${limit.name}.`;
      throw tooMany(words, until - at - windowMs);
    }
    // Only a request that is let through counts: one that comes too often does not wait for longer.
    for (const outcome of outcomes) outcome.limit.busyUntil.set(outcome.key, outcome.until);
  };

  return {
    countActor: ({ userId, tenantId }, answer) =>
      count(
        [
          [user, userId],
          [tenant, tenantId],
        ],
        ofActor,
        answer,
      ),
    countAddress: (from, answer) => count([[address, networkOf(from)]], ofAddress, answer),
  };
}

function outcomeOf(limit: Limit, key: string, at: number): Outcome {
  const costMs = windowMs / limit.quota;
  const until = Math.max(limit.busyUntil.get(key) ?? at, at) + costMs;
  // Rounded, for sums of fractions are a little off.
  const left = Math.round((1e6 * (windowMs - (until - at))) / costMs) / 1e6;
  return { limit, key, until, left };
}

/** As draft-ietf-httpapi-ratelimit-headers-07 writes the policies. */
function policyOf(limits: readonly Limit[]): string {
  return limits.map(({ name, quota }) => `${quota};w=${windowMs / 1000};comment="${name}"`).join(", ");
}

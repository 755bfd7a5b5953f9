/**
 * Who guesses passwords is slowed down; who is guessed at is not locked out. Wrong passwords count, right ones do not:
 *
 *   pair      one account from one address: so many (FAILED_LOGINS) in 15 minutes; a right password sets it to nothing
 *   account   one account from everywhere: ten times as many. Only for addresses from which nobody has logged in to this
 *             account of late: strangers who use it up keep each other out, and not the hotel's own desk
 *   address   all accounts from one address: ten times as many. A right password does not set it to nothing, or a guesser
 *             with an account of his own could do so at will
 *
 * Beside these, all calls from one address are counted (LOGINS_PER_MINUTE), right ones too: each costs a hash.
 *
 * A guess that is under way counts as a wrong one already, so that a hundred guesses at once are worth no more than so many
 * in a row. That is known to one process: with several of them, up to as many times FAILED_LOGINS get through at once.
 * An account is what was typed, folded: an unknown one is throttled as one that exists.
 */
import { createHash } from "node:crypto";

import { type Count, type Counts, networkOf, type Standing, tooMany } from "../../core/mod.ts";

const windowSeconds = 15 * 60;
const wider = 10;
/** How long an address is remembered as one from which the account's owner logs in. */
const knownSeconds = 30 * 86_400;
/** It is remembered anew when less than this is left of it: once a day, not at every login. */
const renewMs = (knownSeconds - 86_400) * 1000;
/** When to come again, where the guesses under way are too many. */
const underWayMs = 1_000;

export interface ThrottleSettings {
  /** Wrong passwords in 15 minutes for one account from one address. */
  readonly failures: number;
  /** Calls a minute from one address. */
  readonly calls: number;
}

export interface Attempt {
  /** @throws Problem RATE_LIMITED where a limit is reached */
  begin(): Promise<void>;
  /** After `begin`, with a wrong password. @throws Problem RATE_LIMITED where it was one too many */
  failed(): Promise<void>;
  /** After `begin`, with a right password. */
  succeeded(): Promise<void>;
  /** Always, at the end. */
  end(): void;
}

export interface LoginThrottle {
  /**
   * Counts the use of a refresh token: for its session, so that strangers behind the same address can't use its budget up;
   * where the token is unknown, as a call from the address.
   * @throws Problem RATE_LIMITED
   */
  countRefresh(sessionId: string | undefined, address: string): Promise<void>;
  /**
   * @param account the folded username
   * @param address the caller's
   * @param passwordHash the account's present one, undefined for an unknown account. A new password starts new counts, so
   * a manager who sets one ends the lock
   */
  attempt(account: string, address: string, passwordHash: string | undefined): Attempt;
}

export function createLoginThrottle(limit: Counts, { failures, calls }: ThrottleSettings): LoginThrottle {
  const limits = [failures, failures * wider, failures * wider];
  const underWay = new Map<string, number>();
  /** @returns how many are under way then, this one with them */
  const move = ({ kind, key }: Count, by: number): number => {
    const left = (underWay.get(kind + key) ?? 0) + by;
    if (left === 0) underWay.delete(kind + key);
    else underWay.set(kind + key, left);
    return left;
  };
  const callsOf = (address: string): Count => countOf("calls", [networkOf(address)], 60);
  const refuseCalls = (standing: Standing | undefined): void => {
    if ((standing?.points ?? 0) > calls) throw tooMany(`At most ${calls} in a minute.`, standing?.msLeft ?? 0);
  };
  return {
    countRefresh: async (sessionId, address) => {
      const count = sessionId === undefined ? callsOf(address) : countOf("refreshes", [sessionId], 60);
      refuseCalls((await limit.add([count]))[0]);
    },
    attempt: (account, address, passwordHash) => {
      const network = networkOf(address);
      const password = passwordHash ?? "";
      const pair = countOf("wrong-pair", [account, network, password], windowSeconds);
      const known = countOf("known-pair", [account, network], knownSeconds);
      const counted = [
        pair,
        countOf("wrong-account", [account, password], windowSeconds),
        countOf("wrong-address", [network], windowSeconds),
      ];
      let ofPair: Standing | undefined;
      let ofKnown: Standing | undefined;
      let begun = false;

      const refuse = (standings: readonly Standing[], others: readonly number[]): void => {
        const isKnown = (ofKnown?.points ?? 0) > 0;
        const full = standings
          .map(({ points, msLeft }, index) => ({ points, msLeft, most: limits[index] ?? 0, index }))
          .filter(({ points, most, index }) => points + (others[index] ?? 0) > most && !(index === 1 && isKnown));
        if (full.length === 0) return;
        const ms = full.map(({ points, most, msLeft }) => (points >= most ? msLeft : underWayMs));
        throw tooMany("Too many wrong passwords.", Math.max(...ms));
      };
      return {
        begin: async () => {
          const ranks = counted.map((count) => move(count, 1));
          begun = true;
          const [ofCalls, ...standings] = await limit.add([callsOf(address)], [...counted, known]);
          refuseCalls(ofCalls);
          ofPair = standings[0];
          ofKnown = standings[3];
          refuse(
            standings.slice(0, 3),
            // Of many at once the first ones go through; and who has failed meanwhile is in the points already.
            counted.map((count, index) => Math.min(move(count, 0), ranks[index] ?? 0)),
          );
        },
        failed: async () => refuse(await limit.add(counted), []),
        succeeded: async () => {
          if ((ofPair?.points ?? 0) > 0) await limit.forget([pair]);
          if ((ofKnown?.msLeft ?? 0) > renewMs) return;
          await limit.forget([known]);
          await limit.add([known]);
        },
        end: () => {
          if (begun) for (const count of counted) move(count, -1);
          begun = false;
        },
      };
    },
  };
}

/** Names and addresses may be long, and are nobody's business in that table: a hash stands for them. */
function countOf(kind: string, parts: readonly string[], seconds: number): Count {
  return { kind, key: createHash("sha256").update(JSON.stringify(parts)).digest("base64url"), seconds };
}

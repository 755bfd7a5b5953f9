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
 * Strangers may share an address with the desk: the hotel's guests are on its network. So these have a budget of their own, of
 * FAILED_LOGINS and LOGINS_PER_MINUTE, which strangers can't use up:
 *
 *   device    one account on one device, shown by its device token. Where that budget is used up, by a thief of the token,
 *             the login counts as one without a token
 *   known     one account from an address from which it was logged in to of late: its calls, and only the wrong passwords of
 *             the pair
 *
 * A guess that is under way counts as a wrong one already, so that a hundred guesses at once are worth no more than so many
 * in a row. That is known to one process: with several of them, up to as many times FAILED_LOGINS get through at once.
 * An account is what was typed, folded: an unknown one is throttled as one that exists.
 */
import { createHash } from "node:crypto";

import { type Count, type Counts, networkOf, type Problem, type CounterState, tooMany } from "../../../core/mod.ts";

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

/** A budget of attempts that belongs to one device, or one session, of the account's user. */
export interface OwnBudget {
  readonly key: string;
  /** Whether a login beyond it is refused; otherwise it counts as one without a budget of its own. */
  readonly only: boolean;
}

export interface Attempt {
  /** After `begin`: whether the account's user has logged in from this device or address before. */
  readonly isKnown: boolean;
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
  attempt(account: string, address: string, passwordHash: string | undefined, own?: OwnBudget): Attempt;
}

/** A count of wrong passwords, and how many there may be. */
interface Limit {
  readonly count: Count;
  readonly most: number;
}

export function createLoginThrottle(limit: Counts, { failures, calls }: ThrottleSettings): LoginThrottle {
  const underWay = createUnderWay();
  const callsOf = (address: string): Count => countOf("calls", [networkOf(address)], 60);
  const refusalOfCalls = (standing: CounterState | undefined): Problem | undefined =>
    (standing?.points ?? 0) > calls ? tooMany(`At most ${calls} in a minute.`, standing?.msLeft ?? 0) : undefined;
  const throwAny = (refusal: Problem | undefined): void => {
    if (refusal !== undefined) throw refusal;
  };
  return {
    countRefresh: async (sessionId, address) => {
      const count = sessionId === undefined ? callsOf(address) : countOf("refreshes", [sessionId], 60);
      throwAny(refusalOfCalls((await limit.add([count]))[0]));
    },
    attempt: (account, address, passwordHash, own) => {
      const network = networkOf(address);
      const password = passwordHash ?? "";
      const pair = { count: countOf("wrong-pair", [account, network, password], windowSeconds), most: failures };
      const known = countOf("known-pair", [account, network], knownSeconds);
      const wide: readonly Limit[] = [
        { count: countOf("wrong-account", [account, password], windowSeconds), most: failures * wider },
        { count: countOf("wrong-address", [network], windowSeconds), most: failures * wider },
      ];
      /** Where a wrong password counts, and which of these refuse. */
      let counted: readonly Limit[] = [];
      let refusing = counted;
      let leave = (): void => undefined;
      let isKnown = false;
      let wrong: CounterState | undefined;
      let ofKnown: CounterState | undefined;

      /** Begins as what has these limits. @returns the refusal, for how they stand */
      const enter = (limits: readonly Limit[]): ((standings: readonly CounterState[]) => Problem | undefined) => {
        counted = limits;
        const entered = underWay(limits.map(({ count }) => count));
        leave = entered.leave;
        return (standings) => refusalOf(limits, standings, refusing, entered.before());
      };

      /** Whether the attempt goes on the budget of the user's own device or session. */
      const beginOwn = async ({ key, only }: OwnBudget): Promise<boolean> => {
        const limits = [{ count: countOf("wrong-own", [account, key, password], windowSeconds), most: failures }];
        refusing = limits;
        const judge = enter(limits);
        const [ofCalls, ...standings] = await limit.add(
          [countOf("calls-own", [account, key], 60)],
          [...limits.map(({ count }) => count), known],
        );
        const refusal = refusalOfCalls(ofCalls) ?? judge(standings);
        if (only) throwAny(refusal);
        [wrong, ofKnown] = standings;
        if (refusal !== undefined) leave();
        return refusal === undefined;
      };

      return {
        get isKnown() {
          return isKnown;
        },
        begin: async () => {
          if (own !== undefined && (await beginOwn(own))) {
            isKnown = true;
            return;
          }
          const limits = [pair, ...wide];
          const judge = enter(limits);
          const [ofCalls, ...standings] = await limit.add(
            [callsOf(address)],
            [...limits.map(({ count }) => count), known],
          );
          [wrong] = standings;
          ofKnown = standings.at(-1);
          isKnown = (ofKnown?.points ?? 0) > 0;
          refusing = isKnown ? [pair] : limits;
          const ofOwnCalls = isKnown ? (await limit.add([countOf("calls-known", [account, network], 60)]))[0] : ofCalls;
          throwAny(refusalOfCalls(ofOwnCalls) ?? judge(standings));
        },
        failed: async () => {
          const standings = await limit.add(counted.map(({ count }) => count));
          throwAny(refusalOf(counted, standings, refusing, []));
        },
        succeeded: async () => {
          const [first] = counted;
          if (first !== undefined && (wrong?.points ?? 0) > 0) await limit.forget([first.count]);
          if ((ofKnown?.msLeft ?? 0) > renewMs) return;
          await limit.forget([known]);
          await limit.add([known]);
        },
        end: () => leave(),
      };
    },
  };
}

/** The refusal of the limits that are reached, of those that refuse. @param others guesses under way that came before */
function refusalOf(
  limits: readonly Limit[],
  standings: readonly CounterState[],
  refusing: readonly Limit[],
  others: readonly number[],
): Problem | undefined {
  const waits = limits.flatMap((limit, index) => {
    const { points = 0, msLeft = 0 } = standings[index] ?? {};
    if (!refusing.includes(limit) || points + (others[index] ?? 0) <= limit.most) return [];
    return [points >= limit.most ? msLeft : underWayMs];
  });
  return waits.length === 0 ? undefined : tooMany("Too many wrong passwords.", Math.max(...waits));
}

/** Counts the guesses of this process that are under way. */
function createUnderWay(): (counts: readonly Count[]) => { before: () => number[]; leave: () => void } {
  const running = new Map<string, number>();
  const move = ({ kind, key }: Count, by: number): number => {
    const left = (running.get(kind + key) ?? 0) + by;
    if (left === 0) running.delete(kind + key);
    else running.set(kind + key, left);
    return left;
  };
  return (counts) => {
    const ranks = counts.map((count) => move(count, 1));
    let left = false;
    return {
      // Of many at once the first ones go through; and who has failed meanwhile is in the points already.
      before: () => counts.map((count, index) => Math.min(move(count, 0), ranks[index] ?? 0)),
      leave: () => {
        if (!left) for (const count of counts) move(count, -1);
        left = true;
      },
    };
  };
}

/** Names and addresses may be long, and are nobody's business in that table: a hash stands for them. */
function countOf(kind: string, parts: readonly string[], seconds: number): Count {
  return { kind, key: createHash("sha256").update(JSON.stringify(parts)).digest("base64url"), seconds };
}

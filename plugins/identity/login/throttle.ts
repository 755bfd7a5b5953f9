/**
 * Slows down guesses of passwords without locking the user out. Wrong passwords count, right ones do not:
 *
 *   pair      one account from one address: FAILED_LOGINS in 15 minutes. A right password resets the count
 *   account   one account from all addresses: ten times as many. It refuses only addresses without a recent login to
 *             this account. So strangers who use it up block each other, but not the hotel's own desk
 *   address   all accounts from one address: ten times as many. A right password does not reset it, because a guesser
 *             with an own account could do so at will
 *
 * All logins from one address are counted too (LOGINS_PER_MINUTE), also right ones, because each costs a hash.
 *
 * Strangers can share an address with the desk, such as the hotel's guests on its network. So known users have own
 * budgets of FAILED_LOGINS and LOGINS_PER_MINUTE, which strangers can't use up:
 *
 *   device    one account on one device, which sends its device token. If a thief of the token has used the budget up,
 *             the login counts as one without a token
 *   known     one account from an address of a recent login: its logins, and only the wrong passwords of the pair
 *
 * A running guess counts as wrong already, so a hundred concurrent guesses are worth no more than sequential ones. Only
 * this process knows them: with several processes, each lets FAILED_LOGINS concurrent guesses through.
 * An account is the typed username, folded. An unknown one is limited like an existing one.
 */
import { createHash } from "node:crypto";

import { type Count, type Counts, networkOf, type Problem, type CounterState, tooMany } from "../../../core/mod.ts";

const windowSeconds = 15 * 60;
/** The factor of the limits of an account and of an address. */
const wider = 10;
/** Seconds for which an address is known after a login of the account's user. */
const knownSeconds = 30 * 86_400;
/** The entry is renewed if less than this is left (ms): once a day, and not at every login. */
const renewMs = (knownSeconds - 86_400) * 1000;
/** Milliseconds until a retry if too many guesses are running. */
const runningMs = 1_000;

export interface ThrottleSettings {
  /** Wrong passwords in 15 minutes for one account from one address. */
  readonly failures: number;
  /** Logins per minute from one address. */
  readonly calls: number;
}

/** A budget of attempts that belongs to one device, or one session, of the account's user. */
export interface OwnBudget {
  readonly key: string;
  /** Whether a login beyond the budget is refused. Otherwise it counts as a login without an own budget. */
  readonly only: boolean;
}

export interface Attempt {
  /** Valid after `begin`: whether the account's user has logged in from this device or address before. */
  readonly isKnown: boolean;
  /** Counts the login and checks the limits. @throws Problem RATE_LIMITED if a limit is reached */
  begin(): Promise<void>;
  /** Call it after `begin` for a wrong password. @throws Problem RATE_LIMITED if it exceeds a limit */
  failed(): Promise<void>;
  /** Call it after `begin` for a right password. */
  succeeded(): Promise<void>;
  /** Call it always, at the end. */
  end(): void;
}

export interface LoginThrottle {
  /**
   * Counts the use of a refresh token for its session, so that strangers behind the same address can't use up its
   * budget. An unknown token counts for the address.
   * @throws Problem RATE_LIMITED
   */
  countRefresh(sessionId: string | undefined, address: string): Promise<void>;
  /**
   * Begins an attempt to log in.
   * @param account the folded username
   * @param address the caller's address
   * @param passwordHash the account's current hash, undefined for an unknown account. A new password starts new
   * counts, so a manager who sets one ends the lock
   * @param own the budget of the user's device or session, if the request proves one
   */
  attempt(account: string, address: string, passwordHash: string | undefined, own?: OwnBudget): Attempt;
}

/** A limit of wrong passwords. */
interface Limit {
  readonly count: Count;
  readonly most: number;
}

/** The states of counts that were read. */
type States = ReadonlyMap<Count, CounterState>;

/** Adds to the counts, reads others, and returns all states by their count. */
async function addAndRead(counters: Counts, add: readonly Count[], read: readonly Count[] = []): Promise<States> {
  const states = await counters.add(add, read);
  // `add` answers in the order of its arguments.
  return new Map([...add, ...read].flatMap((count, at) => (states[at] === undefined ? [] : [[count, states[at]]])));
}

const throwAny = (refusal: Problem | undefined): void => {
  if (refusal !== undefined) throw refusal;
};

export function createLoginThrottle(counters: Counts, { failures, calls }: ThrottleSettings): LoginThrottle {
  const startGuess = createRunningGuesses();
  const callsOf = (address: string): Count => countOf("calls", [networkOf(address)], 60);
  const refusalOfCalls = (state: CounterState | undefined): Problem | undefined =>
    (state?.points ?? 0) > calls ? tooMany(`At most ${calls} in a minute.`, state?.msLeft ?? 0) : undefined;
  const countCall = async (count: Count): Promise<CounterState | undefined> =>
    (await addAndRead(counters, [count])).get(count);
  return {
    countRefresh: async (sessionId, address) => {
      const count = sessionId === undefined ? callsOf(address) : countOf("refreshes", [sessionId], 60);
      throwAny(refusalOfCalls(await countCall(count)));
    },
    attempt: (account, address, passwordHash, own) => {
      const network = networkOf(address);
      const password = passwordHash ?? "";
      const pair: Limit = { count: countOf("wrong-pair", [account, network, password], windowSeconds), most: failures };
      const wide: readonly Limit[] = [
        { count: countOf("wrong-account", [account, password], windowSeconds), most: failures * wider },
        { count: countOf("wrong-address", [network], windowSeconds), most: failures * wider },
      ];
      const known = countOf("known-pair", [account, network], knownSeconds);
      /** The limits that count a wrong password. */
      let counting: readonly Limit[] = [];
      /** Those of them that refuse. */
      let refusing: readonly Limit[] = [];
      /** The count that a right password resets. */
      let stale: readonly Count[] = [];
      let knownMsLeft = 0;
      let isKnown = false;
      let guess: RunningGuess | undefined;

      /** Counts the login, and reads the limits. @param narrow the limit that a right password resets */
      const enter = async (call: Count, narrow: Limit, others: readonly Limit[]): Promise<States> => {
        counting = [narrow, ...others];
        const counts = counting.map(({ count }) => count);
        guess = startGuess(counts);
        const states = await addAndRead(counters, [call], [...counts, known]);
        stale = (states.get(narrow.count)?.points ?? 0) > 0 ? [narrow.count] : [];
        knownMsLeft = states.get(known)?.msLeft ?? 0;
        return states;
      };

      /** Returns whether the attempt uses the budget of the user's own device or session. */
      const beginOwn = async ({ key, only }: OwnBudget): Promise<boolean> => {
        const limit = { count: countOf("wrong-own", [account, key, password], windowSeconds), most: failures };
        const call = countOf("calls-own", [account, key], 60);
        const states = await enter(call, limit, []);
        refusing = [limit];
        const refusal = refusalOfCalls(states.get(call)) ?? refusalOf(refusing, states, guess?.before());
        if (only) throwAny(refusal);
        if (refusal !== undefined) guess?.end();
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
          const call = callsOf(address);
          const states = await enter(call, pair, wide);
          isKnown = (states.get(known)?.points ?? 0) > 0;
          refusing = isKnown ? [pair] : counting;
          const callState = isKnown
            ? await countCall(countOf("calls-known", [account, network], 60))
            : states.get(call);
          throwAny(refusalOfCalls(callState) ?? refusalOf(refusing, states, guess?.before()));
        },
        failed: async () => {
          const states = await addAndRead(
            counters,
            counting.map(({ count }) => count),
          );
          throwAny(refusalOf(refusing, states, undefined));
        },
        succeeded: async () => {
          if (stale.length > 0) await counters.forget(stale);
          if (knownMsLeft > renewMs) return;
          await counters.forget([known]);
          await counters.add([known]);
        },
        end: () => guess?.end(),
      };
    },
  };
}

/** Returns the refusal if a limit is reached. @param before the running guesses that began before this one */
function refusalOf(
  refusing: readonly Limit[],
  states: States,
  before: ReadonlyMap<Count, number> | undefined,
): Problem | undefined {
  const waits = refusing.flatMap(({ count, most }) => {
    const { points = 0, msLeft = 0 } = states.get(count) ?? {};
    if (points + (before?.get(count) ?? 0) <= most) return [];
    return [points >= most ? msLeft : runningMs];
  });
  return waits.length === 0 ? undefined : tooMany("Too many wrong passwords.", Math.max(...waits));
}

/** A guess whose password is being checked. */
interface RunningGuess {
  /** Counts, for each count, this guess and the running ones that began before it. */
  before(): ReadonlyMap<Count, number>;
  end(): void;
}

/** Counts the running guesses of this process. @returns a function that starts a guess */
function createRunningGuesses(): (counts: readonly Count[]) => RunningGuess {
  const running = new Map<string, number>();
  const change = ({ kind, key }: Count, by: number): number => {
    const left = (running.get(kind + key) ?? 0) + by;
    if (left === 0) running.delete(kind + key);
    else running.set(kind + key, left);
    return left;
  };
  return (counts) => {
    const ranks = new Map(counts.map((count) => [count, change(count, 1)]));
    let hasEnded = false;
    return {
      // The first of many concurrent guesses pass. A guess that has failed meanwhile is in the points already.
      before: () => new Map([...ranks].map(([count, rank]) => [count, Math.min(change(count, 0), rank)])),
      end: () => {
        if (!hasEnded) for (const count of counts) change(count, -1);
        hasEnded = true;
      },
    };
  };
}

/** Hashes names and addresses, because they can be long and are personal data. */
function countOf(kind: string, parts: readonly string[], seconds: number): Count {
  return { kind, key: createHash("sha256").update(JSON.stringify(parts)).digest("base64url"), seconds };
}

/**
 * Argon2id as OWASP advises it (19 MiB, 2 passes, 1 lane): 10 to 20 ms of one core, always off the event loop.
 *
 * The hashes run on libuv's pool of 4 threads, which the tokens' WebCrypto, DNS and files share, and on cores which
 * PostgreSQL may share. So only so many run at a time, in one queue for the whole process: a flood of logins waits for
 * itself and not the desk for the flood. In it addresses and hotels take turns, none has more than its share, and half of it
 * is for logins alone. Who finds no place is told at once.
 */
import { availableParallelism } from "node:os";
import { randomBytes } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";

import { networkOf, problems, tooMany } from "../../core/mod.ts";
import { createFairQueue, type Turn } from "./fair_queue.ts";

const parameters = { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 };

/** Hashes that run at a time in this process: half of libuv's threads at most, and no more than there are cores. */
export const lanes = Math.min(2, availableParallelism());
/** Most that wait, which is 2 to 4 seconds' worth: who would wait longer is better told to come again. */
const most = 250;
/** Most that wait for one address or one hotel. */
export const mostOfOne = 50;

const inTurn = createFairQueue(
  { lanes, most, mostOfOne, mostUnreserved: most / 2 },
  {
    // The caller's own doing, unlike the other.
    share: () => tooMany("Too many passwords at a time.", 1_000),
    full: () => problems.SERVICE_UNAVAILABLE("Too many log in at this moment.", { headers: { "Retry-After": "3" } }),
  },
);

/** In whose turn a password is hashed. */
export type HashTurn = Turn;

/** The check of a password that somebody at this address knows, or guesses. */
export function loginTurn(address: string): HashTurn {
  return { reserved: true, key: networkOf(address) };
}

/** A new password, which a hotel's people set; or an address that signs up. */
export function settingTurn(key: string): HashTurn {
  return { reserved: false, key };
}

/** One way to write a password, whatever the keyboard: the hash knows bytes only. */
function bytesOf(password: string): string {
  return password.normalize("NFC");
}

/** Hashes a password. @throws Problem RATE_LIMITED, SERVICE_UNAVAILABLE where too many wait */
export function hashSlowly(password: string, turn: HashTurn): Promise<string> {
  return inTurn(turn, () => hash(bytesOf(password), parameters));
}

// Made before anybody logs in: made by the first unknown user, it would show in that answer's time.
const decoy = hash(randomBytes(32), parameters);
decoy.catch(() => undefined);

/**
 * True where the password is the one. Without a hash (an unknown user) it costs the same, so that the time tells nothing.
 * @throws Problem RATE_LIMITED, SERVICE_UNAVAILABLE where too many wait
 */
export async function checkPassword(
  password: string,
  passwordHash: string | undefined,
  turn: HashTurn,
): Promise<boolean> {
  const against = passwordHash ?? (await decoy);
  const holds = await inTurn(turn, () => verify(against, bytesOf(password)));
  return holds && passwordHash !== undefined;
}

/**
 * Argon2id as OWASP advises it (19 MiB, 2 passes, 1 lane): 10 to 20 ms of one core, always off the event loop.
 *
 * The hashes run on libuv's pool of 4 threads, which the tokens' WebCrypto, DNS and files share, and on cores which
 * PostgreSQL may share. So only so many run at a time, in one queue for the whole process: a flood of logins waits for
 * itself and not the desk for the flood.
 *
 * - Logins of known pairs (a user and a device or network from which the user has logged in before) go before all others.
 * - Strangers' logins, sign-ups and passwords that hotels set have 75 places each, and can't take those of the known pairs.
 * - Within a kind, networks and hotels take turns: an IPv6 /48 or an IPv4 /24 is one line, so many addresses are no help.
 * - A request without a place is refused at once.
 */
import { availableParallelism } from "node:os";
import { randomBytes } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";

import { networksOf, problems, tooMany } from "../../../core/mod.ts";
import { createFairQueue, type Share, type Turn } from "./fair_queue.ts";

const parameters = { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 };

/** Hashes that run at a time in this process: half of libuv's threads at most, and no more than there are cores. */
export const lanes = Math.min(2, availableParallelism());
type Kind = "known" | "stranger" | "signUp" | "setting";

/** Most that wait. Of known pairs it is 2 to 4 seconds' worth: more had better come again later. */
export const most: Readonly<Record<Kind, number>> = { known: 250, stranger: 75, signUp: 75, setting: 75 };
/** Most that wait for one address or one hotel. */
export const mostOfOne = 50;
/** Most strangers that wait: of one address, of the /24 or /56 around it, and of the /48. */
export const mostOfNetworks = [25, 40, 50] as const;

const inTurn = createFairQueue<Kind>(
  { lanes, most, first: "known" },
  {
    // The caller's own doing, unlike the other.
    share: () => tooMany("Too many passwords at a time.", 1_000),
    full: () => problems.SERVICE_UNAVAILABLE("Too many log in at this moment.", { headers: { "Retry-After": "3" } }),
  },
);

/** In whose turn a password is hashed. */
export type HashTurn = Turn<Kind>;

/**
 * The check of a password at a login.
 * @param isKnown whether the user has logged in before from this device or network
 */
export function turnOfLogin(address: string, isKnown: boolean): HashTurn {
  if (!isKnown) return strangersTurn("stranger", address);
  const [network] = networksOf(address);
  return { kind: "known", line: network, shares: [{ key: network, most: mostOfOne }] };
}

/** The password of a hotel that signs up. */
export function turnOfSignUp(address: string): HashTurn {
  return strangersTurn("signUp", address);
}

/** A new password that a hotel's people set. */
export function turnOfHotel(hotelId: string): HashTurn {
  return { kind: "setting", line: hotelId, shares: [{ key: hotelId, most: mostOfOne }] };
}

function strangersTurn(kind: Kind, address: string): HashTurn {
  const networks = networksOf(address);
  const shares: Share[] = networks.map((key, width) => ({ key, most: mostOfNetworks[width] ?? mostOfOne }));
  return { kind, line: networks.at(-1) ?? networks[0], shares };
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

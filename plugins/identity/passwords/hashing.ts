/**
 * Hashes passwords with argon2id as OWASP recommends (19 MiB, 2 passes, 1 lane): 10 to 20 ms of one core, always off
 * the event loop.
 *
 * The hashes share libuv's pool of 4 threads with WebCrypto, DNS and files, and can share the cores with PostgreSQL. So
 * a process runs two at a time, in one queue. A flood of logins delays itself, and not the desk.
 *
 * - Logins of known pairs go first. A known pair is a user and a device or network of an earlier login.
 * - Strangers' logins, sign-ups and passwords that hotels set have 75 places each. They can't fill the others' places.
 * - Within a kind, networks and hotels take turns. An IPv6 /48 or an IPv4 /24 is one line, however many addresses.
 * - A request without a place is refused at once.
 */
import { availableParallelism } from "node:os";
import { randomBytes } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";

import { networksOf, problems, tooMany } from "../../../core/mod.ts";
import { createFairQueue, type Share, type Turn } from "./fair_queue.ts";

const parameters = { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 };

/** Hashes that run at a time in this process: at most half of libuv's threads, and at most one per core. */
export const lanes = Math.min(2, availableParallelism());
type Kind = "known" | "stranger" | "signUp" | "setting";

/** Most waiting hashes. Those of known pairs take 2 to 4 s, and more logins should retry later. */
export const most: Readonly<Record<Kind, number>> = { known: 250, stranger: 75, signUp: 75, setting: 75 };
/** Most waiting hashes of one address or one hotel. */
export const mostOfOne = 50;
/** Most waiting hashes of strangers: of one address, of the /24 or /56 around it, and of the /48. */
export const mostOfNetworks = [25, 40, 50] as const;

const inTurn = createFairQueue<Kind>(
  { lanes, most, first: "known" },
  {
    // The caller has caused this refusal, and other callers the other one.
    share: () => tooMany("Too many passwords at a time.", 1_000),
    full: () => problems.SERVICE_UNAVAILABLE("Too many logins are waiting.", { headers: { "Retry-After": "3" } }),
  },
);

/** The place of a hash in the queue. */
export type HashTurn = Turn<Kind>;

/**
 * Returns the turn of a login.
 * @param isKnown whether the user has logged in before from this device or network
 */
export function turnOfLogin(address: string, isKnown: boolean): HashTurn {
  if (!isKnown) return strangersTurn("stranger", address);
  const [network] = networksOf(address);
  return { kind: "known", line: network, shares: [{ key: network, most: mostOfOne }] };
}

/** Returns the turn of a sign-up. */
export function turnOfSignUp(address: string): HashTurn {
  return strangersTurn("signUp", address);
}

/** Returns the turn of a password that a hotel's staff set. */
export function turnOfHotel(hotelId: string): HashTurn {
  return { kind: "setting", line: hotelId, shares: [{ key: hotelId, most: mostOfOne }] };
}

function strangersTurn(kind: Kind, address: string): HashTurn {
  const networks = networksOf(address);
  const shares: Share[] = networks.map((key, width) => ({ key, most: mostOfNetworks[width] ?? mostOfOne }));
  return { kind, line: networks.at(-1) ?? networks[0], shares };
}

/** Normalizes a password, because keyboards differ and the hash compares bytes. */
function bytesOf(password: string): string {
  return password.normalize("NFC");
}

/** Hashes a password. @throws Problem RATE_LIMITED, SERVICE_UNAVAILABLE if too many wait */
export function hashSlowly(password: string, turn: HashTurn): Promise<string> {
  return inTurn(turn, () => hash(bytesOf(password), parameters));
}

// Computed at the start. If the first unknown user caused it, the time of that answer would show it.
const decoy = hash(randomBytes(32), parameters);
decoy.catch(() => undefined);

/**
 * Returns whether the password is right. An unknown user has no hash, and the check takes the same time.
 * @throws Problem RATE_LIMITED, SERVICE_UNAVAILABLE if too many wait
 */
export async function checkPassword(
  password: string,
  passwordHash: string | undefined,
  turn: HashTurn,
): Promise<boolean> {
  const against = passwordHash ?? (await decoy);
  const isRight = await inTurn(turn, () => verify(against, bytesOf(password)));
  return isRight && passwordHash !== undefined;
}

/**
 * Argon2id as OWASP advises it (19 MiB, 2 passes, 1 lane): 10 to 20 ms of one core, always off the event loop.
 *
 * The hashes run on libuv's pool of 4 threads, which the tokens' WebCrypto, DNS and files share, and on cores which
 * PostgreSQL may share. So only so many run at a time, in one queue for the whole process: a flood of logins waits for
 * itself and not the desk for the flood. A queue that is full says so at once.
 */
import { availableParallelism } from "node:os";
import { randomBytes } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";

import { problems } from "../../core/mod.ts";

const parameters = { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 };

/** Hashes that run at a time in this process: half of libuv's threads at most, and no more than there are cores. */
export const lanes = Math.min(2, availableParallelism());
/** Most that wait, which is 2 to 4 seconds' worth: who would wait longer is better told to come again. */
const mostWaiting = 250;

let running = 0;
const waiting: (() => void)[] = [];

async function inLane<T>(work: () => Promise<T>): Promise<T> {
  if (running >= lanes) {
    if (waiting.length >= mostWaiting) {
      throw problems.SERVICE_UNAVAILABLE("Too many log in at this moment.", { headers: { "Retry-After": "3" } });
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running += 1;
  try {
    return await work();
  } finally {
    // The lane goes to the next in the queue, or is given up.
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
}

/** Hashes a password. @throws Problem SERVICE_UNAVAILABLE where too many wait */
export function hashSlowly(password: string): Promise<string> {
  return inLane(() => hash(password, parameters));
}

// Made before anybody logs in: made by the first unknown user, it would show in that answer's time.
const decoy = hash(randomBytes(32), parameters);
decoy.catch(() => undefined);

/**
 * True where the password is the one. Without a hash (an unknown user) it costs the same, so that the time tells nothing.
 * @throws Problem SERVICE_UNAVAILABLE where too many wait
 */
export async function checkPassword(password: string, passwordHash: string | undefined): Promise<boolean> {
  const against = passwordHash ?? (await decoy);
  const holds = await inLane(() => verify(against, password));
  return holds && passwordHash !== undefined;
}

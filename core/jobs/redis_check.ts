/**
 * Checks at boot that Redis accepts REDIS_URL. Without the check, a wrong password would look like a store out of
 * reach.
 */
import { Redis } from "ioredis";

import { BootError } from "../errors.ts";

const connectMs = 2_000;

/**
 * Logs in and selects the database. Accepts a Redis that can't be reached, because it can start later.
 * @throws BootError if Redis refuses either. The message names the variable and not its value.
 */
export async function checkRedis(url: string): Promise<void> {
  const answers: string[] = [];
  const note = (error: unknown): void => void answers.push(error instanceof Error ? error.message : "");
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: connectMs,
    commandTimeout: connectMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // Refusals of the login and of the database arrive as events. The connection only closes.
  client.on("error", note);
  try {
    await client.connect();
    await client.ping();
  } catch (error) {
    note(error);
  } finally {
    client.disconnect();
  }
  const fault = answers.map(faultOf).find((words) => words !== undefined);
  if (fault !== undefined) throw new BootError([fault]);
}

/** Returns the fault in the settings that an answer of Redis shows. Undefined if Redis is only away or busy. */
function faultOf(answer: string): string | undefined {
  if (/^(WRONGPASS|ERR invalid password|ERR AUTH .*without any password)/.test(answer)) {
    return (
      "REDIS_URL has a user or password that Redis refuses. " +
      "Remedy: correct it, and write special characters in percent form."
    );
  }
  if (answer.startsWith("NOAUTH")) {
    return "REDIS_URL has no password, and Redis asks for one. Remedy: redis://:password@host:port.";
  }
  if (/DB index is out of range|invalid DB index/.test(answer)) {
    return (
      "REDIS_URL names a database that Redis does not have. " +
      "Remedy: end the URL with a number below Redis's setting `databases` (16 by default)."
    );
  }
  if (answer.startsWith("NOPERM")) {
    return (
      "REDIS_URL names a user without permission for the commands of a queue. " +
      "Remedy: give the user all commands in Redis's ACL."
    );
  }
  return undefined;
}

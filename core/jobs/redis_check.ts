/** Looks at boot whether Redis takes what REDIS_URL says, so that a wrong password does not run as a store out of reach. */
import { Redis } from "ioredis";

import { BootError } from "../errors.ts";

const connectMs = 2_000;

/**
 * Logs in and selects the database. A Redis that can't be reached is no fault: it may come later.
 * @throws BootError where Redis refuses either; the message names the variable and not its value
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
  // The refusals of the login and of the database come as events; the connection only closes.
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

/** What an answer of Redis says about the settings; undefined where it says that Redis is away or busy. */
function faultOf(answer: string): string | undefined {
  if (/^(WRONGPASS|ERR invalid password|ERR AUTH .*without any password)/.test(answer)) {
    return "REDIS_URL has a user or password that Redis refuses. Remedy: correct it; a special character is percent-encoded.";
  }
  if (answer.startsWith("NOAUTH")) {
    return "REDIS_URL has no password, and Redis asks for one. Remedy: redis://:password@host:port.";
  }
  if (/DB index is out of range|invalid DB index/.test(answer)) {
    return "REDIS_URL names a database that Redis does not have. Remedy: end the URL with a number below Redis's setting `databases` (16 by default).";
  }
  if (answer.startsWith("NOPERM")) {
    return "REDIS_URL names a user who may not run the commands of a queue. Remedy: give the user all commands in Redis's ACL.";
  }
  return undefined;
}

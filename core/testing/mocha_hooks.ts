/** What a whole run of the tests needs and ends. */
import { stopTestServer } from "./postgres.ts";
import { hasRedisServer } from "./redis.ts";
import { processVariables } from "../env.ts";

export const mochaHooks = {
  beforeAll(): void {
    if (hasRedisServer()) return;
    if (processVariables()["CI"] !== undefined)
      throw new Error("redis-server is missing, and in CI the Redis half must run.");
    process.stderr.write("\n!!! redis-server was not found: the tests run on BullMQ's PostgreSQL store alone.\n\n");
  },
  async afterAll(): Promise<void> {
    await stopTestServer();
  },
};

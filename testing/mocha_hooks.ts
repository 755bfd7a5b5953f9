/** Prepares a run of the tests and cleans up after it, with test files one after another or side by side. */
import type { Context } from "mocha";
import path from "node:path";

import { processVariables } from "../core/config/env.ts";
import {
  describeHandles,
  endIfAlive,
  killChildren,
  listOpenHandles,
  type OpenHandle,
  waitUntilClosed,
} from "./open_handles.ts";
import { isWorker, removeWorkerFolders, startTestServer, stopTestServer } from "./postgres.ts";
import { hasRedisServer } from "./redis.ts";

/** A leak is reported after this time (ms). Stopping PostgreSQL or closing a connection takes less. */
const closingMs = 20_000;

export function mochaGlobalSetup(): void {
  // As a CommonJS module this file would have a test server of its own, and would not stop the one of the tests.
  if (typeof require !== "undefined")
    throw new Error(
      "Mocha must import the tests as ES modules. Keep `no-experimental-require-module` in .mocharc.json.",
    );
  if (!hasRedisServer()) {
    if (processVariables()["CI"] !== undefined)
      throw new Error("redis-server is missing, and in CI the Redis half must run.");
    process.stderr.write("\n!!! redis-server was not found: the tests run on BullMQ's PostgreSQL store alone.\n\n");
  }
}

export async function mochaGlobalTeardown(): Promise<void> {
  await stopTestServer();
  await removeWorkerFolders();
  endIfAlive(closingMs);
}

let known: readonly OpenHandle[] = [];

/**
 * Checks that each file closes what it opened. These hooks run before and after each file of a worker. The check is
 * there because mocha ends its workers by force, and a leak would go unnoticed.
 */
export const mochaHooks = {
  async beforeAll(this: Context): Promise<void> {
    if (!isWorker) return;
    this.timeout(120_000);
    // Before the list, because its process stays for the next file.
    await startTestServer();
    known = listOpenHandles();
  },
  async afterAll(this: Context): Promise<void> {
    if (!isWorker) return;
    this.timeout(120_000);
    const open = await waitUntilClosed(known, closingMs);
    if (open.length === 0) return;
    killChildren(open);
    const list = describeHandles(open)
      .map((line) => `  ${line}`)
      .join("\n");
    const file = path.relative(process.cwd(), this.test?.parent?.suites[0]?.file ?? "");
    throw new Error(`After ${closingMs / 1000} s ${file} still keeps the process alive by:\n${list}`);
  },
};

/**
 * Checks that a wrong REDIS_URL stops the boot of a worker, and that a worker without a reachable Redis starts and
 * stops.
 */
import { expect } from "chai";
import { Redis } from "ioredis";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

import { boot } from "../core/boot.ts";
import { processVariables } from "../core/config/env.ts";
import { BootError } from "../core/errors.ts";
import { hasRedisServer, startRedis, type TestRedis } from "../testing/redis.ts";
import { work } from "./main.ts";
import { startTestPlatform, type TestPlatform } from "../testing/platform.ts";

(hasRedisServer() ? describe : describe.skip)("A worker's REDIS_URL", function () {
  this.timeout(60_000);
  let platform: TestPlatform;
  let redis: TestRedis;
  let port: string;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    redis = await startRedis();
    ({ port } = new URL(redis.url));
    const admin = new Redis(redis.url);
    await admin.config("SET", "requirepass", "right-password");
    admin.disconnect();
  });
  after(async () => {
    await redis.stop();
    await platform.close();
  });

  const start = async (url: string) => work(await boot("worker", { ...platform.variables, REDIS_URL: url }));
  const refusalOf = (url: string): Promise<unknown> =>
    start(url).then(
      (worker) => worker.close(),
      (error: unknown) => error,
    );

  for (const { title, login, database, words } of [
    { title: "with a wrong password", login: ":wrong-password@", database: "", words: /password that Redis refuses/ },
    {
      title: "with a user that Redis does not know",
      login: "eve:wrong-password@",
      database: "",
      words: /Redis refuses/,
    },
    { title: "without the password", login: "", database: "", words: /has no password, and Redis asks for one/ },
    { title: "with a database out of range", login: ":right-password@", database: "/99", words: /does not have/ },
  ]) {
    it(`REDIS_URL ${title} stops the boot with a message that names the variable and no secret`, async () => {
      const error = await refusalOf(`redis://${login}127.0.0.1:${port}${database}`);
      expect(error).to.be.instanceOf(BootError);
      expect((error as Error).message)
        .to.match(/REDIS_URL/)
        .and.match(words)
        .and.not.match(/(wrong|right)-password/);
    });
  }

  it("The right password and database start the worker", async () => {
    const worker = await start(`redis://:right-password@127.0.0.1:${port}/15`);
    await worker.close();
  });

  it("An address that does not answer starts the worker, and the worker ends without Redis", async () => {
    const worker = spawn(process.execPath, ["--import", "tsx", path.join(import.meta.dirname, "main.ts")], {
      env: { PATH: processVariables()["PATH"], ...platform.variables, REDIS_URL: "redis://127.0.0.1:1" },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const ended = once(worker, "exit");
    try {
      await once(worker, "message");
      const stopping = performance.now();
      worker.kill("SIGTERM");
      expect(await ended).to.deep.equal([0, null]);
      // The steps of the stop have 4 s together. The stop took 20 s when it waited for jobs although none was running.
      expect(performance.now() - stopping).to.be.lessThan(15_000);
    } finally {
      worker.kill("SIGKILL");
    }
  });
});

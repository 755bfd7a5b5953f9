/** Checks that a worker recovers by itself, without a lost job, after its Redis fails over, is full or goes silent. */
import { expect } from "chai";
import { Redis } from "ioredis";
import { setTimeout as sleep } from "node:timers/promises";

import { boot } from "../core/boot.ts";
import { listOpenHandles, type OpenHandle, waitUntilClosed } from "../testing/open_handles.ts";
import { hasRedisServer, startRedis, type TestRedis } from "../testing/redis.ts";
import { work, type WorkerProcess } from "./main.ts";
import { eventually, fixturePlugins, startTestPlatform, type TestPlatform } from "../testing/platform.ts";
import { startTcpProxy, type TcpProxy } from "../testing/network/tcp_proxy.ts";

(hasRedisServer() ? describe : describe.skip)("A worker whose Redis fails", function () {
  this.timeout(90_000);
  let platform: TestPlatform;
  let primary: TestRedis;
  let replica: TestRedis;
  let proxy: TcpProxy;
  let worker: WorkerProcess;
  let known: readonly OpenHandle[];
  const admins: Redis[] = [];
  const adminOf = ({ url }: TestRedis): Redis => {
    const admin = new Redis(url);
    admins.push(admin);
    return admin;
  };
  const portOf = ({ url }: TestRedis): number => Number(new URL(url).port);

  beforeEach(async () => {
    primary = await startRedis();
    replica = await startRedis();
    proxy = await startTcpProxy(portOf(primary));
    platform = await startTestPlatform({
      worker: false,
      variables: { PLUGIN_PATH: fixturePlugins, REDIS_URL: `redis://127.0.0.1:${proxy.port}` },
    });
    known = listOpenHandles();
    worker = await work(await boot("worker", platform.variables));
  });
  afterEach(async () => {
    await worker.close();
    for (const admin of admins.splice(0)) admin.disconnect();
    await platform.close();
    await proxy.close();
    await primary.stop();
    await replica.stop();
  });

  const enqueue = async (label: string): Promise<void> => {
    expect((await platform.client.post("/probe/note", { label })).status).to.equal(202);
  };
  const applied = (label: string, ms: number): Promise<true> =>
    eventually(
      async () => ((await platform.owner("probe.effects").where({ label })).length === 1 ? true : undefined),
      ms,
    );

  it("A worker reconnects to the new primary after a failover that left its connections at the old one", async () => {
    await enqueue("before");
    await applied("before", 20_000);
    await adminOf(primary).replicaof("127.0.0.1", portOf(replica));
    await adminOf(replica).replicaof("NO", "ONE");
    proxy.pointTo(portOf(replica));
    await enqueue("after the failover");
    await applied("after the failover", 30_000);
  });

  it("A worker pauses between attempts while Redis is full, and goes on when Redis has space", async () => {
    const admin = adminOf(primary);
    await enqueue("before");
    await applied("before", 20_000);
    await admin.config("SET", "maxmemory-policy", "noeviction");
    await admin.config("SET", "maxmemory", "1");
    await admin.config("RESETSTAT");
    const refusals = async (): Promise<number> =>
      Number(/errorstat_OOM:count=(\d+)/.exec(await admin.info("errorstats"))?.[1] ?? 0);
    await enqueue("while Redis is full");
    // A worker without pauses would be refused thousands of times in 3 s.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(await refusals()).to.be.within(1, 300);
    await admin.config("SET", "maxmemory", "0");
    await applied("while Redis is full", 30_000);
  });

  it("A worker that closes while Redis refuses connections leaves no handle open", async () => {
    await primary.stop();
    // In this time each connection breaks, and its client waits before it tries again.
    await sleep(1_000);
    await worker.close();
    const open = await waitUntilClosed(known, 20_000);
    expect(open.map(({ description }) => description)).to.deep.equal([]);
  });

  it("A worker replaces connections that went silent", async () => {
    await enqueue("before");
    await applied("before", 20_000);
    proxy.silenceOpenConnections();
    await enqueue("after the silence");
    await applied("after the silence", 60_000);
  });
});

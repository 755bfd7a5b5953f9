import { expect } from "chai";

import { boot, type Platform } from "../core/boot.ts";
import { openQueueStore, type QueueStore, type WakeUpQueue } from "../core/jobs/queue_store.ts";
import { startSchedules } from "./schedules.ts";
import { eventually, onBothStores, startTestPlatform, type TestPlatform } from "./testing/platform.ts";

onBothStores("a schedule by cron", (store) => {
  let platform: TestPlatform;
  let booted: Platform;
  let queues: QueueStore;
  let queue: WakeUpQueue;
  before(async () => {
    platform = await startTestPlatform({ store, worker: false });
    booted = await boot("test", platform.variables);
    queues = openQueueStore({
      redisUrl: platform.redis?.url,
      databaseUrl: platform.databaseUrl,
      secret: booted.env.SECRET_KEY,
      onError: () => undefined,
    });
    queue = queues.queue("keyrack-cron-test");
  });
  after(async () => {
    await queue.close();
    await queues.close();
    await booted.close();
    await platform.close();
  });

  it("is registered once for the next time of the day in UTC, however often workers start", async () => {
    type Scheduler = { next?: number };
    const registered = queue as unknown as {
      getJobSchedulers(): Promise<Scheduler[]>;
      getDelayedCount(): Promise<number>;
    };
    const schedule = { name: "night", cron: "17 3 * * *", run: () => Promise.resolve() };
    for (let start = 0; start < 2; start += 1) {
      await startSchedules(new Map([["test", queue]]), [{ pluginId: "test", schedule }], booted.log).close();
    }
    const [scheduler] = await eventually(async () => {
      const found = await registered.getJobSchedulers();
      return found.length > 0 ? found : undefined;
    });
    expect(new Date(scheduler?.next ?? 0).toISOString()).to.match(/T03:17:00\.000Z$/);
    expect((scheduler?.next ?? 0) - Date.now()).to.be.within(0, 86_400_000);
    expect(await registered.getDelayedCount()).to.equal(1);
  });
});

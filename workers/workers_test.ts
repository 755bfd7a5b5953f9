import { expect } from "chai";
import { spawn, type ChildProcess } from "node:child_process";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { boot } from "../core/boot.ts";
import { newId } from "../core/values/ids.ts";
import { work } from "./main.ts";
import { createRunner } from "./runner.ts";
import {
  eventually,
  fixturePlugins,
  onBothStores,
  startTestPlatform,
  type TestPlatform,
  withWorker,
} from "../testing/mod.ts";

onBothStores("The workers", (store) => {
  let platform: TestPlatform;
  const children: ChildProcess[] = [];
  before(async () => {
    platform = await startTestPlatform({ store, worker: false, variables: { PLUGIN_PATH: fixturePlugins } });
  });
  after(async () => {
    for (const child of children) child.kill("SIGKILL");
    await platform.close();
  });

  const enqueue = async (job: string, body: Record<string, unknown>): Promise<string> => {
    const answer = await platform.client.post(`/probe/${job}`, body);
    expect(answer.status).to.equal(202);
    return answer.body.job_id as string;
  };
  const effects = async (label: string): Promise<number> => {
    const rows = await platform.owner("probe.effects").where({ label });
    return rows.length;
  };
  const jobRow = (jobId: string) =>
    platform.owner("core.outbox").where({ job_id: jobId }).first<Record<string, unknown> | undefined>();
  const done = (jobId: string, ms?: number) =>
    eventually(async () => ((await jobRow(jobId)) === undefined ? true : undefined), ms);

  /** Starts a worker in its own process, for a test that kills it. */
  const startWorkerProcess = async (): Promise<ChildProcess> => {
    const main = path.join(import.meta.dirname, "main.ts");
    const env = { PATH: process.env["PATH"], ...platform.variables };
    const child = spawn(process.execPath, ["--import", "tsx", main], {
      env,
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    children.push(child);
    await new Promise((resolve, reject) => {
      child.once("message", resolve);
      child.once("exit", () => reject(new Error("The worker did not start.")));
    });
    return child;
  };

  it("A worker that starts does the waiting jobs, and a new job without the relay's sweep", async () => {
    const early = await enqueue("note", { label: "early" });
    await withWorker(platform, async () => {
      await done(early);
      const label = `quick ${store}`;
      // The first jobs open the connections.
      for (let round = 0; round < 5; round += 1) await done(await enqueue("note", { label: "warm" }));
      const jobId = await enqueue("note", { label });
      await done(jobId);
      const { rows } = (await platform.owner.raw("SELECT at FROM probe.effects WHERE label = ?", [label])) as {
        rows: { at: Date }[];
      };
      const bornAt = Number.parseInt(jobId.replaceAll("-", "").slice(0, 12), 16);
      // The sweep runs each second. Without it a job waits about 10 ms (`npm run bench:webhook`).
      expect((rows[0]?.at.getTime() ?? 0) - bornAt).to.be.lessThan(900);
    });
  });

  it("A job runs once, although the queue wakes the worker ten times for it", async () => {
    const jobId = await enqueue("note", { label: "once" });
    await withWorker(platform, async () => {
      for (let round = 0; round < 10; round += 1) {
        await platform.owner("core.outbox").where({ job_id: jobId }).update({ queued_at: null, attempts: round });
        await sleep(10);
      }
      await done(jobId);
    });
    expect(await effects("once")).to.equal(1);
  });

  it("An entry with another job or tenant does not run a job, and the right entry does", async () => {
    const jobId = await enqueue("note", { label: "addressed" });
    const process = await boot("worker", platform.variables);
    try {
      const runner = createRunner({
        knex: process.knex,
        log: process.log,
        pluginId: "probe",
        handlers: new Map(process.jobs.map(({ handler }) => [handler.job.name, handler])),
        schedules: new Map(),
        signal: new AbortController().signal,
      });
      const before = await jobRow(jobId);
      const tenant = newId();
      await runner("probe.stretch", { job_id: jobId, tenant_id: null });
      await runner("probe.note", { job_id: jobId, tenant_id: tenant });
      await runner("probe.stretch", { job_id: jobId, tenant_id: tenant });
      await runner("probe.unheard-of", { job_id: jobId, tenant_id: null });
      expect(await jobRow(jobId)).to.deep.equal(before);
      expect(await effects("addressed")).to.equal(0);
      await runner("probe.note", { job_id: jobId, tenant_id: null });
      expect(await jobRow(jobId)).to.equal(undefined);
      expect(await effects("addressed")).to.equal(1);
    } finally {
      await process.close();
    }
  });

  it("A failed attempt leaves no effect, and the next one succeeds", async () => {
    await withWorker(platform, async () => {
      const jobId = await enqueue("note", { label: "second try", failures: 1 });
      await done(jobId);
    });
    expect(await effects("second try")).to.equal(1);
  });

  it("A job that failed its last attempt is dead and keeps its error", async () => {
    await withWorker(platform, async () => {
      const jobId = await enqueue("note", { label: "never", failures: 99 });
      const dead = await eventually(async () => {
        const row = await jobRow(jobId);
        return row?.["dead_at"] instanceof Date ? row : undefined;
      });
      expect(dead["failures"]).to.equal(3);
      expect(dead["last_error"]).to.match(/Attempt 3 fails on demand/);
      expect(await effects("never")).to.equal(0);
    });
  });

  it("The plugin of a long job is called when the job is dead", async () => {
    await withWorker(platform, async () => {
      await enqueue("stretch", { label: "long", failures: 99 });
      await eventually(async () => ((await effects("long is dead")) === 1 ? true : undefined));
    });
  });

  it("A worker that stops gives a long job back, and the next worker does it immediately", async () => {
    const jobId = await enqueue("stretch", { label: "handed over", ms: 3000 });
    const first = await work(await boot("worker", platform.variables));
    await eventually(async () => ((await jobRow(jobId))?.["lease_until"] instanceof Date ? true : undefined));
    const stopping = performance.now();
    await first.close();
    expect(performance.now() - stopping).to.be.lessThan(2500);
    expect((await jobRow(jobId))?.["failures"]).to.equal(0);
    await withWorker(platform, () => done(jobId, 8000).then(() => undefined));
    expect(await effects("handed over")).to.equal(1);
  }).timeout(30_000);

  it("A worker takes over the job of a worker that was killed", async () => {
    const victim = await startWorkerProcess();
    const jobId = await enqueue("stretch", { label: "survivor", ms: 2000 });
    await eventually(async () => ((await jobRow(jobId))?.["lease_until"] instanceof Date ? true : undefined));
    victim.kill("SIGKILL");
    await withWorker(platform, () => done(jobId, 25_000).then(() => undefined));
    expect(await effects("survivor")).to.equal(1);
  }).timeout(60_000);

  it("Two workers run a schedule once at each of its times", async () => {
    await platform.owner("probe.effects").where({ label: "tick" }).delete();
    const second = await work(await boot("worker", platform.variables));
    try {
      await withWorker(platform, async () => {
        await eventually(async () => ((await effects("tick")) >= 12 ? true : undefined), 30_000);
        const { rows } = (await platform.owner.raw(
          `SELECT extract(epoch FROM max(at) - min(at))::float / (count(*) - 1) AS gap
           FROM probe.effects WHERE label = 'tick'`,
        )) as { rows: { gap: number }[] };
        expect(rows[0]?.gap).to.be.greaterThan(0.35);
      });
    } finally {
      await second.close();
    }
  }).timeout(60_000);

  if (store === "redis") {
    it("The workers do every job although Redis is emptied three times", async () => {
      await withWorker(platform, async () => {
        const ids: string[] = [];
        for (let round = 0; round < 3; round += 1) {
          for (let job = 0; job < 20; job += 1) ids.push(await enqueue("note", { label: "flushed" }));
          await platform.redis?.flush();
        }
        // The sweep queues lost entries again after 30 s. The test moves the rows' times back instead of waiting.
        await sleep(500);
        await platform.owner("core.outbox").update({
          queued_at: platform.owner.raw("now() - interval '1 hour'"),
          run_at: platform.owner.raw("now() - interval '1 hour'"),
        });
        for (const id of ids) await done(id);
        expect(await effects("flushed")).to.equal(60);
      });
    }).timeout(40_000);
  }
});

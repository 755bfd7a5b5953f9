import { expect } from "chai";

import { boot, type Platform } from "../core/boot.ts";
import { runTransaction } from "../core/db/database.ts";
import { newId } from "../core/values/ids.ts";
import { coreRole } from "../core/db/role_names.ts";
import { failJob } from "./lease.ts";
import { fixturePlugins, startTestPlatform, type TestPlatform } from "../testing/platform.ts";

describe("A failed job", () => {
  let platform: TestPlatform;
  let booted: Platform;
  before(async () => {
    platform = await startTestPlatform({ worker: false, variables: { PLUGIN_PATH: fixturePlugins } });
    booted = await boot("test", platform.variables);
  });
  after(async () => {
    await booted.close();
    await platform.close();
  });

  /** Fails jobs for the nth time. @returns the seconds until the next attempt of each */
  const measureDelays = async (failures: number, count: number): Promise<number[]> => {
    const jobs = Array.from({ length: count }, () => ({ job_id: newId(), job: "probe.note", payload: "{}", failures }));
    await platform.owner("core.outbox").insert(jobs);
    const seconds: number[] = [];
    for (const { job_id } of jobs) {
      const row = { job_id, job: "probe.note", payload: {}, attempts: 0, failures };
      seconds.push(
        await runTransaction(booted.knex, { role: coreRole }, async (trx) => {
          await failJob(trx, { ...row, error: new Error("again"), mostAttempts: 100 });
          const { rows } = (await trx.raw(
            "SELECT extract(epoch FROM run_at - now())::float AS wait FROM core.outbox WHERE job_id = ?",
            [job_id],
          )) as { rows: [{ wait: number }] };
          return rows[0].wait;
        }),
      );
    }
    return seconds;
  };

  it("The delay doubles after each failure up to ten minutes, and differs between jobs", async () => {
    for (const [failures, base] of [
      [0, 1],
      [1, 2],
      [5, 32],
      [9, 512],
      [20, 600],
      [90, 600],
    ] as const) {
      const seconds = await measureDelays(failures, 12);
      for (const wait of seconds) expect(wait, `after ${failures + 1}`).to.be.within(base * 0.5, base * 1.5);
      expect(new Set(seconds).size).to.be.greaterThan(10);
      expect(Math.max(...seconds) - Math.min(...seconds)).to.be.greaterThan(base * 0.1);
    }
  });
});

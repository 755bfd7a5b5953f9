/** Tests reports under faults: a killed worker, an emptied queue, a full disk. Sizes as in `billing_faults.ts`. */
import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, rmdir } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { processVariables } from "../core/config/env.ts";
import { eventually, onBothStores, startTestPlatform, type TestPlatform } from "../testing/platform.ts";
import { furnishHotel, type FurnishedHotel } from "../plugins/pms/testing/hotel.ts";
import { addManyBookings } from "../plugins/reporting/testing/bookings.ts";
import { Child } from "./child.ts";

const full = processVariables()["FAULTS"] === "full";
const rows = full ? 500_000 : 120_000;
/** A killed worker's lease expires, and the queue announces the job again. */
const takenUpWithinMs = 60_000;

onBothStores(`reports under faults (${full ? "full" : "small"} size)`, (store) => {
  let platform: TestPlatform;
  let hotel: FurnishedHotel;
  let worker: Child;
  let undisturbed: { sha256: string; bytes: number };
  before(async function () {
    this.timeout(240_000);
    platform = await startTestPlatform({ store, worker: false });
    hotel = await furnishHotel(platform.client);
    await addManyBookings(platform.owner, hotel, rows);
    worker = newWorker();
    await worker.start();
    undisturbed = await over(await ask());
  });
  after(async () => {
    await worker.kill();
    await platform.close();
  });

  const newWorker = (more: Readonly<Record<string, string>> = {}): Child =>
    new Child("workers/main.ts", {
      PATH: processVariables()["PATH"] ?? "",
      ...platform.variables,
      PLUGINS: "reporting",
      ...more,
    });
  const call = () => ({ token: hotel.managerToken });
  let asked = 0;
  /** Each report has another range with all rows, so that no two are equal. */
  const ask = async (): Promise<string> => {
    asked += 1;
    const from = new Date(Date.UTC(2020, 0, asked)).toISOString().slice(0, 10);
    return (await platform.client.post("/reports/bookings", { from }, call())).body.report_id as string;
  };
  const read = async (id: string) => (await platform.client.get(`/reports/${id}`, call())).body;
  const over = (id: string) =>
    eventually(async () => {
      const report = await read(id);
      return ["queued", "running"].includes(report.status as string) ? undefined : report;
    }, takenUpWithinMs);

  it("A worker is killed at 20, 50 and 80% of a report, and the next one writes equal bytes", async () => {
    const id = await ask();
    for (const share of [0.2, 0.5, 0.8]) {
      await eventually(async () => {
        const { progress, status } = await read(id);
        if (status === "succeeded") throw new Error("It was built before it could be killed.");
        // A small report is done soon, so the worker is killed as soon as it has begun.
        return progress.rows_total !== null && (!full || progress.rows_done >= share * rows) ? true : undefined;
      }, takenUpWithinMs);
      await worker.kill();
      expect((await platform.client.get(`/reports/${id}/download`, call())).status, "half a file").to.equal(409);
      worker = newWorker();
      await worker.start();
    }
    const report = await over(id);
    expect(report).to.include({ status: "succeeded", sha256: undisturbed.sha256, bytes: undisturbed.bytes });
    const file = await platform.client.get(`/reports/${id}/download`, call());
    expect(createHash("sha256").update(file.text).digest("hex")).to.equal(undisturbed.sha256);
    const kept = await readdir(path.join(platform.variables["DATA_DIR"] ?? "", "reporting"));
    expect(
      kept.filter((name) => name.startsWith(id)),
      "files of killed attempts",
    ).to.have.length(1);
  }).timeout(240_000);

  if (store === "redis") {
    it("An emptied Redis during a build stops no build, and the next report is not lost", async () => {
      const id = await ask();
      await eventually(async () => ((await read(id)).progress.rows_total === rows ? true : undefined), takenUpWithinMs);
      await platform.redis?.flush();
      const next = await ask();
      await platform.redis?.flush();
      for (const report of [await over(id), await over(next)])
        expect(report).to.include({ status: "succeeded", sha256: undisturbed.sha256 });
    }).timeout(180_000);
  }

  it("On a full disk ten reports fail with a clear reason and free their space, and the rest works", async function () {
    const folder = await mkdtemp(path.join(os.tmpdir(), "keyrack-small-disk-"));
    const size = full ? "20m" : "3m";
    if (spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder]).status !== 0) {
      await rmdir(folder);
      // The test has no right to mount a file system, so there is no disk to fill.
      return this.skip();
    }
    await worker.kill();
    const cramped = newWorker({ REPORT_STORE: folder });
    try {
      const ids: string[] = [];
      for (let report = 0; report < 10; report += 1) ids.push(await ask());
      // Makes the next attempt the last one. Ten doublings of the delay would take too long.
      await platform.owner.raw("UPDATE core.outbox SET failures = 4 WHERE job = 'reporting.build'");
      await cramped.start();
      for (const id of ids) {
        const report = await over(id);
        expect(["failed", "succeeded"]).to.include(report.status);
        if (report.status === "failed") expect(report.error).to.match(/^The report could not be built/);
      }
      const failed = (await Promise.all(ids.map(read))).filter(({ status }) => status === "failed");
      expect(failed.length, "the disk was full").to.be.greaterThan(0);
      expect(
        (await readdir(folder)).filter((name) => name.endsWith(".part")),
        "drafts left behind",
      ).to.deep.equal([]);
      const today = {
        room_id: hotel.roomIds[0],
        guest: { name: "Ada" },
        check_in_at: hotel.day(0),
        expected_check_out_at: hotel.day(1),
      };
      expect((await platform.client.post("/bookings", today, call())).status, "the desk still works").to.equal(201);
      expect(cramped.unexpectedEnds).to.deep.equal([]);
    } finally {
      await cramped.kill();
      spawnSync("umount", [folder]);
      await rmdir(folder);
      worker = newWorker();
      await worker.start();
    }
    expect((await over(await ask())).status, "with free space again").to.equal("succeeded");
  }).timeout(240_000);
});

import { expect } from "chai";
import type { Readable } from "node:stream";
import { Transform } from "node:stream";

import { boot, type Platform } from "../../../core/boot.ts";
import { databaseFor } from "../../../core/db/database.ts";
import { folderStore } from "../../../core/files/folder_store.ts";
import type { FileStore } from "../../../core/mod.ts";
import { releaseLease, takeLease } from "../../../workers/lease.ts";
import { work, type WorkerProcess } from "../../../workers/main.ts";
import { eventually, onBothStores, startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { furnishHotel, type FurnishedHotel } from "../../pms/testing/hotel.ts";
import { buildHandler } from "./build.ts";
import { addManyBookings, expectedRecords, readCsv, waitForReport } from "../testing/bookings.ts";

const bookings = 40_000;

onBothStores("the building of a report", (store) => {
  let platform: TestPlatform;
  let hotel: FurnishedHotel;
  let workers: WorkerProcess[] = [];
  before(async function () {
    this.timeout(60_000);
    platform = await startTestPlatform({ store, worker: false });
    hotel = await furnishHotel(platform.client);
    await addManyBookings(platform.owner, hotel, bookings);
  });
  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.close()));
    workers = [];
  });
  after(() => platform.close());

  const call = () => ({ token: hotel.managerToken });
  const startWorker = async (variables: Record<string, string> = {}): Promise<WorkerProcess> => {
    const worker = await work(await boot("worker", { ...platform.variables, ...variables }));
    workers.push(worker);
    return worker;
  };
  const ask = async (): Promise<string> => {
    const { body } = await platform.client.post("/reports/bookings", {}, call());
    return body.report_id as string;
  };
  const read = async (id: string) => (await platform.client.get(`/reports/${id}`, call())).body;
  const row = (id: string) => platform.owner("reporting.reports").where({ report_id: id }).first();
  const jobOf = (id: string) =>
    platform.owner("core.outbox").whereRaw("payload ->> 'report_id' = ?", [id]).first<{ job_id: string } | undefined>();

  it("When a worker stops in the middle, the next one builds the report with the same bytes", async () => {
    const id = await ask();
    const first = await startWorker();
    await eventually(async () => ((await read(id)).progress.rows_total === bookings ? true : undefined));
    workers = [];
    await first.close();
    const between = await read(id);
    expect(between).to.include({ status: "queued", bytes: null });
    await startWorker();
    const report = await waitForReport(platform, hotel, id);
    expect(report.progress).to.deep.equal({ rows_done: bookings, rows_total: bookings });
    const undisturbed = await waitForReport(platform, hotel, await ask());
    expect(undisturbed.report_id).not.to.equal(id);
    expect(report.sha256).to.equal(undisturbed.sha256);
    expect((await row(id)).attempt).to.be.greaterThan(1);
    const file = await platform.client.get(`/reports/${id}/download`, call());
    expect(readCsv(file.text)).to.deep.equal(await expectedRecords(platform.owner, hotel.hotelId));
  });

  it("A build stops when its report is canceled, and leaves neither a file nor a job", async () => {
    const id = await ask();
    await startWorker();
    await eventually(async () => ((await read(id)).progress.rows_total === bookings ? true : undefined));
    expect((await platform.client.delete(`/reports/${id}`, call())).status).to.equal(204);
    await eventually(async () => ((await jobOf(id)) === undefined ? true : undefined), 5000);
    expect((await read(id)).status).to.equal("canceled");
  });

  it("A report fails with a message for the manager after its last attempt", async () => {
    const id = await ask();
    await platform.owner("core.outbox").whereRaw("payload ->> 'report_id' = ?", [id]).update({ failures: 4 });
    await startWorker({ REPORT_STORE: "/dev/null/no-folder" });
    const report = await waitForReport(platform, hotel, id);
    expect(report.status).to.equal("failed");
    expect(report.error).to.match(/^The report could not be built/);
    expect(await jobOf(id)).to.include({ failures: 5 });
    expect((await ask()) === id, "a failed one is not the same").to.equal(false);
  });
});

describe("an interrupted build", () => {
  let platform: TestPlatform;
  let process: Platform;
  let hotel: FurnishedHotel;
  before(async function () {
    this.timeout(60_000);
    platform = await startTestPlatform({ worker: false });
    process = await boot("worker", platform.variables);
    hotel = await furnishHotel(platform.client);
    await addManyBookings(platform.owner, hotel, bookings);
  });
  after(async () => {
    await process.close();
    await platform.close();
  });

  const files = (): FileStore => folderStore(`${platform.variables["DATA_DIR"]}/reporting`);
  const call = () => ({ token: hotel.managerToken });
  const row = (id: string) => platform.owner("reporting.reports").where({ report_id: id }).first();

  /** Runs one attempt of the job as the worker would, with another store and another signal. */
  const attemptWith = async (id: string, store: FileStore, signal: AbortSignal): Promise<number> => {
    const { job_id: jobId, job } = await platform
      .owner("core.outbox")
      .whereRaw("payload ->> 'report_id' = ?", [id])
      .first();
    const taken = await takeLease(process.knex, { jobId, job, tenantId: hotel.hotelId });
    if (taken === undefined) throw new Error("Another worker holds the job.");
    const attempt = taken.attempts;
    const handler = buildHandler({
      db: databaseFor(process.knex, "reporting", true),
      files: store,
      log: process.log,
      env: { REPORT_TTL_HOURS: 1, REPORT_STORE: undefined, TRIAL_SCHEDULES: 5, TRIAL_REPORTS_PER_DAY: 200 },
    });
    try {
      await handler.handle({
        jobId,
        payload: { report_id: id },
        attempt,
        tenantId: hotel.hotelId,
        signal,
        finish: async (trx) => {
          const ended = await trx("core.outbox").where({ job_id: jobId, attempts: attempt }).delete();
          if (ended !== 1) throw new Error("Another worker has taken this job over.");
        },
      });
    } finally {
      await releaseLease(process.knex, taken);
    }
    return attempt;
  };

  /** A store that reports the number of bytes so far. */
  const watching = (onBytes: (bytes: number) => Promise<void> | void, onWhole?: () => Promise<void>): FileStore => ({
    ...files(),
    write: async (name: string, content: Readable, signal?: AbortSignal) => {
      let bytes = 0;
      const watch = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          bytes += chunk.length;
          Promise.resolve(onBytes(bytes)).then(() => done(null, chunk), done);
        },
      });
      content.once("error", (error) => watch.destroy(error));
      watch.once("close", () => content.destroy());
      const written = await files().write(name, content.pipe(watch), signal);
      await onWhole?.();
      return written;
    },
  });
  const never = (): AbortSignal => new AbortController().signal;
  const ask = async (): Promise<string> =>
    (await platform.client.post("/reports/bookings", {}, call())).body.report_id as string;

  it("A build that stops early, at any of three points, leaves no download, and the next has equal bytes", async () => {
    const whole = await ask();
    await attemptWith(whole, files(), never());
    const { sha256, bytes, stored_bytes: stored } = await row(whole);
    const id = await ask();
    for (const share of [0.2, 0.5, 0.8]) {
      const stop = new AbortController();
      let seen = 0;
      const store = watching((count) => {
        seen = count;
        if (count > share * Number(stored)) stop.abort(new Error("The worker stops."));
      });
      const error = await attemptWith(id, store, stop.signal).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(Error);
      expect(seen).to.be.within(share * Number(stored), (share + 0.1) * Number(stored));
      expect(await row(id)).to.include({ status: "queued", rows_done: 0, bytes: null });
      expect((await platform.client.get(`/reports/${id}/download`, call())).status).to.equal(409);
    }
    expect(await attemptWith(id, files(), never())).to.equal(4);
    expect(await row(id)).to.include({ status: "succeeded", sha256, bytes, stored_bytes: stored, rows_done: bookings });
  });

  it("A build that stops before publishing its whole file leaves a file that the next attempt removes", async () => {
    const id = await ask();
    const killed = watching(
      () => undefined,
      () => Promise.reject(new Error("killed")),
    );
    await attemptWith(id, killed, never()).catch(() => undefined);
    const { file } = await row(id);
    expect((await files().read(file)).destroy()).not.to.equal(undefined);
    await attemptWith(id, files(), never());
    const left = await files()
      .read(file)
      .catch((error: unknown) => (error as Error).name);
    expect(left).to.equal("FileMissing");
    expect((await row(id)).status).to.equal("succeeded");
  });

  it("A build can't publish after another attempt has taken its job over", async () => {
    const id = await ask();
    let other: Promise<number> | undefined;
    const slow = watching(async () => {
      if (other !== undefined) return;
      // The lease has expired unnoticed, and another worker takes the job during the write.
      await platform.owner("core.outbox").update({ lease_until: new Date(0) });
      other = attemptWith(id, files(), never());
      await other;
    });
    // The build can notice it early or fail at its end. It changes nothing in both cases.
    await attemptWith(id, slow, never()).catch(() => undefined);
    expect(await other).to.equal(2);
    const { file, attempt, status } = await row(id);
    expect({ attempt, status }).to.deep.equal({ attempt: 2, status: "succeeded" });
    (await files().read(file)).destroy();
  });

  it("A canceled build removes its file and ends its job", async () => {
    const id = await ask();
    let canceled = false;
    const store = watching(async () => {
      if (canceled) await new Promise((resolve) => setTimeout(resolve, 20));
      else {
        canceled = true;
        await platform.client.delete(`/reports/${id}`, call());
      }
    });
    await attemptWith(id, store, never());
    const { status, file } = await row(id);
    expect(status).to.equal("canceled");
    const left = await files()
      .read(file)
      .catch((error: unknown) => (error as Error).name);
    expect(left).to.equal("FileMissing");
    expect(await platform.owner("core.outbox").whereRaw("payload ->> 'report_id' = ?", [id])).to.deep.equal([]);
  });

  it("A build reads one snapshot, without the bookings that are made meanwhile", async () => {
    const id = await ask();
    let added = false;
    const store = watching(async () => {
      if (added) return;
      added = true;
      await addManyBookings(platform.owner, hotel, 500);
    });
    await attemptWith(id, store, never());
    expect(await row(id)).to.include({ rows_done: bookings, rows_total: bookings });
  });
});

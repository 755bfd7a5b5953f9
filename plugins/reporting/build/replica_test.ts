/** Reports that are read from a real streaming replica (`REPORTS_DATABASE_URL`). */
import { expect } from "chai";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type Readable, Transform } from "node:stream";
import pg from "pg";

import { boot, type Platform } from "../../../core/boot.ts";
import { databaseFor, sqlStateOf } from "../../../core/db/database.ts";
import { openPool } from "../../../core/db/pool.ts";
import { createReportsDatabase } from "../../../core/db/reports_database.ts";
import { loginRole, urlAs } from "../../../core/db/role_names.ts";
import type { FileStore } from "../../../core/mod.ts";
import { folderStore } from "../../../core/files/folder_store.ts";
import { migrateDatabase } from "../../../core/migrate_database.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../../embedded/mod.ts";
import {
  createTestDatabase,
  eventually,
  startTestPlatform,
  type TestPlatform,
  testSecret,
  withWorker,
} from "#testing/mod.ts";
import { primarySettings, startReplica } from "../../../embedded/testing/replica.ts";
import { releaseLease, takeLease } from "../../../workers/lease.ts";
import { furnishHotel, type FurnishedHotel } from "../../pms/testing/hotel.ts";
import { addBookings, addManyBookings, expectedRecords, readCsv, waitForReport } from "../testing/bookings.ts";
import { buildHandler } from "./build.ts";

/** More bytes than the sockets between the servers and this process can buffer. */
const manyBookings = 60_000;
/** Longer than a machine under load needs. */
const longMs = 120_000;
const settings = { fsync: "off" };

describe("reports from a replica", () => {
  let folder: string;
  let primary: EmbeddedPostgres;
  let replica: EmbeddedPostgres;
  let platform: TestPlatform;
  let hotel: FurnishedHotel;
  let large: FurnishedHotel;

  const openReplica = async (): Promise<void> => {
    replica = await startReplica(path.join(folder, "primary"), primary.url, path.join(folder, "replica"), settings);
  };
  before(async function () {
    this.timeout(120_000);
    folder = await mkdtemp(path.join(os.tmpdir(), "keyrack-replica-"));
    // PostgreSQL runs as another user where the tests run as root.
    await chmod(folder, 0o755);
    primary = await startEmbeddedPostgres({
      dataDir: path.join(folder, "primary"),
      settings: { ...settings, ...primarySettings },
    });
    await migrateDatabase({ DATABASE_URL: primary.url, SECRET_KEY: testSecret, DATA_DIR: folder, LOG_LEVEL: "silent" });
    await openReplica();
    platform = await startTestPlatform({
      databaseUrl: primary.url,
      worker: false,
      variables: { REPORTS_DATABASE_URL: replica.url },
    });
    hotel = await furnishHotel(platform.client);
    large = await furnishHotel(platform.client);
    await addBookings(platform.owner, hotel, [{ guest_name: "Ada" }, { guest_name: "Grace" }]);
    await addManyBookings(platform.owner, large, manyBookings);
  });
  after(async function () {
    this.timeout(60_000);
    await platform.close();
    await replica.stop();
    await primary.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const onReplica = async (sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: replica.url });
    await client.connect();
    await client.query(sql);
    await client.end();
  };
  const ask = async (of: FurnishedHotel): Promise<string> =>
    (await platform.client.post("/reports/bookings", {}, { token: of.managerToken })).body.report_id as string;
  const stream = (of: FurnishedHotel) =>
    platform.client.post("/reports/bookings", {}, { token: of.managerToken, headers: { accept: "text/csv" } });
  const guestsOf = (csv: string): (string | undefined)[] => readCsv(csv).map(({ guest_name: name }) => name);
  const download = async (of: FurnishedHotel, id: string): Promise<string> =>
    (await platform.client.get(`/reports/${id}/download`, { token: of.managerToken })).text;
  const jobOf = (id: string) =>
    platform
      .owner("core.outbox")
      .whereRaw("payload ->> 'report_id' = ?", [id])
      .first<{ job_id: string; job: string; failures: number; attempts: number } | undefined>();
  const faultsOf = async (url: string): Promise<string> => {
    try {
      const booted = await boot("web", { ...platform.variables, REPORTS_DATABASE_URL: url });
      await booted.close();
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };
  const withReplica = async (test: (db: ReturnType<typeof databaseFor>) => Promise<void>): Promise<void> => {
    const pools = [primary, replica].map(({ url }) =>
      openPool({ url: urlAs(url, loginRole, testSecret), max: 2, name: "test" }),
    );
    const [main, other] = pools as [(typeof pools)[0], (typeof pools)[0]];
    try {
      await test(databaseFor(main, "reporting", true, createReportsDatabase(main, other)));
    } finally {
      await Promise.all(pools.map((pool) => pool.destroy()));
    }
  };

  /** Reads again until a slow replica has all changes since `since`. */
  const fresh = <T extends { readonly asOf: Date }>(since: Date, read: () => Promise<T>): Promise<T> =>
    eventually(async () => {
      const answer = await read();
      return answer.asOf >= since ? answer : undefined;
    }, longMs);
  const readStream = async () => {
    const { text, headers } = await stream(hotel);
    return { text, asOf: new Date(headers.get("data-as-of") ?? "") };
  };
  const buildReport = async () => {
    const report = await waitForReport(platform, hotel, await ask(hotel), longMs);
    expect(report.status).to.equal("succeeded");
    return { report, asOf: new Date(report.data_as_of as string) };
  };

  it("A report and a stream have every change that was committed before they were requested", async () => {
    const requested = new Date();
    await withWorker(platform, async () => {
      const { report } = await fresh(requested, buildReport);
      const file = await download(hotel, report.report_id as string);
      expect(readCsv(file)).to.deep.equal(await expectedRecords(platform.owner, hotel.hotelId));
    });
    const { text } = await fresh(requested, readStream);
    expect(guestsOf(text)).to.have.members(["Ada", "Grace"]);
  }).timeout(longMs);

  it("A replica that lags delivers its older rows, and the answer says how old they are", async () => {
    await withWorker(platform, async () => {
      // Both processes have found the replica up to date since their start.
      await fresh(new Date(), buildReport);
      await fresh(new Date(), readStream);
      await onReplica("SELECT pg_wal_replay_pause()");
      const paused = new Date();
      try {
        await addBookings(platform.owner, hotel, [{ guest_name: "Edith" }]);
        const { text, asOf } = await readStream();
        expect(guestsOf(text)).to.have.members(["Ada", "Grace"]);
        expect(asOf).to.be.at.most(paused);
        const built = await buildReport();
        expect(built.report.progress).to.deep.equal({ rows_done: 2, rows_total: 2 });
        expect(built.asOf).to.be.at.most(paused);
      } finally {
        await onReplica("SELECT pg_wal_replay_resume()");
      }
    });
    const later = await fresh(new Date(), readStream);
    expect(guestsOf(later.text)).to.include("Edith");
  }).timeout(longMs);

  it("The replica shows a hotel only its own rows, and only the columns that the manifest names", async () => {
    await withReplica(async (db) => {
      const hotels = (id: string) =>
        db.snapshot(id, async ({ trx }) => {
          const { rows } = await trx.raw<{ rows: { hotel_id: string }[] }>(
            "SELECT DISTINCT hotel_id FROM pms.bookings",
          );
          return rows.map(({ hotel_id: hotelId }) => hotelId);
        });
      expect(await hotels(hotel.hotelId)).to.deep.equal([hotel.hotelId]);
      expect(await hotels(large.hotelId)).to.deep.equal([large.hotelId]);
      const denied = await db
        .snapshot(hotel.hotelId, ({ trx }) => trx.raw("SELECT * FROM identity.users"))
        .catch((error: unknown) => error);
      expect(sqlStateOf(denied)).to.equal("42501");
    });
  });

  it("The replica refuses a write, even if the transaction is switched to read and write", async () => {
    await withReplica(async (db) => {
      const removal = "DELETE FROM reporting.reports";
      const write = await db.snapshot(hotel.hotelId, ({ trx }) => trx.raw(removal)).catch((error: unknown) => error);
      expect(sqlStateOf(write)).to.equal("25006");
      const switched = await db
        .snapshot(hotel.hotelId, async ({ trx }) => {
          await trx.raw("SET TRANSACTION READ WRITE");
          await trx.raw(removal);
        })
        .catch((error: unknown) => error);
      expect((switched as Error).message).to.match(/recovery/);
    });
  });

  /** Runs one attempt of the job as a worker would, with another store. */
  const attempt = async (worker: Platform, id: string, store: FileStore): Promise<unknown> => {
    const row = await jobOf(id);
    if (row === undefined) throw new Error("The report has no job.");
    const taken = await takeLease(worker.knex, { jobId: row.job_id, job: row.job, tenantId: large.hotelId });
    if (taken === undefined) throw new Error("Another worker has the job.");
    const main = createReportsDatabase(
      worker.knex,
      openPool({ url: urlAs(replica.url, loginRole, testSecret), max: 2, name: "test" }),
    );
    try {
      await buildHandler({
        db: databaseFor(worker.knex, "reporting", true, main),
        files: store,
        log: worker.log,
        env: { REPORT_TTL_HOURS: 1, REPORT_STORE: undefined, TRIAL_SCHEDULES: 5, TRIAL_REPORTS_PER_DAY: 200 },
      }).handle({
        jobId: row.job_id,
        payload: { report_id: id },
        attempt: taken.attempts,
        tenantId: large.hotelId,
        signal: new AbortController().signal,
        finish: () => Promise.reject(new Error("The build must not finish.")),
      });
      return undefined;
    } catch (error) {
      return error;
    } finally {
      await main.close();
      await releaseLease(worker.knex, taken);
    }
  };

  it("A replica that stops during a report fails that attempt, and the next one builds the whole report", async () => {
    const id = await ask(large);
    const files = folderStore(`${platform.variables["DATA_DIR"]}/reporting`);
    const store: FileStore = {
      ...files,
      write: async (name: string, content: Readable, signal?: AbortSignal) => {
        let stopping: Promise<void> | undefined;
        const cut = new Transform({
          transform(chunk: Buffer, _encoding, done) {
            stopping ??= replica.stop();
            stopping.then(() => done(null, chunk), done);
          },
        });
        content.once("error", (error) => cut.destroy(error));
        cut.once("close", () => content.destroy());
        return files.write(name, content.pipe(cut), signal);
      },
    };
    const worker = await boot("worker", platform.variables);
    try {
      expect(await attempt(worker, id, store)).to.be.instanceOf(Error);
    } finally {
      await worker.close();
    }
    const between = (await platform.client.get(`/reports/${id}`, { token: large.managerToken })).body;
    expect(between).to.include({ status: "queued", data_as_of: null, download_url: null });
    expect(await jobOf(id)).to.not.equal(undefined);

    // Web and worker start without the replica. A stream is refused, and the report waits in the queue.
    expect(await faultsOf(platform.variables["REPORTS_DATABASE_URL"] ?? "")).to.equal("");
    const refused = await stream(hotel);
    expect([refused.status, refused.body.code]).to.deep.equal([503, "SERVICE_UNAVAILABLE"]);
    await withWorker(platform, async () => {
      const before = (await jobOf(id))?.attempts ?? 0;
      const deferred = await eventually(async () => {
        const job = await jobOf(id);
        return (job?.attempts ?? 0) > before ? job : undefined;
      }, longMs);
      expect(deferred.failures).to.equal(0);
      const { port } = new URL(replica.url);
      replica = await startEmbeddedPostgresAgain(Number(port));
      const report = await eventually(async () => {
        const { body } = await platform.client.get(`/reports/${id}`, { token: large.managerToken });
        return body.status === "succeeded" ? body : undefined;
      }, longMs);
      expect(report.progress).to.deep.equal({ rows_done: manyBookings, rows_total: manyBookings });
    });
    expect(await jobOf(id)).to.equal(undefined);
    expect(readCsv(await download(large, id))).to.have.length(manyBookings);
  }).timeout(180_000);

  const startEmbeddedPostgresAgain = (port: number): Promise<EmbeddedPostgres> =>
    startReplica(path.join(folder, "primary"), primary.url, path.join(folder, "replica"), settings, port);

  it("A boot refuses a malformed URL, another database and another cluster", async () => {
    expect(await faultsOf("mysql://here")).to.match(/REPORTS_DATABASE_URL is not a postgres:\/\/ URL/);
    const otherDatabase = new URL(replica.url);
    otherDatabase.pathname = "/postgres";
    const notReplica = /REPORTS_DATABASE_URL must be a streaming replica of DATABASE_URL/;
    expect(await faultsOf(otherDatabase.href)).to.match(notReplica);
    otherDatabase.pathname = "/missing";
    expect(await faultsOf(otherDatabase.href)).to.match(/REPORTS_DATABASE_URL refuses the login .*"missing"/);
    const other = await createTestDatabase();
    try {
      expect(await faultsOf(other.url)).to.match(notReplica);
    } finally {
      await other.drop();
    }
    expect(await faultsOf(primary.url), "the primary itself").to.equal("");
  });

  it("A replica that was promoted is refused by a running process and by a boot", async () => {
    await onReplica("SELECT pg_promote()");
    const refused = await stream(hotel);
    expect([refused.status, refused.body.code]).to.deep.equal([500, "INTERNAL"]);
    expect(await faultsOf(replica.url)).to.match(/REPORTS_DATABASE_URL was a replica .* has been promoted/);
  });
});

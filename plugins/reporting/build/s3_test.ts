/** Builds and downloads reports with their files in S3, without a shared folder. */
import { expect } from "chai";
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";

import { boot } from "../../../core/boot.ts";
import { startS3, type TestS3 } from "../../../testing/s3/s3.ts";
import { work, type WorkerProcess } from "../../../workers/main.ts";
import { eventually, startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { furnishHotel, type FurnishedHotel } from "../../pms/testing/hotel.ts";
import { addManyBookings, buildBookingsReport, expectedRecords, readCsv, waitForReport } from "../testing/bookings.ts";

/** Two parts of an S3 upload. */
const bookings = 40_000;

describe("reports in S3", () => {
  let s3: TestS3;
  let platform: TestPlatform;
  let worker: WorkerProcess;
  let hotel: FurnishedHotel;
  before(async function () {
    this.timeout(60_000);
    s3 = await startS3();
    platform = await startTestPlatform({ worker: false, variables: s3.variables });
    worker = await work(await boot("worker", platform.variables));
    hotel = await furnishHotel(platform.client);
    await addManyBookings(platform.owner, hotel, bookings);
    // gzip can't make these notes smaller than one part of an upload.
    await platform.owner.raw(
      `UPDATE pms.bookings
       SET notes = (SELECT string_agg(md5(booking_id::text || i), '') FROM generate_series(1, 16) AS i)
       WHERE hotel_id = ?`,
      [hotel.hotelId],
    );
  });
  afterEach(() => {
    s3.trouble = () => undefined;
  });
  after(async () => {
    await worker.close();
    await platform.close();
    await s3.close();
  });

  const call = () => ({ token: hotel.managerToken });
  const download = async (id: unknown): Promise<string> => {
    const { status, text } = await platform.client.get(`/reports/${String(id)}/download`, call());
    expect(status).to.equal(200);
    return text;
  };

  it("A manager creates and downloads a report that a worker builds", async () => {
    s3.requests.length = 0;
    const report = await buildBookingsReport(platform, hotel);
    expect(report.status).to.equal("succeeded");
    const csv = await download(report.report_id);
    const records = readCsv(csv);
    expect(records).to.have.length(bookings);
    // chai needs as long to compare each record as the rest of the test takes.
    const expected = await expectedRecords(platform.owner, hotel.hotelId);
    for (const at of [0, 1, 2, bookings / 2, bookings - 1]) expect(records[at]).to.deep.equal(expected[at]);
    expect(createHash("sha256").update(csv).digest("hex")).to.equal(report.sha256);
    expect(s3.requests.some((request) => request.startsWith(`POST reports/${String(report.report_id)}`))).to.equal(
      true,
    );
    expect(await readdir(platform.variables["DATA_DIR"] as string)).to.not.include("reporting");
    await platform.client.delete(`/reports/${String(report.report_id)}`, call());
    expect((await platform.client.get(`/reports/${String(report.report_id)}/download`, call())).status).to.equal(404);
  }).timeout(60_000);

  it("The next attempt builds a report if S3 was unreachable for longer than all retries of a request", async () => {
    let refused = 0;
    s3.trouble = (request) => {
      if (!/^POST \S+\?uploads$/.test(request) || refused >= 5) return undefined;
      refused += 1;
      return { status: 500, code: "InternalError" };
    };
    const report = await buildBookingsReport(platform, hotel, { by: "departure" });
    expect([report.status, refused]).to.deep.equal(["succeeded", 5]);
    expect(readCsv(await download(report.report_id))).to.have.length(bookings);
    const { attempt } = await platform.owner("reporting.reports").where({ report_id: report.report_id }).first();
    expect(attempt).to.be.greaterThan(1);
    expect(await s3.uploads()).to.deep.equal([]);
  }).timeout(60_000);

  it("A download that breaks on its way from S3 never looks whole", async () => {
    const report = await buildBookingsReport(platform, hotel, { by: "created" });
    s3.trouble = (request) => (request.startsWith("GET") ? { cutAnswerAfter: 1_000_000 } : undefined);
    const url = `${platform.client.url}/reports/${String(report.report_id)}/download`;
    for (const encoding of ["identity", "gzip"]) {
      const headers = { authorization: `Bearer ${hotel.managerToken}`, "accept-encoding": encoding };
      const answer = await fetch(url, { headers });
      const failure = await answer.text().then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure, encoding).to.be.instanceOf(Error);
    }
    s3.trouble = () => undefined;
    expect(readCsv(await download(report.report_id))).to.have.length(bookings);
  }).timeout(60_000);

  it("While S3 is unreachable, a download answers 503 and a report can be deleted", async () => {
    const report = await buildBookingsReport(platform, hotel, { from: "2030-01-01", to: "2030-01-02" });
    const path = `/reports/${String(report.report_id)}`;
    s3.trouble = () => ({ status: 503, code: "SlowDown" });
    const away = await platform.client.get(`${path}/download`, call());
    expect([away.status, away.body.code]).to.deep.equal([503, "SERVICE_UNAVAILABLE"]);
    expect(away.headers.get("retry-after")).to.equal("1");
    expect((await platform.client.delete(path, call())).status).to.equal(204);
    expect((await platform.client.get(path, call())).status).to.equal(404);
    s3.trouble = () => undefined;
    const rows = platform.owner("reporting.reports").where({ report_id: report.report_id });
    expect(await rows.clone(), "until the sweep").to.have.length(1);
    const sweeper = await boot("worker", platform.variables);
    try {
      const sweep = sweeper.schedules.find(({ schedule: { name } }) => name === "expire");
      await sweep?.schedule.run(new AbortController().signal);
    } finally {
      await sweeper.close();
    }
    expect(await rows.clone()).to.deep.equal([]);
    expect(s3.requests.some((request) => request.startsWith(`DELETE reports/${String(report.report_id)}`))).to.equal(
      true,
    );
  }).timeout(60_000);

  it("A worker that stops in the middle leaves nothing in S3, and the next one finishes the report", async () => {
    const { body } = await platform.client.post("/reports/bookings", { status: ["confirmed"] }, call());
    s3.trouble = (request) => (request.endsWith("?partNumber=2") ? "never answer" : undefined);
    await eventually(async () => (s3.requests.at(-1)?.endsWith("?partNumber=2") === true ? true : undefined));
    const stopping = Date.now();
    await worker.close();
    expect(Date.now() - stopping).to.be.lessThan(3000);
    expect(await s3.uploads()).to.deep.equal([]);
    s3.trouble = () => undefined;
    worker = await work(await boot("worker", platform.variables));
    const report = await waitForReport(platform, hotel, body.report_id as string);
    expect(report.status).to.equal("succeeded");
    expect(readCsv(await download(report.report_id))).to.have.length(bookings);
  }).timeout(60_000);
});

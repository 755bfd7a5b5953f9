import { expect } from "chai";
import { Readable } from "node:stream";

import { boot } from "../../../core/boot.ts";
import { folderStore } from "../../../core/files/folder_store.ts";
import { FileMissing, newId } from "../../../core/mod.ts";
import { signUpHotel, startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { furnishHotel, type FurnishedHotel } from "../../pms/testing/hotel.ts";
import { mostOpenReports } from "./request_report.ts";
import { addManyBookings, expectedRecords, readCsv } from "../testing/bookings.ts";

describe("requests for reports, while no worker runs", () => {
  let platform: TestPlatform;
  let hotel: FurnishedHotel;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  beforeEach(async () => {
    hotel = await furnishHotel(platform.client);
  });
  after(() => platform.close());

  const call = () => ({ token: hotel.managerToken });
  const ask = (request: Record<string, unknown> = {}) => platform.client.post("/reports/bookings", request, call());
  const rowsOf = (hotelId: string) => platform.owner("reporting.reports").where({ hotel_id: hotelId });
  const jobsOf = (hotelId: string) => platform.owner("core.outbox").where({ tenant_id: hotelId });

  it("Concurrent equal requests get one report, however they are spelled", async () => {
    const same = [
      { from: "2026-01-01", status: ["no_show", "canceled"] },
      { by: "arrival", status: ["canceled", "no_show", "canceled"], from: "2026-01-01" },
    ];
    const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => ask(same[at % 2])));
    expect(answers.map(({ status }) => status)).to.deep.equal(answers.map(() => 202));
    expect(new Set(answers.map(({ body }) => body.report_id)).size).to.equal(1);
    expect(await rowsOf(hotel.hotelId)).to.have.length(1);
    expect(await jobsOf(hotel.hotelId)).to.have.length(1);
    expect((await ask({ from: "2026-01-02" })).body.report_id).not.to.equal(answers[0]?.body.report_id);
  });

  it("A request is refused if too many reports are unfinished", async () => {
    const answers = await Promise.all(
      Array.from({ length: mostOpenReports + 5 }, (_, at) =>
        ask({ from: `2026-01-${String(at + 1).padStart(2, "0")}` }),
      ),
    );
    const refused = answers.filter(({ status }) => status !== 202);
    expect(refused).to.have.length(5);
    for (const { status, body, headers } of refused) {
      expect([status, body.code, headers.get("retry-after")]).to.deep.equal([429, "TOO_MANY_REPORTS", "10"]);
    }
    expect(await rowsOf(hotel.hotelId)).to.have.length(mostOpenReports);
  });

  it("A repeated Idempotency-Key gets the same answer", async () => {
    const headers = { "idempotency-key": newId() };
    const first = await platform.client.post("/reports/bookings", {}, { ...call(), headers });
    await platform.client.delete(first.headers.get("location") ?? "", call());
    const again = await platform.client.post("/reports/bookings/", {}, { ...call(), headers });
    expect(again.body).to.deep.equal(first.body);
    expect(await rowsOf(hotel.hotelId)).to.have.length(1);
  });

  it("An unfinished report answers 409 to a download", async () => {
    const { body: report } = await ask();
    const early = await platform.client.get(`/reports/${report.report_id}/download`, call());
    expect([early.status, early.body.code, early.body.report_status]).to.deep.equal([
      409,
      "REPORT_NOT_READY",
      "queued",
    ]);
    expect(early.headers.get("retry-after")).to.equal("1");
  });

  it("Another hotel's report answers 404", async () => {
    const { body: report } = await ask();
    const other = { token: (await signUpHotel(platform.client)).managerToken };
    for (const path of [`/reports/${report.report_id}`, `/reports/${report.report_id}/download`]) {
      expect((await platform.client.get(path, other)).status, path).to.equal(404);
    }
    expect((await platform.client.delete(`/reports/${report.report_id}`, other)).status).to.equal(404);
    expect((await platform.client.get("/reports/", other)).body.items).to.deep.equal([]);
    expect((await platform.client.get(`/reports/${report.report_id}`, call())).body.status).to.equal("queued");
  });

  it("Only managers can use reports", async () => {
    const { body: report } = await ask();
    const desk = { token: hotel.receptionistToken };
    const answers = await Promise.all([
      platform.client.post("/reports/bookings", {}, desk),
      platform.client.get("/reports/", desk),
      platform.client.get(`/reports/${report.report_id}`, desk),
      platform.client.get(`/reports/${report.report_id}/download`, desk),
      platform.client.delete(`/reports/${report.report_id}`, desk),
    ]);
    expect(answers.map(({ status }) => status)).to.deep.equal([403, 403, 403, 403, 403]);
    expect((await platform.client.get("/reports/")).status).to.equal(401);
  });

  it("An unfinished report is canceled and then deleted, if If-Match matches", async () => {
    const { body: report } = await ask();
    const path = `/reports/${report.report_id}`;
    const stale = await platform.client.delete(path, { ...call(), headers: { "if-match": '"0"' } });
    expect([stale.status, stale.body.code]).to.deep.equal([412, "PRECONDITION_FAILED"]);
    const read = await platform.client.get(path, call());
    const headers = { "if-match": read.headers.get("etag") ?? "" };
    expect((await platform.client.delete(path, { ...call(), headers })).status).to.equal(204);
    expect((await platform.client.get(path, call())).body.status).to.equal("canceled");
    expect((await platform.client.get(`${path}/download`, call())).body.code).to.equal("REPORT_NOT_READY");
    expect((await ask()).body.report_id, "a canceled one is not the same").not.to.equal(report.report_id);
    expect((await platform.client.delete(path, call())).status).to.equal(204);
    expect((await platform.client.get(path, call())).status).to.equal(404);
  });

  it("The list is paged, the latest report first", async () => {
    const ids: string[] = [];
    for (const from of ["2026-01-01", "2026-01-02", "2026-01-03"]) ids.unshift((await ask({ from })).body.report_id);
    const first = await platform.client.get("/reports?limit=2", call());
    const second = await platform.client.get(`/reports?limit=2&cursor=${first.body.next_cursor}`, call());
    const listed = [...first.body.items, ...second.body.items].map((item: { report_id: string }) => item.report_id);
    expect(listed).to.deep.equal(ids);
    expect(second.body.next_cursor).to.equal(null);
  });

  it("An invalid request answers 400 with pointers", async () => {
    const answer = await ask({ from: "2026-13-01", status: ["gone"], columns: ["password"], by: "x", extra: 1 });
    expect([answer.status, answer.body.code]).to.deep.equal([400, "VALIDATION_FAILED"]);
    const pointers = answer.body.errors.map((error: { pointer: string }) => error.pointer);
    expect(pointers).to.have.members(["/from", "/by", "/status/0", "/columns/0", "/extra"]);
    const reversed = await ask({ from: "2026-02-01", to: "2026-01-01" });
    expect(reversed.body.errors).to.deep.equal([{ in: "body", pointer: "/to", detail: "must not be before from" }]);
  });

  it("A request for text/csv gets the rows at once and creates no report", async () => {
    await addManyBookings(platform.owner, hotel, 5000);
    const headers = { accept: "text/csv", "idempotency-key": newId() };
    const answer = await platform.client.post("/reports/bookings", {}, { ...call(), headers });
    expect([answer.status, answer.headers.get("content-type")]).to.deep.equal([
      200,
      "text/csv; charset=utf-8; header=present",
    ]);
    expect(readCsv(answer.text)).to.deep.equal(await expectedRecords(platform.owner, hotel.hotelId));
    expect(await rowsOf(hotel.hotelId)).to.deep.equal([]);
    const again = await platform.client.post("/reports/bookings", {}, { ...call(), headers });
    expect([again.status, again.text === answer.text]).to.deep.equal([200, true]);
  });

  it("A request for text/csv frees its connection when the client disconnects", async () => {
    await addManyBookings(platform.owner, hotel, 60_000);
    const init = {
      method: "POST",
      headers: {
        authorization: `Bearer ${hotel.managerToken}`,
        "content-type": "application/json",
        accept: "text/csv",
      },
      body: "{}",
    };
    for (let turn = 0; turn < 4; turn += 1) {
      const hangUp = new AbortController();
      const response = await fetch(`${platform.client.url}/reports/bookings`, { ...init, signal: hangUp.signal });
      expect(response.status).to.equal(200);
      await response.body?.getReader().read();
      hangUp.abort();
      // Only two streams run at a time. A stream that never ends would make a later request answer 429.
      await untilNoCopyRuns(platform);
    }
  });

  it("An expired report loses its file at its time, and its row later", async () => {
    const files = folderStore(`${platform.variables["DATA_DIR"]}/reporting`);
    const worker = await boot("worker", platform.variables);
    try {
      const { body: report } = await ask();
      const { body: canceled } = await ask({ from: "2026-01-01" });
      await platform.client.delete(`/reports/${canceled.report_id}`, call());
      const name = `${report.report_id}-1.csv`;
      await files.write(name, Readable.from([Buffer.from("booking_id\r\n")]));
      const ended = {
        status: "succeeded",
        file: name,
        bytes: 12,
        sha256: "00",
        rows_total: 0,
        finished_at: new Date(),
      };
      const row = rowsOf(hotel.hotelId).where({ report_id: report.report_id });
      await row.clone().update({ ...ended, expires_at: new Date(Date.now() + 60_000) });
      const sweep = worker.schedules.find(({ pluginId }) => pluginId === "reporting")?.schedule;
      const path = `/reports/${report.report_id}`;

      await sweep?.run(new AbortController().signal);
      expect((await platform.client.get(`${path}/download`, call())).text).to.equal("booking_id\r\n");

      await row.clone().update({ expires_at: new Date() });
      expect((await platform.client.get(path, call())).body.status, "before the sweep").to.equal("expired");
      await sweep?.run(new AbortController().signal);
      const gone = await platform.client.get(`${path}/download`, call());
      expect([gone.status, gone.body.code]).to.deep.equal([410, "REPORT_EXPIRED"]);
      expect((await row.clone().first()).status).to.equal("expired");
      const missing = await files.read(name).catch((error: unknown) => error);
      expect(missing).to.be.instanceOf(FileMissing);

      await row.clone().update({ expires_at: new Date(Date.now() - 169 * 3_600_000) });
      await sweep?.run(new AbortController().signal);
      expect((await platform.client.get(path, call())).status).to.equal(404);
      expect((await platform.client.get(`/reports/${canceled.report_id}`, call())).body.status).to.equal("canceled");
    } finally {
      await worker.close();
    }
  });
});

async function untilNoCopyRuns({ owner }: TestPlatform): Promise<void> {
  for (let look = 0; look < 200; look += 1) {
    const { rows } = (await owner.raw(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY %' AND state <> 'idle'`,
    )) as { rows: unknown[] };
    if (rows.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("A COPY still runs.");
}

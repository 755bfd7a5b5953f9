import { expect } from "chai";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, truncate } from "node:fs/promises";
import { request } from "node:http";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { furnishHotel, type FurnishedHotel } from "../../pms/testing/hotel.ts";
import { addManyBookings, buildBookingsReport } from "../testing/bookings.ts";

const run = promisify(execFile);

describe("the download of a report", () => {
  let platform: TestPlatform;
  let hotel: FurnishedHotel;
  let report: { report_id: string; bytes: number; sha256: string };
  before(async function () {
    this.timeout(60_000);
    platform = await startTestPlatform();
    hotel = await furnishHotel(platform.client);
    await addManyBookings(platform.owner, hotel, 5000);
    report = await buildBookingsReport(platform, hotel);
  });
  after(() => platform.close());

  interface Raw {
    readonly status: number;
    readonly headers: Readonly<Record<string, string | string[] | undefined>>;
    readonly body: Buffer;
  }
  /** Reads the bytes as they are sent: fetch would decompress them. */
  const get = (headers: Record<string, string> = {}, method = "GET"): Promise<Raw> =>
    new Promise((resolve, reject) => {
      const url = `${platform.client.url}/reports/${report.report_id}/download`;
      const all = { authorization: `Bearer ${hotel.managerToken}`, ...headers };
      request(url, { method, headers: all }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        );
      })
        .on("error", reject)
        .end();
    });

  it("The file has its length, its name and the hash of its content, plain and as gzip", async () => {
    const plain = await get();
    expect(plain.status).to.equal(200);
    expect(plain.body.length).to.equal(report.bytes);
    expect(createHash("sha256").update(plain.body).digest("hex")).to.equal(report.sha256);
    expect(plain.headers).to.include({
      "content-length": String(report.bytes),
      etag: `"${report.sha256}"`,
      "accept-ranges": "bytes",
    });
    expect(plain.headers["content-disposition"]).to.match(/^attachment; filename="bookings-[\w-]+\.csv"$/);
    const packed = await get({ "accept-encoding": "gzip" });
    expect(packed.headers).to.include({
      "content-encoding": "gzip",
      "content-length": String(packed.body.length),
      etag: `"${report.sha256}-gzip"`,
    });
    expect(gunzipSync(packed.body).equals(plain.body)).to.equal(true);
    expect(packed.body.length).to.be.lessThan(plain.body.length / 3);
  });

  it("HEAD answers the same headers, and a client that has the file gets 304", async () => {
    const [whole, head] = [await get(), await get({}, "HEAD")];
    expect(head.status).to.equal(200);
    expect(head.body.length).to.equal(0);
    for (const name of ["content-length", "etag", "content-type", "content-disposition"])
      expect(head.headers[name], name).to.equal(whole.headers[name]);
    const tag = `"${report.sha256}"`;
    for (const tags of [tag, `"other", ${tag}`, `"other",${tag} ,"more"`, `W/${tag}`, `W/"other", W/${tag}`, "*"]) {
      const known = await get({ "if-none-match": tags, "cache-control": "no-cache" });
      expect([known.status, known.body.length], tags).to.deep.equal([304, 0]);
    }
    for (const tags of ['"other"', 'W/"other"', report.sha256, `"${report.sha256}-gzip"`, `w/${tag}`]) {
      const unknown = await get({ "if-none-match": tags }, "HEAD");
      expect(unknown.status, tags).to.equal(200);
    }
    for (const range of ["bytes=0-9", `bytes=${report.bytes}-`]) {
      const part = await get({ range }, "HEAD");
      expect([part.status, part.headers["content-length"]], range).to.deep.equal([200, String(report.bytes)]);
    }
  });

  it("A client gets every requested range, plain and as gzip", async () => {
    for (const encoding of ["identity", "gzip"]) {
      const whole = (await get({ "accept-encoding": encoding })).body;
      for (const [start, end] of [
        [0, 0],
        [1, 70_000],
        [whole.length - 10, whole.length - 1],
      ] as const) {
        const part = await get({ "accept-encoding": encoding, range: `bytes=${start}-${end}` });
        const bytes = Math.min(end, whole.length - 1) - start + 1;
        expect(part.status).to.equal(206);
        expect(part.headers).to.include({
          "content-length": String(bytes),
          "content-range": `bytes ${start}-${start + bytes - 1}/${whole.length}`,
        });
        expect(part.body.equals(whole.subarray(start, start + bytes)), `${encoding} ${start}-${end}`).to.equal(true);
      }
    }
    const beyond = await get({ range: `bytes=${report.bytes}-` });
    expect([beyond.status, beyond.headers["content-range"]]).to.deep.equal([416, `bytes */${report.bytes}`]);
    const other = await get({ range: "bytes=5-9", "if-range": '"of another file"' });
    expect([other.status, other.body.length]).to.deep.equal([200, report.bytes]);
  });

  it("An interrupted download is resumed by curl", async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "keyrack-resume-"));
    try {
      const file = path.join(folder, "report.csv");
      const args = ["-sf", "-H", `Authorization: Bearer ${hotel.managerToken}`, "-C", "-", "-o", file];
      const url = `${platform.client.url}/reports/${report.report_id}/download`;
      await run("curl", [...args, url]);
      await truncate(file, Math.floor(report.bytes / 3));
      await run("curl", [...args, url]);
      expect(
        createHash("sha256")
          .update(await readFile(file))
          .digest("hex"),
      ).to.equal(report.sha256);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("Every client that disconnects closes its file", async () => {
    for (let round = 0; round < 30; round += 1) {
      const aborting = new AbortController();
      const answer = await fetch(`${platform.client.url}/reports/${report.report_id}/download`, {
        headers: {
          authorization: `Bearer ${hotel.managerToken}`,
          "accept-encoding": round % 2 === 0 ? "gzip" : "identity",
        },
        signal: aborting.signal,
      });
      await answer.body?.getReader().read();
      aborting.abort();
    }
    expect((await get()).body.length).to.equal(report.bytes);
  });

  it("The events push the progress until the report is finished", async () => {
    const asked = await platform.client.post("/reports/bookings", { by: "departure" }, { token: hotel.managerToken });
    const answer = await fetch(`${platform.client.url}/reports/${asked.body.report_id}/events`, {
      headers: { authorization: `Bearer ${hotel.managerToken}` },
    });
    expect(answer.headers.get("content-type")).to.match(/^text\/event-stream/);
    const events = (await answer.text()).split("\n\n").filter((event) => event.includes("event: report"));
    const reports = events.map((event) => JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? "") as { status: string });
    expect(reports.at(-1)).to.deep.include({ status: "succeeded", report_id: asked.body.report_id });
    expect(["queued", "running", "succeeded"]).to.include(reports[0]?.status);
    const again = await fetch(`${platform.client.url}/reports/${asked.body.report_id}/events`, {
      headers: { authorization: `Bearer ${hotel.managerToken}` },
    });
    expect((await again.text()).match(/event: report/g)).to.have.length(1);
  });
});

import { expect } from "chai";
import fc from "fast-check";
import { createHash } from "node:crypto";

import { onBothStores, startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { furnishHotel, type FurnishedHotel } from "../pms/testing/hotel.ts";
import { addBookings, addManyBookings, buildBookingsReport, expectedRecords, readCsv } from "./testing/bookings.ts";

onBothStores("reports", (store) => {
  let platform: TestPlatform;
  let hotel: FurnishedHotel;
  before(async () => {
    platform = await startTestPlatform({ store });
    hotel = await furnishHotel(platform.client, { rooms: 3 });
    for (const room of [0, 1, 2]) {
      const booked = await platform.client.post(
        "/bookings/",
        {
          room_id: hotel.roomIds[room],
          guest: { name: `=HYPERLINK("http://x","Guest ${room}")` },
          check_in_at: hotel.day(room),
          expected_check_out_at: hotel.day(room + 2),
        },
        { token: hotel.receptionistToken },
      );
      expect(booked.status, booked.text).to.equal(201);
    }
  });
  after(() => platform.close());

  const call = () => ({ token: hotel.managerToken });
  const download = (id: string) => platform.client.get(`/reports/${id}/download`, call());

  it("A manager creates, watches and downloads a report that equals the database", async () => {
    const asked = await platform.client.post("/reports/bookings", {}, call());
    expect(asked.status, asked.text).to.equal(202);
    expect(asked.headers.get("location")).to.equal(`/reports/${asked.body.report_id}`);
    expect(asked.body).to.include({ kind: "bookings", status: "queued" });
    expect(asked.body.progress).to.deep.equal({ rows_done: 0, rows_total: null });
    const report = await buildBookingsReport(platform, hotel);
    expect(report.status).to.equal("succeeded");
    expect(report.progress).to.deep.equal({ rows_done: 3, rows_total: 3 });
    const file = await download(report.report_id);
    expect(file.status).to.equal(200);
    expect(readCsv(file.text)).to.deep.equal(await expectedRecords(platform.owner, hotel.hotelId));
    expect(readCsv(file.text)[0]?.["guest_name"]).to.match(/^'=HYPERLINK/);
    expect(readCsv(file.text)[0]).to.include({ total_amount: "200.00", room_number: "101" });
  });

  it("The download has a name, a length and a hash, and gzip if the client accepts it", async () => {
    const report = await buildBookingsReport(platform, hotel, { from: hotel.day(0), to: hotel.day(1) });
    const path = `/reports/${report.report_id}/download`;
    const plain = await platform.client.get(path, { ...call(), headers: { "accept-encoding": "identity" } });
    const sha256 = createHash("sha256").update(plain.text).digest("hex");
    expect(plain.headers.get("etag")).to.equal(`"${sha256}"`);
    expect(report).to.include({ sha256, bytes: Buffer.byteLength(plain.text) });
    expect(plain.headers.get("content-length")).to.equal(String(Buffer.byteLength(plain.text)));
    expect(plain.headers.get("content-type")).to.match(/^text\/csv; *charset=utf-8/);
    expect(plain.headers.get("content-disposition")).to.equal(`attachment; filename="${report.file_name}"`);
    expect(report.file_name).to.match(/^bookings-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d-asked-\d{4}-\d\d-\d\d\.csv$/);
    expect(readCsv(plain.text)).to.have.length(2);
    const packed = await platform.client.get(path, { ...call(), headers: { "accept-encoding": "gzip" } });
    expect(packed.headers.get("content-encoding")).to.equal("gzip");
    expect(packed.headers.get("etag")).to.equal(`"${sha256}-gzip"`);
    expect(packed.text).to.equal(plain.text);
    const head = await platform.client.call("HEAD", path, undefined, {
      ...call(),
      headers: { "accept-encoding": "identity" },
    });
    expect(head.headers.get("content-length")).to.equal(plain.headers.get("content-length"));
  });

  it("Every text stays as typed, except for an apostrophe before a formula", async () => {
    const other = await furnishHotel(platform.client);
    const cells = ["a;=1+1;b", "a; -b", 'x;"=1"', "two\n=lines", "a;＝1", ";;@", "late;\r\n +1", "a;b", "＋49"];
    const awkward = [
      'say "hi"',
      "a,b;c",
      "two\r\nlines\n",
      "=1+1",
      "+49",
      "-1",
      "@SUM(A1)",
      "\ttab",
      "a\t=1+1",
      "\rcr",
      "'",
      "",
    ];
    const world = ["🛎️ Zoë", "שלום עולם", "مرحبا", "\\.", "\\N", " padded ", "\uFEFFmark", "a\u2028b", "＝full"];
    const fixed = [...awkward, ...cells, ...world].map((text) => ({
      guest_name: text,
      guest_email: text,
      guest_phone: null,
      notes: text,
    }));
    const text = fc.string({ unit: "grapheme", maxLength: 12 }).filter((made) => !made.includes("\0"));
    const formula = fc
      .tuple(fc.constantFrom("=", "+", "-", "@", "\t", "\r", '"', "\n", ",", "'", ";=", "a;", "＝"), text)
      .map((parts) => parts.join(""));
    const made = fc.sample(
      fc.record({ guest_name: formula, notes: fc.option(text), guest_phone: fc.option(formula) }),
      300,
    );
    await addBookings(platform.owner, other, [...fixed, ...made]);
    const report = await buildBookingsReport(platform, other);
    const file = await platform.client.get(`/reports/${report.report_id}/download`, { token: other.managerToken });
    const expected = await expectedRecords(platform.owner, other.hotelId);
    expect(expected).to.have.length(fixed.length + made.length);
    expect(readCsv(file.text)).to.deep.equal(expected);
  });

  it("A report has the requested bookings and columns", async () => {
    const other = await furnishHotel(platform.client);
    await addManyBookings(platform.owner, other, 40);
    await platform
      .owner("pms.bookings")
      .where({ hotel_id: other.hotelId, arrival: "2030-01-05" })
      .update({ status: "canceled" });
    const ask = async (request: Record<string, unknown>): Promise<string> => {
      const report = await buildBookingsReport(platform, other, request);
      const file = await platform.client.get(`/reports/${report.report_id}/download`, { token: other.managerToken });
      return file.text;
    };
    const columns = ["departure", "arrival"];
    const range = { from: "2030-01-04", to: "2030-01-06" };
    const lines = (await ask({ ...range, columns })).split("\r\n");
    // The file's order of columns does not depend on the request's order.
    expect(lines[0]).to.equal("arrival,departure");
    expect(lines.slice(1)).to.have.members([
      "",
      "2030-01-04,2030-01-06",
      "2030-01-05,2030-01-07",
      "2030-01-06,2030-01-08",
    ]);
    const byDeparture = readCsv(await ask({ ...range, by: "departure" })).map(({ departure }) => departure);
    expect(byDeparture).to.have.members(["2030-01-04", "2030-01-05", "2030-01-06"]);
    expect(readCsv(await ask({ status: ["canceled"] })).map(({ arrival }) => arrival)).to.deep.equal(["2030-01-05"]);
    expect(readCsv(await ask({ by: "created", from: "2030-01-01" }))).to.deep.equal([]);
  });
});

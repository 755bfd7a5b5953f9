/** Streamed reports (`Accept: text/csv`) with clients that are slow, that disconnect, or that are many. */
import { expect } from "chai";
import { type IncomingMessage, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import { boot } from "../../../core/boot.ts";
import { databaseFor } from "../../../core/db/database.ts";
import { eventually, startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { furnishHotel, type FurnishedHotel } from "../../pms/testing/hotel.ts";
import { csvOpener } from "./stream_report.ts";
import { kindOf } from "../kinds/mod.ts";
import { addManyBookings, readCsv } from "../testing/bookings.ts";

/** More bytes than the sockets between the client and the server can buffer. */
const bookings = 120_000;

describe("streamed reports", () => {
  let platform: TestPlatform;
  let hotel: FurnishedHotel;
  let other: FurnishedHotel;
  before(async function () {
    this.timeout(60_000);
    platform = await startTestPlatform({ worker: false });
    hotel = await furnishHotel(platform.client);
    other = await furnishHotel(platform.client);
    for (const each of [hotel, other]) await addManyBookings(platform.owner, each, bookings);
  });
  after(() => platform.close());

  const csv = (kind: string, body: object, token: string, headers: Record<string, string> = { accept: "text/csv" }) =>
    platform.client.post(`/reports/${kind}`, body, { token, headers });

  /** Requests all bookings, and does not read. */
  const open = (of: FurnishedHotel, encoding = "identity"): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${of.managerToken}`,
        accept: "text/csv",
        "accept-encoding": encoding,
        "content-type": "application/json",
      };
      request(`${platform.client.url}/reports/bookings`, { method: "POST", agent: false, headers }, resolve)
        .once("error", reject)
        .end("{}");
    });
  const copies = async (): Promise<number> => {
    const { rows } = (await platform.owner.raw(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY %' AND state <> 'idle'`,
    )) as { rows: unknown[] };
    return rows.length;
  };
  const noCopy = () => eventually(async () => ((await copies()) === 0 ? true : undefined));

  for (const encoding of ["identity", "gzip"]) {
    it(`The client sees an aborted stream when the database fails (${encoding})`, async () => {
      const answer = await open(other, encoding);
      expect([answer.statusCode, answer.headers["content-encoding"]]).to.deep.equal([
        200,
        encoding === "gzip" ? "gzip" : undefined,
      ]);
      await platform.owner.raw(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND query LIKE 'COPY %' AND state <> 'idle'`,
      );
      const ended = new Promise<string>((resolve) => {
        answer.once("error", ({ message }) => resolve(message));
        answer.once("end", () => resolve("as if it were whole"));
      });
      answer.resume();
      expect(await Promise.race([ended, sleep(5000, "it waits for ever")])).to.equal("aborted");
      await noCopy();
    });
  }

  it("One hotel streams one large report and a process two, but the lists of desks never wait", async () => {
    const third = await furnishHotel(platform.client);
    await addManyBookings(platform.owner, third, 5000);
    const slow = [await open(hotel), await open(other)];
    try {
      expect(slow.map(({ statusCode }) => statusCode)).to.deep.equal([200, 200]);
      for (const each of [hotel, third]) {
        const refused = await csv("bookings", {}, each.managerToken);
        expect([refused.status, refused.body.code]).to.deep.equal([429, "TOO_MANY_REPORTS"]);
        expect(refused.headers.get("retry-after")).to.equal("10");
      }
      const lists = await Promise.all(
        Array.from({ length: 40 }, (_, at) =>
          csv("arrivals", {}, [hotel, other, third][at % 3]?.receptionistToken as string, {}),
        ),
      );
      expect(new Set(lists.map(({ status }) => status))).to.deep.equal(new Set([200]));
      const desk = await platform.client.get("/operations/today", { token: hotel.receptionistToken });
      expect(desk.status, "connections are left for others").to.equal(200);
    } finally {
      for (const answer of slow) answer.destroy();
      await noCopy();
    }
    const next = await eventually(async () => {
      const answer = await csv("bookings", {}, third.managerToken);
      return answer.status === 200 ? answer : undefined;
    });
    expect(readCsv(next.text)).to.have.length(5000);
  }).timeout(60_000);

  it("A client that does not read loses its stream, and the snapshot ends", async () => {
    const web = await boot("web", platform.variables);
    try {
      const services = { db: databaseFor(web.knex, "reporting", true), log: web.log };
      const openCsv = csvOpener(services, { bytes: 1000, everyMs: 200 });
      const request = kindOf("bookings").normalize({ by: "arrival" }, "2030-01-01");
      const { stream } = await openCsv(hotel.hotelId, { kind: "bookings", request });
      const failure = new Promise<Error>((resolve) => stream.once("error", resolve));
      stream.read(1);
      expect(await copies()).to.equal(1);
      await noCopy();
      stream.resume();
      expect((await failure).message).to.equal("The client does not read.");
      // Another client can stream again, and a client that reads gets all of it.
      const again = await eventually(() =>
        openCsv(hotel.hotelId, { kind: "bookings", request }).catch(() => undefined),
      );
      let bytes = 0;
      for await (const chunk of again.stream as AsyncIterable<Buffer>) bytes += chunk.length;
      expect(bytes).to.be.greaterThan(bookings * 100);
    } finally {
      await web.close();
    }
  }).timeout(60_000);

  it("A client that disconnects before the first byte leaves no snapshot open", async () => {
    for (let round = 0; round < 8; round += 1) {
      const gone = new AbortController();
      const answer = fetch(`${platform.client.url}/reports/bookings`, {
        method: "POST",
        headers: { authorization: `Bearer ${hotel.managerToken}`, accept: "text/csv" },
        signal: gone.signal,
      }).catch(() => undefined);
      await sleep(round * 3);
      gone.abort();
      await answer;
    }
    await noCopy();
    const after = await eventually(async () => {
      const answer = await csv("bookings", { columns: ["arrival"] }, hotel.managerToken);
      return answer.status === 200 ? answer : undefined;
    });
    expect(readCsv(after.text)).to.have.length(bookings);
  });

  it("A client that prefers text/csv to JSON gets a stream, whatever the spelling of its header", async () => {
    for (const [accept, type] of [
      ["text/csv; charset=UTF-8", "text/csv"],
      ["text/*", "text/csv"],
      ["text/csv, application/json;q=0.9", "text/csv"],
      ["text/csv;q=0.5, application/json", "application/json"],
      ["text/csv;q=0", "application/json"],
      ["*/*", "application/json"],
    ] as const) {
      const answer = await csv("occupancy", {}, hotel.managerToken, { accept });
      expect(answer.headers.get("content-type")?.split(";")[0], accept).to.equal(type);
    }
  });

  it("A receptionist can list at most a week", async () => {
    const days = (length: number) => ({ from: hotel.day(0), to: hotel.day(length - 1) });
    expect((await csv("arrivals", days(7), hotel.receptionistToken)).status).to.equal(200);
    for (const body of [days(8), { from: "1970-01-02", to: "9999-12-30" }]) {
      const refused = await csv("arrivals", body, hotel.receptionistToken);
      expect([refused.status, refused.body.code]).to.deep.equal([403, "FORBIDDEN"]);
    }
    expect((await csv("arrivals", days(8), hotel.managerToken)).status).to.equal(200);
  });

  it("A list at the first and last day of the calendar has the existing days", async () => {
    for (const [body, days] of [
      [{ to: "1970-01-03" }, ["1970-01-02", "1970-01-03"]],
      [{ from: "9999-12-29" }, ["9999-12-29", "9999-12-30"]],
      [{ from: "2028-02-29" }, ["2028-02-29"]],
    ] as const) {
      const answer = await csv("occupancy", body, hotel.managerToken);
      expect(readCsv(answer.text).map(({ date }) => date)).to.deep.equal(days);
      for (const kind of ["occupancy", "revenue"])
        expect((await csv(kind, body, hotel.managerToken, {})).status, kind).to.equal(202);
    }
  });
});

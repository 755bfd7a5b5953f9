import { expect } from "chai";
import { type IncomingMessage, request } from "node:http";

import { eventually, startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { furnishHotel, type FurnishedHotel } from "../../pms/testing/hotel.ts";

describe("clients that watch reports", function () {
  this.timeout(60_000);
  let platform: TestPlatform;
  let hotel: FurnishedHotel;
  let path: string;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    hotel = await furnishHotel(platform.client);
    const { body } = await platform.client.post("/reports/bookings", {}, { token: hotel.managerToken });
    path = `/reports/${String(body.report_id)}/events`;
  });
  after(() => platform.close());

  const opened: IncomingMessage[] = [];
  afterEach(() => {
    for (const watcher of opened.splice(0)) watcher.destroy();
  });

  const watch = (method = "GET", token = hotel.managerToken): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const options = { method, agent: false, headers: { authorization: `Bearer ${token}` } };
      const answered = (watcher: IncomingMessage): void => {
        opened.push(watcher);
        resolve(watcher);
      };
      request(platform.client.url + path, options, answered)
        .once("error", reject)
        .end();
    });
  const statuses = (watchers: readonly IncomingMessage[]): number[] =>
    watchers.map(({ statusCode }) => statusCode as number);

  it("Only the hotel's managers can watch its reports", async () => {
    const other = await furnishHotel(platform.client);
    expect(statuses([await watch("GET", other.managerToken)])).to.deep.equal([404]);
    expect(statuses([await watch("GET", hotel.receptionistToken)])).to.deep.equal([403]);
  });

  it("At most twenty clients of a hotel watch, share one read, and make room for the next", async () => {
    const watchers = await Promise.all(Array.from({ length: 60 }, () => watch()));
    const refused = watchers.filter(({ statusCode }) => statusCode === 429);
    expect(refused).to.have.length(40);
    expect(refused[0]?.headers["retry-after"]).to.equal("5");
    const looks = async (): Promise<number> => {
      await platform.owner.raw("SELECT pg_stat_force_next_flush()").catch(() => undefined);
      const { rows } = (await platform.owner.raw(
        "SELECT xact_commit AS count FROM pg_stat_database WHERE datname = current_database()",
      )) as { rows: { count: string }[] };
      return Number(rows[0]?.count);
    };
    const counts: number[] = [];
    // Separate reads would be 120 in each window. PostgreSQL can add earlier counts to the first ones for up to 10 s.
    while (counts.length < 5 && (counts.at(-1) ?? 60) >= 60) {
      const before = await looks();
      await new Promise((resolve) => setTimeout(resolve, 3000));
      counts.push((await looks()) - before);
    }
    expect(counts.at(-1), `looks in windows of 3 s: ${counts.join(", ")}`).to.be.lessThan(60);
    for (const watcher of watchers) watcher.destroy();
    const next = await eventually(async () => {
      const one = await watch();
      if (one.statusCode === 200) return one;
      one.destroy();
      return undefined;
    });
    next.destroy();
  });

  it("HEAD requests do not count as watching clients", async () => {
    const heads = await Promise.all(Array.from({ length: 30 }, () => watch("HEAD")));
    for (const head of heads) head.resume();
    await eventually(async () => {
      const watcher = await watch();
      watcher.destroy();
      return watcher.statusCode === 200 ? true : undefined;
    });
  });
});

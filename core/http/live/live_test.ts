import { expect } from "chai";
import path from "node:path";

import { boot } from "../../boot.ts";
import { serve, type WebServer } from "../../serve.ts";
import { newId } from "../../values/ids.ts";
import { TestBrowser } from "../../../testing/clients/browser_session.ts";
import { TestClient } from "../../../testing/client.ts";
import { TestEventStream } from "../../../testing/clients/event_stream.ts";
import {
  eventually,
  logIn,
  signUpHotel,
  startTestPlatform,
  type TestHotel,
  type TestPlatform,
} from "../../../testing/platform.ts";

const password = "correct-horse-battery";

describe("The stream of changes", () => {
  let platform: TestPlatform;
  let hotel: TestHotel;
  let second: WebServer;
  let elsewhere: TestClient;
  const open: TestEventStream[] = [];
  before(async () => {
    const plugins = path.join(import.meta.dirname, "../../../examples/plugins");
    platform = await startTestPlatform({ variables: { PLUGIN_PATH: plugins } });
    second = await serve(await boot("web", platform.variables));
    elsewhere = new TestClient(`http://127.0.0.1:${second.port}`);
    hotel = await signUpHotel(platform.client);
  });
  afterEach(async () => {
    for (const stream of open.splice(0)) await stream.close();
  });
  after(async () => {
    await second.close();
    await platform.close();
  });

  const streamOf = async (headers: Readonly<Record<string, string>>, client = platform.client) => {
    const stream = await TestEventStream.open(client, headers);
    open.push(stream);
    expect(stream.status).to.equal(200);
    return stream;
  };
  const withToken = (token: string, client = platform.client) => streamOf({ authorization: `Bearer ${token}` }, client);
  let names = 0;
  const addType = (
    { managerToken: token }: TestHotel,
    headers: Readonly<Record<string, string>> = {},
    name = `Type ${(names += 1)}`,
  ) => platform.client.post("/room-types/", { name, capacity: 2, rate: "80.00" }, { token, headers });
  /** Makes a change and waits for it, which shows that all changes before it have come. */
  const settle = async (stream: TestEventStream, of = hotel): Promise<void> => {
    const { body } = await addType(of);
    await stream.next(({ data }) => data.ids.includes(body.room_type_id));
  };
  const addUser = async (role = "receptionist") => {
    const username = `live-${process.pid}-${(names += 1)}`;
    const user = { username, password, role, must_change_password: false };
    const { body } = await platform.client.post("/users/", user, { token: hotel.managerToken });
    return { id: body.user_id as string, username };
  };
  const openBrowser = async (username: string) => {
    const browser = new TestBrowser(platform.client);
    expect((await browser.logIn(username, password)).status).to.equal(200);
    return browser;
  };

  it("A desk hears of another desk's change: topics, ids, user and time, also through another process", async () => {
    const streams = [await withToken(hotel.receptionistToken), await withToken(hotel.receptionistToken, elsewhere)];
    const { body } = await addType(hotel);
    for (const stream of streams) {
      expect(stream.headers.get("content-type")).to.match(/^text\/event-stream/);
      expect(stream.headers.get("x-accel-buffering")).to.equal("no");
      const { event, data } = await stream.next();
      expect(event).to.equal("changed");
      expect(data).to.include({ by: hotel.username });
      expect(data.topics).to.deep.equal(["room-types"]);
      expect(data.ids).to.deep.equal([body.room_type_id]);
      expect(new Date(data.at as string).toISOString()).to.equal(data.at);
      expect(Object.keys(data as object)).to.deep.equal(["topics", "ids", "by", "at"]);
    }
  });

  it("Another hotel never sees a change", async () => {
    const other = await signUpHotel(platform.client);
    const [theirs, ours] = [await withToken(other.managerToken), await withToken(hotel.managerToken)];
    for (let round = 0; round < 5; round += 1) await addType(hotel);
    await settle(ours);
    const { body } = await addType(other);
    const { data } = await theirs.next();
    expect(data.ids).to.deep.equal([body.room_type_id]);
    expect(theirs.events).to.deep.equal([]);
    await settle(ours);
    expect(ours.events).to.deep.equal([]);
  });

  it("A refused, a repeated and a read request announce nothing", async () => {
    const stream = await withToken(hotel.managerToken);
    const headers = { "idempotency-key": "live-once" };
    const first = await addType(hotel, headers, "Once");
    expect((await stream.next()).data.ids).to.deep.equal([first.body.room_type_id]);
    expect((await addType(hotel, headers, "Once")).headers.get("idempotency-replayed")).to.equal("true");
    expect((await addType(hotel, {}, "Once")).status).to.equal(409);
    await platform.client.get("/room-types/", { token: hotel.managerToken });
    const { body } = await addType(hotel);
    expect((await stream.next()).data.ids).to.deep.equal([body.room_type_id]);
  });

  it("A job announces its change to the desks of its hotel", async () => {
    const stream = await withToken(hotel.managerToken);
    const asked = await platform.client.post("/reports/bookings", {}, { token: hotel.managerToken });
    expect(asked.status, asked.text).to.equal(202);
    const byUser = await stream.next(({ data }) => data.topics.includes("reports"));
    expect(byUser.data.by).to.equal(hotel.username);
    const byJob = await stream.next(({ data }) => data.topics.includes("reports"));
    expect(byJob.data.by).to.equal(null);
  });

  it("A job in one transaction announces its change too", async () => {
    const stream = await withToken(hotel.managerToken);
    await platform.owner("core.outbox").insert({
      job_id: newId(),
      job: "minibar.restock-list",
      tenant_id: hotel.hotelId,
      payload: { day: "2026-11-28" },
    });
    const { data } = await stream.next();
    expect([data.topics, data.by]).to.deep.equal([["minibar"], null]);
  });

  it("A schedule announces what it changes, to the hotel that it changes", async () => {
    const other = await signUpHotel(platform.client);
    const [theirs, ours] = [await withToken(other.managerToken), await withToken(hotel.managerToken)];
    await platform
      .owner("identity.hotels")
      .where({ hotel_id: hotel.hotelId })
      .update({ business_date: platform.owner.raw("business_date - 2") });
    const worker = await boot("worker", platform.variables);
    try {
      await worker.schedules
        .find(({ schedule: { name } }) => name === "close-overdue-days")
        ?.schedule.run(new AbortController().signal);
    } finally {
      await worker.close();
    }
    const { data } = await ours.next(({ data: { topics } }) => topics.includes("operations"));
    expect(data).to.deep.include({ topics: ["operations", "bookings", "rooms"], ids: [], by: null });
    await settle(theirs, other);
    expect(theirs.events).to.deep.equal([]);
  });

  it("A browser is authenticated by its cookie, and another page is refused", async () => {
    const { username } = await addUser();
    const { cookie } = await openBrowser(username);
    const stream = await streamOf({ cookie, "sec-fetch-site": "same-origin" });
    await settle(stream);
    const foreign = await TestEventStream.open(platform.client, { cookie, "sec-fetch-site": "cross-site" });
    open.push(foreign);
    expect(foreign.status).to.equal(403);
    const nobody = await TestEventStream.open(platform.client, {});
    open.push(nobody);
    expect(nobody.status).to.equal(401);
  });

  const endings: readonly (readonly [
    string,
    (of: { browser: TestBrowser; id: string; username: string }) => Promise<{ status: number }>,
  ])[] = [
    ["a logout", ({ browser }) => browser.call("DELETE", "/auth/session")],
    ["a lock", ({ browser }) => browser.call("POST", "/auth/session/lock")],
    ["a deactivation", ({ id }) => platform.client.delete(`/users/${id}`, { token: hotel.managerToken })],
    [
      "a new role",
      ({ id }) => platform.client.patch(`/users/${id}`, { role: "manager" }, { token: hotel.managerToken }),
    ],
    ["a manager", ({ id }) => platform.client.delete(`/users/${id}/sessions`, { token: hotel.managerToken })],
    [
      "its user elsewhere",
      async ({ username }) =>
        platform.client.delete("/auth/sessions", { token: await logIn(platform.client, username, password) }),
    ],
  ];
  for (const [what, happen] of endings) {
    it(`It is ended by ${what}, in every process, and other streams go on`, async () => {
      const { id, username } = await addUser();
      const browser = await openBrowser(username);
      const headers = { cookie: browser.cookie, "sec-fetch-site": "same-origin" };
      const streams = [await streamOf(headers), await streamOf(headers, elsewhere)];
      const colleague = await withToken(hotel.receptionistToken);
      for (const stream of streams) await settle(stream);
      const answer = await happen({ browser, id, username });
      expect(answer.status).to.be.within(200, 204);
      await Promise.all(streams.map(({ ended }) => ended));
      await settle(colleague);
      expect(colleague.events.filter(({ data }) => data.topics.includes("sessions"))).to.deep.equal([]);
    });
  }

  it("A hotel has at most 50 streams in a process, and a closed one frees its place", async () => {
    const other = await signUpHotel(platform.client);
    const streams = await Promise.all(Array.from({ length: 50 }, () => withToken(other.managerToken)));
    const refused = await platform.client.get("/events/stream", { token: other.managerToken, firstPart: true });
    expect([refused.status, refused.headers.get("retry-after")]).to.deep.equal([429, "10"]);
    await withToken(hotel.managerToken);
    await streams[0]?.close();
    await eventually(async () => {
      const { status } = await platform.client.get("/events/stream", { token: other.managerToken, firstPart: true });
      return status === 200 ? true : undefined;
    });
  });

  it("After its connection to PostgreSQL broke, the streams end, and new ones hear of changes again", async () => {
    const stream = await withToken(hotel.managerToken);
    await settle(stream);
    const { rows } = (await platform.owner.raw(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'keyrack web changes' AND datname = current_database()`,
    )) as { rows: unknown[] };
    expect(rows).to.have.length(2);
    await stream.ended;
    await settle(await withToken(hotel.managerToken));
  });

  it("A process that stops ends its streams at once", async () => {
    const third = await serve(await boot("web", platform.variables));
    const stream = await withToken(hotel.managerToken, new TestClient(`http://127.0.0.1:${third.port}`));
    await Promise.all([stream.ended, third.close()]);
  }).timeout(20_000);
});

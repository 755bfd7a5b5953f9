import { expect } from "chai";

import { boot } from "../../../core/boot.ts";
import { ownPage, TestBrowser } from "#testing/clients/browser_session.ts";
import { eventually, logIn, signUpHotel, startTestPlatform, type TestHotel, type TestPlatform } from "#testing/mod.ts";

const password = "correct-horse-battery";
const allowedOrigin = "https://app.example.com";

describe("The session of a browser", () => {
  let platform: TestPlatform;
  let hotel: TestHotel;
  let deskId: string;
  let deskName: string;
  before(async () => {
    platform = await startTestPlatform({
      worker: false,
      variables: { CORS_ORIGINS: allowedOrigin, TRUSTED_PROXIES: "1", FAILED_LOGINS: "3" },
    });
    hotel = await signUpHotel(platform.client);
    const { body } = await platform.client.get("/auth/me", { token: hotel.receptionistToken });
    [deskId, deskName] = [body.user_id as string, body.username as string];
  });
  after(() => platform.close());

  const openBrowser = async (headers: Readonly<Record<string, string>> = {}, username = deskName) => {
    const browser = new TestBrowser(platform.client, headers);
    const answer = await browser.logIn(username, password);
    expect(answer.status, answer.text).to.equal(200);
    return browser;
  };
  const valueOf = (browser: TestBrowser): string => /keyrack=([^;]*)/.exec(browser.cookie)?.[1] ?? "";
  const statusOf = async (browser: TestBrowser) => (await browser.get("/hotels/me")).status;
  const asManager = () => ({ token: hotel.managerToken });
  const lastEvents = async (kind: string, limit = 1) =>
    (await platform.client.get(`/audit?kind=${kind}&limit=${limit}`, asManager())).body.items;
  const age = (browser: TestBrowser, column: string, interval: string) =>
    platform.owner.raw(
      `UPDATE identity.sessions SET ${column} = now() - interval '${interval}'
       WHERE cookie_hash = sha256(decode(translate(?, '-_', '+/'), 'base64'))`,
      [valueOf(browser)],
    );
  const idleHours = async (browser: TestBrowser): Promise<number | undefined> => {
    const { rows } = (await platform.owner.raw(
      `SELECT extract(epoch FROM now() - last_used_at)::float / 3600 AS hours FROM identity.sessions
       WHERE cookie_hash = sha256(decode(translate(?, '-_', '+/'), 'base64'))`,
      [valueOf(browser)],
    )) as { rows: { hours: number }[] };
    return rows[0]?.hours;
  };
  const cleanSessions = async (): Promise<void> => {
    const worker = await boot("worker", platform.variables);
    try {
      const cleaning = worker.schedules.find(({ schedule }) => schedule.name === "clean-sessions");
      await cleaning?.schedule.run(new AbortController().signal);
    } finally {
      await worker.close();
    }
  };

  describe("The cookie", () => {
    it("A login sets it for the browser's run, unreadable for scripts, and answers like GET /auth/me", async () => {
      const browser = new TestBrowser(platform.client);
      const answer = await browser.logIn(deskName, password);
      expect(browser.lines[0]).to.match(/^keyrack=[\w-]{64}; Path=\/; HttpOnly; SameSite=Strict$/);
      expect(answer.body).to.deep.equal((await browser.get("/auth/me")).body);
      expect(answer.body.username).to.equal(deskName);
      const [event] = await lastEvents("identity.logged_in");
      expect(event.details.browser).to.equal(true);
    });

    it("Over https it has the prefix __Host- and Secure, and the http cookie has no effect", async () => {
      const https = { "x-forwarded-proto": "https" };
      const secure = await openBrowser(https);
      expect(secure.lines[0]).to.match(/^__Host-keyrack=[\w-]{64}; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
      expect(await statusOf(secure)).to.equal(200);
      const plain = await openBrowser();
      const answer = await platform.client.get("/hotels/me", { headers: { cookie: plain.cookie, ...https } });
      expect(answer.status).to.equal(401);
    });

    it("The database stores only a hash of it", async () => {
      const browser = await openBrowser();
      const value = valueOf(browser);
      const random = Buffer.from(value, "base64url").subarray(16);
      const { rows } = (await platform.owner.raw("SELECT s::text AS row FROM identity.sessions s")) as {
        rows: { row: string }[];
      };
      expect(rows.filter(({ row }) => row.includes(value) || row.includes(random.toString("hex")))).to.deep.equal([]);
    });

    it("A malformed cookie, or one with the id of another hotel in it, opens no session", async () => {
      const other = await signUpHotel(platform.client);
      const browser = await openBrowser();
      const value = Buffer.from(valueOf(browser), "base64url");
      const moved = Buffer.concat([Buffer.from(other.hotelId.replaceAll("-", ""), "hex"), value.subarray(16)]);
      for (const cookie of ["", "x", moved.toString("base64url"), "A".repeat(64), "\u00e9"]) {
        const answer = await platform.client.get("/auth/me", { headers: { ...ownPage, cookie: `keyrack=${cookie}` } });
        expect(answer.status, cookie).to.equal(401);
      }
      expect(await statusOf(browser)).to.equal(200);
    });

    it("A Bearer header wins, also an invalid one, and the Basic header of a proxy does not", async () => {
      const browser = await openBrowser();
      const me = async (authorization: string) =>
        (await browser.get("/auth/me", { headers: { authorization } })).body.username as string | undefined;
      expect(await me(`Bearer ${hotel.managerToken}`)).to.equal(hotel.username);
      expect(await me("Bearer nonsense")).to.equal(undefined);
      expect(await me("Basic cHJveHk6c2VjcmV0")).to.equal(deskName);
    });
  });

  describe("The login", () => {
    it("A wrong password, an unknown user and an inactive user get the same 401 and no cookie", async () => {
      const gone = { username: `gone-${process.pid}`, password, role: "receptionist", must_change_password: false };
      const { body } = await platform.client.post("/users/", gone, asManager());
      await platform.client.delete(`/users/${body.user_id}`, asManager());
      const details = new Set<string>();
      for (const [name, word] of [
        [deskName, "wrong"],
        ["nobody-here", password],
        [gone.username, password],
      ] as const) {
        const browser = new TestBrowser(platform.client);
        const answer = await browser.logIn(name, word);
        expect([answer.status, answer.body.code, browser.lines.length]).to.deep.equal([401, "INVALID_CREDENTIALS", 0]);
        details.add(answer.body.detail as string);
      }
      expect(details.size).to.equal(1);
    });

    it("It needs JSON: a form can't log in", async () => {
      const form = new URLSearchParams({ username: deskName, password });
      const answer = await new TestBrowser(platform.client).call("POST", "/auth/session", form);
      expect([answer.status, answer.body.code]).to.deep.equal([415, "UNSUPPORTED_MEDIA_TYPE"]);
    });

    it("Another page can't log its user's browser in", async () => {
      for (const headers of [{ "sec-fetch-site": "cross-site" }, { "sec-fetch-site": "", origin: allowedOrigin }]) {
        const browser = new TestBrowser(platform.client, headers);
        const answer = await browser.logIn(deskName, password);
        expect([answer.status, answer.body.code, browser.lines.length]).to.deep.equal([403, "CROSS_ORIGIN", 0]);
      }
    });

    it("A browser that has logged in keeps its budget when strangers use up the address's", async () => {
      const user = {
        username: `throttled-${process.pid}`,
        password,
        role: "receptionist",
        must_change_password: false,
      };
      await platform.client.post("/users/", user, asManager());
      const known = await openBrowser({}, user.username);
      await known.call("DELETE", "/auth/session");
      for (let guess = 0; guess < 4; guess += 1) await new TestBrowser(platform.client).logIn(user.username, "wrong");
      expect((await new TestBrowser(platform.client).logIn(user.username, password)).status).to.equal(429);
      expect((await known.logIn(user.username, password)).status).to.equal(200);
    });

    it("The device tokens of several users stay in one browser, and travel to the login only", async () => {
      const browser = new TestBrowser(platform.client);
      await browser.logIn(deskName, password);
      expect(browser.lines[1]).to.match(
        /^keyrack-device=[\w-]+; Path=\/auth\/session; HttpOnly; SameSite=Strict; Max-Age=7776000$/,
      );
      await browser.logIn(hotel.username, password);
      await browser.logIn(deskName, password);
      expect(/keyrack-device=([^;]*)/.exec(browser.cookie)?.[1]?.split(".")).to.have.length(2);
    });

    it("A second login in one browser ends its session before, also one of another hotel", async () => {
      const other = await signUpHotel(platform.client);
      const browser = await openBrowser();
      const { cookie } = browser;
      expect((await browser.logIn(other.username, password)).status).to.equal(200);
      expect((await browser.get("/hotels/me")).body.hotel_id).to.equal(other.hotelId);
      const before = await platform.client.get("/hotels/me", { headers: { ...ownPage, cookie } });
      expect(before.status).to.equal(401);
      const [event] = await lastEvents("identity.logged_out");
      expect([event.actor.username, event.details.replaced]).to.deep.equal([deskName, true]);
    });

    it("A failed login leaves the browser's session open", async () => {
      const browser = await openBrowser();
      expect((await browser.logIn(deskName, "wrong")).status).to.equal(401);
      expect(await statusOf(browser)).to.equal(200);
    });
  });

  describe("The end", () => {
    it("A logout ends it in all tabs and clears the cookie", async () => {
      const browser = await openBrowser();
      const { cookie } = browser;
      const secondTab = async () => (await platform.client.get("/auth/me", { headers: { ...ownPage, cookie } })).status;
      expect(await secondTab()).to.equal(200);
      expect((await browser.call("DELETE", "/auth/session")).status).to.equal(204);
      expect(browser.lines).to.deep.equal(["keyrack=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"]);
      expect(await secondTab()).to.equal(401);
      const [event] = await lastEvents("identity.logged_out");
      expect([event.actor.user_id, event.details.replaced]).to.deep.equal([deskId, undefined]);
    });

    it("Two tabs that call at the same time share it without a renewal", async () => {
      const browser = await openBrowser();
      const answers = await Promise.all(Array.from({ length: 20 }, () => browser.get("/auth/me")));
      expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([200]));
      expect(answers.flatMap(({ headers }) => headers.getSetCookie())).to.deep.equal([]);
    });

    it("It ends after 12 h without a request, and a request before that starts the time again", async () => {
      const [idle, used] = [await openBrowser(), await openBrowser()];
      for (const browser of [idle, used]) await age(browser, "last_used_at", "11 hours 59 minutes");
      expect(await statusOf(used)).to.equal(200);
      expect([await idleHours(used), await idleHours(idle)].map((hours) => Math.floor(hours ?? 99))).to.deep.equal([
        0, 11,
      ]);
      await age(idle, "last_used_at", "12 hours");
      expect(await statusOf(idle)).to.equal(401);
    });

    it("It ends after 30 days, however often it is used", async () => {
      const browser = await openBrowser();
      await age(browser, "created_at", "29 days 23 hours");
      expect(await statusOf(browser)).to.equal(200);
      await age(browser, "created_at", "30 days");
      await eventually(async () => ((await statusOf(browser)) === 401 ? true : undefined));
    });

    it("An idle session can't write in the seconds in which a process still remembers it", async () => {
      const browser = await openBrowser({}, hotel.username);
      expect(await statusOf(browser)).to.equal(200);
      await age(browser, "last_used_at", "13 hours");
      const answer = await browser.call("PATCH", "/hotels/me", { name: "Too late" });
      expect(answer.status).to.equal(401);
    });

    it("It is listed with its client, marked as a browser, and its user ends it from another one", async () => {
      const [here, lost] = [await openBrowser(), await openBrowser({ "user-agent": "Lost/1.0" })];
      const { items } = (await here.get("/auth/sessions")).body as {
        items: { session_id: string; current: boolean; browser: boolean; user_agent: string }[];
      };
      expect(
        items.slice(0, 2).map(({ browser, current, user_agent }) => [browser, current, user_agent === "Lost/1.0"]),
      ).to.deep.equal([
        [true, false, true],
        [true, true, false],
      ]);
      expect(
        items.some(({ browser }) => !browser),
        "sessions with tokens",
      ).to.equal(true);
      expect((await here.call("DELETE", `/auth/sessions/${items[0]?.session_id}`)).status).to.equal(204);
      expect([await statusOf(lost), await statusOf(here)]).to.deep.equal([401, 200]);
      await age(here, "last_used_at", "12 hours");
      const left = await platform.client.get("/auth/sessions", {
        token: await logIn(platform.client, deskName, password),
      });
      const ids = (left.body.items as { session_id: string }[]).map(({ session_id }) => session_id);
      expect(ids, "an idle one").not.to.include(items[1]?.session_id);
    });

    it("A deactivation ends it, and a new role applies to its next request", async () => {
      const user = { username: `role-${process.pid}`, password, role: "receptionist", must_change_password: false };
      const { body } = await platform.client.post("/users/", user, asManager());
      const browser = await openBrowser({}, user.username);
      expect((await browser.get("/users/")).status).to.equal(403);
      await platform.client.patch(`/users/${body.user_id}`, { role: "manager" }, asManager());
      expect((await browser.get("/users/")).status).to.equal(200);
      await platform.client.delete(`/users/${body.user_id}`, asManager());
      expect(await statusOf(browser)).to.equal(401);
    });

    it("Until a manager's password is changed, it can only change it, read its user and log out", async () => {
      const user = { username: `fresh-${process.pid}`, password, role: "receptionist" };
      await platform.client.post("/users/", user, asManager());
      const browser = await openBrowser({}, user.username);
      expect((await browser.get("/rooms/")).body.code).to.equal("PASSWORD_CHANGE_REQUIRED");
      expect((await browser.get("/auth/me")).body.must_change_password).to.equal(true);
      const change = { old_password: password, new_password: "another-horse-battery" };
      expect((await browser.call("POST", "/users/me/password", change)).status).to.equal(204);
      expect((await browser.get("/rooms/")).status).to.equal(200);
      const stranger = new TestBrowser(platform.client);
      await platform.client.patch(`/users/${(await browser.get("/auth/me")).body.user_id}`, { password }, asManager());
      await stranger.logIn(user.username, password);
      expect((await stranger.call("DELETE", "/auth/session")).status, "logout").to.equal(204);
    });

    it("The cleaning keeps open sessions, and removes idle, old and ended ones", async () => {
      const browsers = {
        open: await openBrowser(),
        idle: await openBrowser(),
        old: await openBrowser(),
        ended: await openBrowser(),
      };
      const idOf = async (browser: TestBrowser) =>
        ((await browser.get("/auth/sessions")).body.items as { session_id: string; current: boolean }[]).find(
          ({ current }) => current,
        )?.session_id;
      const ids = {
        open: await idOf(browsers.open),
        idle: await idOf(browsers.idle),
        old: await idOf(browsers.old),
        ended: await idOf(browsers.ended),
      };
      await age(browsers.open, "created_at", "2 days");
      await age(browsers.idle, "last_used_at", "12 hours");
      await age(browsers.old, "created_at", "30 days");
      await age(browsers.ended, "revoked_at", "61 minutes");
      await cleanSessions();
      const left = await platform.owner("identity.sessions").whereNotNull("cookie_hash").pluck("session_id");
      expect(left).to.include(ids.open);
      for (const kind of ["idle", "old", "ended"] as const) expect(left, kind).not.to.include(ids[kind]);
    });
  });

  describe("Pages of other origins", () => {
    const write = (browser: TestBrowser, headers: Readonly<Record<string, string>>) =>
      platform.client.patch("/hotels/me", {}, { headers: { cookie: browser.cookie, ...headers } });
    const read = (browser: TestBrowser, headers: Readonly<Record<string, string>>) =>
      platform.client.get("/hotels/me", { headers: { cookie: browser.cookie, ...headers } });

    it("A write needs the proof that our own page sends it", async () => {
      const browser = await openBrowser({}, hotel.username);
      const own = platform.client.url;
      const { host } = new URL(own);
      for (const headers of [ownPage, { origin: own }, { ...ownPage, origin: own }, { origin: `https://${host}` }])
        expect((await write(browser, headers)).status, JSON.stringify(headers)).to.equal(200);
      for (const headers of [
        {},
        { "sec-fetch-site": "cross-site" },
        { "sec-fetch-site": "same-site" },
        { "sec-fetch-site": "none" },
        { "sec-fetch-site": "Same-Origin" },
        { "sec-fetch-site": "cross-site", origin: own },
        { origin: "null" },
        { origin: "http://evil.example" },
        { origin: `http://${host}.evil.example` },
        { origin: `http://127.0.0.1:1` },
        { origin: `http://${host}@evil.example` },
        { origin: allowedOrigin },
        { origin: "not an origin" },
      ]) {
        const answer = await write(browser, headers);
        expect([answer.status, answer.body.code], JSON.stringify(headers)).to.deep.equal([403, "CROSS_ORIGIN"]);
      }
    });

    it("A read is refused only if another page sends it", async () => {
      const browser = await openBrowser();
      for (const headers of [{}, ownPage, { "sec-fetch-site": "none" }, { origin: platform.client.url }])
        expect((await read(browser, headers)).status, JSON.stringify(headers)).to.equal(200);
      for (const headers of [
        { "sec-fetch-site": "cross-site" },
        { "sec-fetch-site": "same-site" },
        { origin: "http://evil.example" },
        { origin: allowedOrigin },
      ]) {
        const answer = await read(browser, headers);
        expect([answer.status, answer.body.code], JSON.stringify(headers)).to.deep.equal([403, "CROSS_ORIGIN"]);
      }
    });

    it("CORS_ORIGINS admits tokens and never cookies", async () => {
      const browser = await openBrowser();
      const page = { origin: allowedOrigin, "sec-fetch-site": "cross-site" };
      const withToken = await platform.client.get("/hotels/me", { token: hotel.receptionistToken, headers: page });
      expect([withToken.status, withToken.headers.get("access-control-allow-origin")]).to.deep.equal([
        200,
        allowedOrigin,
      ]);
      expect(withToken.headers.get("access-control-allow-credentials")).to.equal(null);
      expect((await read(browser, page)).status).to.equal(403);
    });

    it("A refused page is in the hotel's security log, and does not keep the session in use", async () => {
      const browser = await openBrowser();
      await age(browser, "last_used_at", "11 hours");
      expect((await read(browser, { "sec-fetch-site": "cross-site" })).status).to.equal(403);
      const event = await eventually(async () =>
        (
          (await lastEvents("core.call_refused", 20)) as { actor: { user_id: string }; details: { code: string } }[]
        ).find(({ actor, details }) => actor.user_id === deskId && details.code === "CROSS_ORIGIN"),
      );
      expect(event.details).to.include({ method: "GET", route: "/hotels/me" });
      expect(await idleHours(browser)).to.be.greaterThan(10);
    });
  });
});

import { expect } from "chai";

import { boot } from "../../../core/boot.ts";
import { serve, type WebServer } from "../../../core/serve.ts";
import { TestBrowser } from "#testing/clients/browser_session.ts";
import { signUpHotel, startTestPlatform, TestClient, type TestHotel, type TestPlatform } from "#testing/mod.ts";

const password = "correct-horse-battery";
const pin = "2580";

describe("The lock of a session", () => {
  let platform: TestPlatform;
  let hotel: TestHotel;
  let second: WebServer;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    second = await serve(await boot("web", platform.variables));
    hotel = await signUpHotel(platform.client);
  });
  after(async () => {
    await second.close();
    await platform.close();
  });

  let users = 0;
  /** Adds a receptionist and logs in. */
  const openDesk = async (headers: Readonly<Record<string, string>> = {}): Promise<TestBrowser & { user: string }> => {
    const username = `lock-${process.pid}-${(users += 1)}`;
    const fields = { username, password, role: "receptionist", must_change_password: false };
    const made = await platform.client.post("/users/", fields, { token: hotel.managerToken });
    expect(made.status, made.text).to.equal(201);
    const browser = new TestBrowser(platform.client, headers);
    expect((await browser.logIn(username, password)).status).to.equal(200);
    return Object.assign(browser, { user: username });
  };
  const lock = (browser: TestBrowser) => browser.call("POST", "/auth/session/lock");
  const unlock = (browser: TestBrowser, proof: unknown) => browser.call("POST", "/auth/session/unlock", proof);
  const setPin = (browser: TestBrowser, fields: unknown = { password, pin }) =>
    browser.call("PUT", "/users/me/pin", fields);
  const codeOf = async (answer: Promise<{ status: number; body: { code?: string } }>) => {
    const { status, body } = await answer;
    return [status, body.code];
  };
  const kindsOf = async (username: string): Promise<string[]> => {
    const { body } = await platform.client.get("/audit?limit=100", { token: hotel.managerToken });
    return (body.items as { kind: string; actor: { username: string } | null }[])
      .filter(({ actor }) => actor?.username === username)
      .map(({ kind }) => kind)
      .toReversed();
  };

  it("Every call answers 423, with the name and whether there is a PIN, until it is unlocked", async () => {
    const browser = await openDesk();
    await setPin(browser);
    expect((await lock(browser)).status).to.equal(204);
    for (const [method, path, body] of [
      ["GET", "/auth/me"],
      ["GET", "/rooms/"],
      ["GET", "/auth/sessions"],
      ["POST", "/auth/session/lock"],
      ["POST", "/bookings/", {}],
      ["PUT", "/users/me/pin", { password, pin }],
    ] as const) {
      const answer = await browser.call(method, path, body);
      expect([answer.status, answer.body.code], path).to.deep.equal([423, "SESSION_LOCKED"]);
      expect(answer.body).to.include({ username: browser.user, has_pin: true });
    }
    const answer = await unlock(browser, { pin });
    expect([answer.status, answer.body.username]).to.deep.equal([200, browser.user]);
    expect(answer.body).to.deep.equal((await browser.get("/auth/me")).body);
    expect(await kindsOf(browser.user)).to.deep.equal([
      "identity.logged_in",
      "identity.pin_set",
      "identity.session_locked",
      "identity.session_unlocked",
    ]);
  });

  it("It locks one session: another browser of the same user stays open", async () => {
    const browser = await openDesk();
    const other = new TestBrowser(platform.client);
    await other.logIn(browser.user, password);
    await lock(browser);
    expect([(await browser.get("/auth/me")).status, (await other.get("/auth/me")).status]).to.deep.equal([423, 200]);
  });

  it("A logout is allowed, and so is another login in the same browser", async () => {
    const [one, two] = [await openDesk(), await openDesk()];
    await lock(one);
    await lock(two);
    expect((await one.call("DELETE", "/auth/session")).status).to.equal(204);
    expect((await two.logIn(one.user, password)).status).to.equal(200);
    expect((await two.get("/auth/me")).body.username).to.equal(one.user);
  });

  it("A process that still remembers the session as open refuses its writes at once", async () => {
    const browser = await openDesk();
    const elsewhere = new TestBrowser(new TestClient(`http://127.0.0.1:${second.port}`), { cookie: browser.cookie });
    expect((await elsewhere.get("/auth/me")).status).to.equal(200);
    await lock(browser);
    expect(
      await codeOf(
        elsewhere.call("PATCH", "/rooms/0192f0c0-0000-7000-8000-000000000000/housekeeping", {
          housekeeping: "clean",
        }),
      ),
    ).to.deep.equal([423, "SESSION_LOCKED"]);
    expect((await elsewhere.get("/auth/me")).status, "it has forgotten the session").to.equal(423);
    await unlock(browser, { password });
    expect((await elsewhere.get("/auth/me")).status, "no process remembers a locked session").to.equal(200);
  });

  it("The password unlocks; a wrong one does not, and is limited", async () => {
    const browser = await openDesk();
    await lock(browser);
    expect(await codeOf(unlock(browser, { password: "wrong" }))).to.deep.equal([401, "INVALID_CREDENTIALS"]);
    expect((await browser.get("/auth/me")).status).to.equal(423);
    for (let guess = 0; guess < 10; guess += 1) await unlock(browser, { password: "wrong" });
    expect(await codeOf(unlock(browser, { password }))).to.deep.equal([429, "RATE_LIMITED"]);
  });

  it("After five wrong PINs in 15 minutes only the password unlocks, also after concurrent ones", async () => {
    const browser = await openDesk();
    await setPin(browser);
    await lock(browser);
    const guesses = await Promise.all(Array.from({ length: 8 }, () => unlock(browser, { pin: "9999" })));
    expect(guesses.map(({ status }) => status)).to.have.members([401, 401, 401, 401, 401, 403, 403, 403]);
    const left = guesses.flatMap(({ body }) => (body.attempts_left === undefined ? [] : [body.attempts_left]));
    expect(left).to.have.members([0, 1, 2, 3, 4]);
    expect(await codeOf(unlock(browser, { pin })), "the right one").to.deep.equal([403, "PASSWORD_REQUIRED"]);
    const other = new TestBrowser(platform.client);
    await other.logIn(browser.user, password);
    await lock(other);
    expect((await unlock(other, { pin })).status, "in another browser").to.equal(403);
    expect((await unlock(browser, { password })).status).to.equal(200);
    await lock(browser);
    expect((await unlock(browser, { pin })).status, "after the password").to.equal(200);
  });

  it("A right PIN starts the count of wrong ones again, and so do 15 minutes", async () => {
    const browser = await openDesk();
    await setPin(browser);
    await lock(browser);
    const guess = async (times: number) => {
      for (let at = 0; at < times; at += 1) expect((await unlock(browser, { pin: "9999" })).status).to.equal(401);
    };
    await guess(4);
    expect((await unlock(browser, { pin })).status).to.equal(200);
    await lock(browser);
    await guess(5);
    expect((await unlock(browser, { pin })).status).to.equal(403);
    await platform.owner("core.rate_limits").where("key", "like", "identity.wrong-pins:%").update({ expire: 1 });
    expect((await unlock(browser, { pin })).status).to.equal(200);
  });

  it("A PIN can't log in, and a user without one needs the password", async () => {
    const browser = await openDesk();
    await lock(browser);
    expect(await codeOf(unlock(browser, { pin }))).to.deep.equal([403, "PASSWORD_REQUIRED"]);
    await unlock(browser, { password });
    await setPin(browser);
    expect((await new TestBrowser(platform.client).logIn(browser.user, pin)).status).to.equal(401);
    expect((await browser.get("/auth/me")).body.has_pin).to.equal(true);
    expect((await browser.call("DELETE", "/users/me/pin")).status).to.equal(204);
    expect((await browser.get("/auth/me")).body.has_pin).to.equal(false);
    expect((await kindsOf(browser.user)).at(-1)).to.equal("identity.pin_removed");
  });

  it("A PIN has 4 to 8 digits, is not obvious, and needs the right password", async () => {
    const browser = await openDesk();
    for (const bad of ["258", "123456789", "25 80", "abcd", "٢٥٨٠", "1111", "1234", "87654321", ""]) {
      const answer = await setPin(browser, { password, pin: bad });
      expect([answer.status, answer.body.errors?.[0].pointer], bad).to.deep.equal([400, "/pin"]);
    }
    expect(await codeOf(setPin(browser, { password: "wrong", pin }))).to.deep.equal([401, "INVALID_CREDENTIALS"]);
    expect((await browser.get("/auth/me")).body.has_pin).to.equal(false);
    for (const good of ["1235", "2580", "90210000"])
      expect((await setPin(browser, { password, pin: good })).status, good).to.equal(204);
  });

  it("The database stores an argon2id hash of the PIN, and a password set by a manager removes it", async () => {
    const browser = await openDesk();
    await setPin(browser);
    const row = () => platform.owner("identity.users").where({ username: browser.user }).first("pin_hash", "user_id");
    const { pin_hash: hash, user_id: id } = (await row()) as { pin_hash: string; user_id: string };
    expect(hash).to.match(/^\$argon2id\$/);
    await platform.client.patch(`/users/${id}`, { password }, { token: hotel.managerToken });
    expect((await row())?.pin_hash).to.equal(null);
  });

  it("A locked session ends by a deactivation, and 12 h after its last use", async () => {
    const [one, two] = [await openDesk(), await openDesk()];
    const { user_id: id } = (await one.get("/auth/me")).body as { user_id: string };
    for (const browser of [one, two]) await lock(browser);
    await platform.client.delete(`/users/${id}`, { token: hotel.managerToken });
    expect((await one.get("/auth/me")).status).to.equal(401);
    const sessions = platform.owner("identity.sessions").whereNotNull("locked_at");
    await sessions.update({ last_used_at: platform.owner.raw("now() - interval '12 hours'") });
    expect((await two.get("/auth/me")).status).to.equal(401);
    expect((await unlock(two, { password })).status).to.equal(401);
  });

  it("Another page can neither lock nor unlock it", async () => {
    const browser = await openDesk();
    const from = { cookie: browser.cookie, "sec-fetch-site": "cross-site" };
    const send = (path: string, body?: unknown) => platform.client.post(path, body, { headers: from });
    expect(await codeOf(send("/auth/session/lock"))).to.deep.equal([403, "CROSS_ORIGIN"]);
    await lock(browser);
    expect(await codeOf(send("/auth/session/unlock", { password }))).to.deep.equal([403, "CROSS_ORIGIN"]);
    expect((await browser.get("/auth/me")).status).to.equal(423);
  });

  it("The hotel says after how many minutes a page locks, 10 by default and 0 for never", async () => {
    const asManager = { token: hotel.managerToken };
    const browser = await openDesk();
    expect((await browser.get("/auth/me")).body.hotel.desk_locks_after_minutes).to.equal(10);
    for (const minutes of [0, 1440]) {
      await platform.client.patch("/hotels/me", { desk_locks_after_minutes: minutes }, asManager);
      expect((await browser.get("/hotels/me")).body.desk_locks_after_minutes).to.equal(minutes);
    }
    for (const minutes of [-1, 1441, 1.5, null])
      expect(
        (await platform.client.patch("/hotels/me", { desk_locks_after_minutes: minutes }, asManager)).status,
      ).to.equal(400);
    const { body } = await platform.client.get("/audit?kind=identity.hotel_changed&limit=1", asManager);
    expect(body.items[0].details).to.deep.equal({ desk_locks_after_minutes: [0, 1440] });
  });
});

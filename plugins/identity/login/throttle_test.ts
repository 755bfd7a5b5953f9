import { expect } from "chai";

import { networkOf } from "../../../core/mod.ts";
import { boot } from "../../../core/boot.ts";
import { countsOf } from "../../../core/http/limits/counters.ts";
import { signUpHotel, startTestPlatform, TestClient, type TestPlatform } from "#testing/mod.ts";
import { findTimeDifference } from "../../../testing/timing.ts";
import { serve } from "../../../core/serve.ts";
import { createLoginThrottle } from "./throttle.ts";

const password = "correct-horse-battery";
const failures = 3;

describe("The throttle of logins", () => {
  let platform: TestPlatform;
  before(async () => {
    // Trusts one proxy, so that a test can come from any address.
    platform = await startTestPlatform({
      worker: false,
      variables: { FAILED_LOGINS: String(failures), TRUSTED_PROXIES: "1" },
    });
  });
  after(() => platform.close());
  beforeEach(() => platform.owner("core.rate_limits").delete());

  const attempt = (username: string, tried: string, address = "192.0.2.1", client = platform.client) =>
    client.post("/auth/token", { username, password: tried }, { headers: { "x-forwarded-for": address } });
  const fail = async (username: string, times: number, address?: string): Promise<number[]> => {
    const statuses: number[] = [];
    for (let time = 0; time < times; time += 1) {
      statuses.push((await attempt(username, `not-the-password-${time}`, address)).status);
    }
    return statuses;
  };

  it("Too many wrong passwords block one account at one address, and the refusal gives the time to wait", async () => {
    const { username } = await signUpHotel(platform.client);
    expect(await fail(username, failures)).to.deep.equal([401, 401, 401]);
    const refused = await attempt(username, password);
    expect([refused.status, refused.body.code]).to.deep.equal([429, "RATE_LIMITED"]);
    expect(Number(refused.headers.get("retry-after"))).to.be.within(890, 900);
    expect((await attempt(username.toUpperCase(), password)).status, "in upper case").to.equal(429);
  });

  it("An unknown user is treated like an existing one", async () => {
    const { username } = await signUpHotel(platform.client);
    const said = async (name: string) => {
      const answers = [];
      for (let time = 0; time <= failures; time += 1) {
        const { status, headers, body } = await attempt(name, "not-the-password");
        const { request_id: _, ...words } = body;
        answers.push([status, headers.get("retry-after"), JSON.stringify(words)]);
      }
      return answers;
    };
    const known = await said(username);
    await platform.owner("core.rate_limits").delete();
    expect(await said("nobody-of-that-name")).to.deep.equal(known);
  });

  it("Right passwords do not count, and the first one clears the wrong ones", async () => {
    const { username } = await signUpHotel(platform.client);
    for (let round = 0; round < 3; round += 1) {
      expect(await fail(username, failures - 1)).to.deep.equal([401, 401]);
      expect((await attempt(username, password)).status).to.equal(200);
      expect((await attempt(username, password)).status).to.equal(200);
    }
  });

  it("The desk logs in while strangers guess at its account from many addresses", async () => {
    const { username } = await signUpHotel(platform.client);
    expect((await attempt(username, password, "198.51.100.7")).status).to.equal(200);
    for (let stranger = 0; stranger < 10; stranger += 1) await fail(username, failures, `203.0.113.${stranger}`);
    expect((await attempt(username, password, "203.0.113.99")).status, "a new stranger").to.equal(429);
    expect((await attempt(username, password, "198.51.100.7")).status, "the desk").to.equal(200);
  });

  it("An address that tries one password on many accounts is refused, also for its own account", async () => {
    const own = await signUpHotel(platform.client);
    const limit = failures * 10;
    for (let guess = 0; guess < limit; guess += 1) {
      expect((await attempt(`user-${guess}`, "summer-of-2026")).status, `guess ${guess}`).to.equal(401);
      if (guess % 10 === 0) expect((await attempt(own.username, password)).status).to.equal(200);
    }
    expect((await attempt("user-next", "summer-of-2026")).status).to.equal(429);
    expect((await attempt("user-next", "summer-of-2026", "192.0.2.2")).status).to.equal(401);
  });

  it("A hundred guesses at once get no more tries than guesses in a row", async () => {
    const { username } = await signUpHotel(platform.client);
    const guesses = Array.from({ length: 60 }, (_, guess) =>
      attempt(username, guess === 30 ? password : `not-the-password-${guess}`),
    );
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect(statuses.filter((status) => status !== 429).length).to.be.at.most(failures);
    expect(statuses.filter((status) => status === 429).length).to.be.at.least(60 - failures);
  });

  it("Many guesses at once begin up to the limit, and the rest are refused", async () => {
    const throttle = createLoginThrottle(countsOf(platform.owner, "identity"), { failures, calls: 1000 });
    for (let round = 0; round < 3; round += 1) {
      const attempts = Array.from({ length: 20 }, () => throttle.attempt(`anna-${round}`, "192.0.2.1", undefined));
      const begun = await Promise.allSettled(attempts.map((one) => one.begin()));
      expect(begun.filter(({ status }) => status === "fulfilled").length).to.equal(failures);
      for (const one of attempts) one.end();
      // No work is in progress afterwards.
      const next = throttle.attempt(`anna-${round}`, "192.0.2.1", undefined);
      await next.begin();
      next.end();
    }
  });

  it("All web processes count together", async () => {
    const { username } = await signUpHotel(platform.client);
    const other = await serve(await boot("web", platform.variables));
    try {
      const otherClient = new TestClient(`http://127.0.0.1:${other.port}`);
      await fail(username, failures - 1);
      expect((await attempt(username, "not-the-password", undefined, otherClient)).status).to.equal(401);
      expect((await attempt(username, password)).status).to.equal(429);
      expect((await attempt(username, password, undefined, otherClient)).status).to.equal(429);
    } finally {
      await other.close();
    }
  });

  it("The limit ends when its time has passed", async () => {
    const { username } = await signUpHotel(platform.client);
    await fail(username, failures);
    expect((await attempt(username, password)).status).to.equal(429);
    await platform.owner.raw("UPDATE core.rate_limits SET expire = expire - 900 * 1000");
    expect((await attempt(username, password)).status).to.equal(200);
  });

  it("Wrong old passwords of a password change count too", async () => {
    const { managerToken: token } = await signUpHotel(platform.client);
    const change = (old: string) =>
      platform.client.post(
        "/users/me/password",
        { old_password: old, new_password: "another-horse-battery" },
        { token },
      );
    for (let time = 0; time < failures; time += 1) expect((await change("not-the-password")).status).to.equal(401);
    expect((await change(password)).status).to.equal(429);
  });

  it("A user logs in with a password that a manager has just set, after too many wrong ones", async () => {
    const { managerToken: token, receptionistToken } = await signUpHotel(platform.client);
    const { user_id: id, username } = (await platform.client.get("/auth/me", { token: receptionistToken })).body;
    await fail(username as string, failures);
    expect((await attempt(username as string, password)).status, "the old right password").to.equal(429);
    const change = { password: "another-horse-battery" };
    expect((await platform.client.patch(`/users/${id}`, change, { token })).status).to.equal(200);
    expect((await attempt(username as string, change.password)).status, "the new password").to.equal(200);
    await fail(username as string, failures);
    expect((await attempt(username as string, change.password)).status, "wrong passwords count again").to.equal(429);
  });

  it("A session is renewed although strangers used up the calls of its address", async () => {
    const limited = await startTestPlatform({ worker: false, variables: { LOGINS_PER_MINUTE: "4" } });
    try {
      const { username } = await signUpHotel(limited.client); // logs in twice
      const { body } = await limited.client.post("/auth/token", { username, password });
      const refresh = (token: string) =>
        limited.client.post("/auth/token", { grant_type: "refresh_token", refresh_token: token });
      const guess = () => limited.client.post("/auth/token", { username: "nobody-of-that-name", password });
      await guess();
      expect((await guess()).status, "a stranger's login").to.equal(429);
      const renewed = await refresh(body.refresh_token as string);
      expect(renewed.status, "the desk's renewal").to.equal(200);
      // A session has its own budget, so its token must not evade the limit.
      let token = renewed.body.refresh_token as string;
      for (let time = 0; time < 3; time += 1) token = (await refresh(token)).body.refresh_token as string;
      const fifth = await refresh(token);
      expect([fifth.status, fifth.body.code]).to.deep.equal([429, "RATE_LIMITED"]);
      await limited.owner("core.rate_limits").delete();
      expect((await refresh(token)).status, "a refusal does not use the token").to.equal(200);
    } finally {
      await limited.close();
    }
  });

  describe("Strangers behind the desk's address", () => {
    const calls = 40;
    let shared: TestPlatform;
    before(async () => {
      shared = await startTestPlatform({
        worker: false,
        variables: { FAILED_LOGINS: String(failures), LOGINS_PER_MINUTE: String(calls), TRUSTED_PROXIES: "1" },
      });
    });
    after(() => shared.close());
    beforeEach(() => shared.owner("core.rate_limits").delete());

    const logIn = (username: string, tried: string, deviceToken?: string, address = "192.0.2.1") =>
      shared.client.post(
        "/auth/token",
        { username, password: tried, ...(deviceToken === undefined ? {} : { device_token: deviceToken }) },
        { headers: { "x-forwarded-for": address } },
      );
    /** A user who has logged in at this address, and the device token of that login. */
    const arrange = async (address = "192.0.2.1") => {
      const { username, managerToken } = await signUpHotel(shared.client);
      const { body } = await logIn(username, password, undefined, address);
      return { username, managerToken, device: body.device_token as string };
    };

    it("After ten wrong passwords a known device logs in, and a login without its token is refused", async () => {
      const { username, device } = await arrange();
      for (let guess = 0; guess <= failures; guess += 1) await logIn(username, `wrong-password-${guess}`);
      expect((await logIn(username, password)).status, "without a token").to.equal(429);
      const answer = await logIn(username, password, device);
      expect(answer.status, "with the token").to.equal(200);
      expect(answer.body.device_token).to.be.a("string");
      // The right password from the device gives the strangers no new guesses.
      expect((await logIn(username, password)).status).to.equal(429);
      // The device is known, so it works from any address.
      expect((await logIn(username, password, device, "203.0.113.9")).status).to.equal(200);
    });

    it("After the address's guesses are used up, known pairs log in by device or by address", async () => {
      const known = await arrange();
      const elsewhere = await arrange("198.51.100.1");
      for (let guess = 0; guess < failures * 10; guess += 1) await logIn(`unknown-${guess}`, "summer-of-2026");
      expect((await logIn("unknown-next", "summer-of-2026")).status, "a stranger").to.equal(429);
      expect((await logIn(elsewhere.username, password)).status, "a user who is new here").to.equal(429);
      expect((await logIn(elsewhere.username, password, elsewhere.device)).status, "on a known device").to.equal(200);
      expect((await logIn(known.username, password)).status, "from a known address").to.equal(200);
    });

    it("After the address's calls are used up, known pairs log in with calls of their own", async () => {
      const known = await arrange();
      const elsewhere = await arrange("198.51.100.1");
      await shared.owner.raw("UPDATE core.rate_limits SET points = 1000 WHERE key LIKE 'identity.calls:%'");
      expect((await logIn("unknown-next", "summer-of-2026")).status, "a stranger").to.equal(429);
      expect((await logIn(known.username, password)).status, "from a known address").to.equal(200);
      expect((await logIn(elsewhere.username, password, elsewhere.device)).status, "on a known device").to.equal(200);
      await shared.owner.raw("UPDATE core.rate_limits SET points = 1000 WHERE key LIKE 'identity.calls%'");
      expect((await logIn(known.username, password)).status, "with its own calls used up").to.equal(429);
    });

    it("A stolen device token has as many guesses as an address and takes none from its owner", async () => {
      const { username, device } = await arrange();
      const thief = "203.0.113.66";
      const guesses = failures * 3;
      const statuses: number[] = [];
      for (let guess = 0; guess < guesses; guess += 1)
        statuses.push((await logIn(username, `wrong-password-${guess}`, device, thief)).status);
      expect(statuses.filter((status) => status === 401).length).to.equal(failures * 2);
      expect((await logIn(username, password, device, thief)).status).to.equal(429);
      expect((await logIn(username, password, device)).status, "the owner, at the known address").to.equal(200);
    });

    it("Another user's device token, an old one and random text do not count", async () => {
      const [one, other] = [await arrange(), await arrange("198.51.100.1")];
      for (let guess = 0; guess <= failures; guess += 1) await logIn(one.username, `wrong-password-${guess}`);
      for (const token of [other.device, "x", "A".repeat(70)])
        expect((await logIn(one.username, password, token)).status, token).to.equal(429);
      const change = { old_password: password, new_password: "another-horse-battery" };
      const { managerToken: token } = one;
      expect((await shared.client.post("/users/me/password", change, { token })).status).to.equal(204);
      for (let guess = 0; guess <= failures; guess += 1) await logIn(one.username, `wrong-password-${guess}`);
      expect((await logIn(one.username, change.new_password, one.device)).status, "of the old password").to.equal(429);
      expect((await logIn("unknown-name", "x", one.device)).status).to.equal(401);
    });

    it("A user changes the password while strangers guess at it", async () => {
      const { username, managerToken: token } = await arrange();
      for (let guess = 0; guess <= failures; guess += 1) await logIn(username, `wrong-password-${guess}`);
      const change = { old_password: password, new_password: "another-horse-battery" };
      const options = { token, headers: { "x-forwarded-for": "192.0.2.1" } };
      expect((await shared.client.post("/users/me/password", change, options)).status).to.equal(204);
    });
  });

  it("The calls from one address are limited, right ones too", async () => {
    const limited = await startTestPlatform({ worker: false, variables: { LOGINS_PER_MINUTE: "4" } });
    try {
      const { username } = await signUpHotel(limited.client); // logs in twice
      const log = () => limited.client.post("/auth/token", { username, password });
      // The pair is known by then and has as many calls of its own.
      for (let time = 0; time < 4; time += 1) expect((await log()).status).to.equal(200);
      const fifth = await log();
      expect([fifth.status, fifth.body.code]).to.deep.equal([429, "RATE_LIMITED"]);
      expect(Number(fifth.headers.get("retry-after"))).to.be.within(50, 60);
      const refresh = { grant_type: "refresh_token", refresh_token: "x" };
      expect((await limited.client.post("/auth/token", refresh)).status).to.equal(429);
    } finally {
      await limited.close();
    }
  });

  it("The networks that one caller has count as one address", () => {
    expect(networkOf("::ffff:192.0.2.1")).to.equal("192.0.2.1");
    expect(networkOf("2001:db8:1:2:3:4:5:6")).to.equal(networkOf("2001:0DB8:1:2::9"));
    expect(networkOf("2001:db8::1")).to.equal("2001:db8:0:0::/64");
    expect(networkOf("2001:db8:0:1::1")).not.to.equal(networkOf("2001:db8::1"));
    expect(networkOf("::1")).to.equal("0:0:0:0::/64");
  });
});

describe("The time of a login", () => {
  it("It differs between existing and unknown users by no more than chance", async function () {
    this.timeout(60_000);
    const platform = await startTestPlatform({ worker: false, variables: { FAILED_LOGINS: "100000" } });
    try {
      const { username } = await signUpHotel(platform.client);
      const attempt = (name: string) => () =>
        platform.client.post("/auth/token", { username: name, password: "not-the-password" });
      const told = await findTimeDifference(attempt(username), attempt("nobody-of-that-name"), {
        samples: 40,
        part: 0.2,
      });
      expect(told).to.equal(undefined);
    } finally {
      await platform.close();
    }
  });
});

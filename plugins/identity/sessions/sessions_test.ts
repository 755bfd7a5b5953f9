import { expect } from "chai";
import { spawn } from "node:child_process";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { boot } from "../../../core/boot.ts";
import {
  eventually,
  logIn,
  poisonRows,
  signUpHotel,
  startTestPlatform,
  TestClient,
  type TestPlatform,
} from "#testing/mod.ts";

const password = "correct-horse-battery";
const seconds = 4_000;

/** A separate web process on the same database. */
async function startWebProcess(variables: Readonly<Record<string, string>>) {
  const file = path.join(import.meta.dirname, "../../../bin/web.ts");
  const child = spawn(process.execPath, ["--import", "tsx", file], {
    env: { PATH: path.dirname(process.execPath), ...variables },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    child.once("message", (message) => resolve((message as { port: number }).port));
    child.once("exit", () => reject(new Error("The web process did not start.")));
  });
  return {
    client: new TestClient(`http://127.0.0.1:${port}`),
    close: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

describe("Sessions", () => {
  let platform: TestPlatform;
  let other: Awaited<ReturnType<typeof startWebProcess>>;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    other = await startWebProcess(platform.variables);
  });
  after(async () => {
    await other.close();
    await platform.close();
  });

  const login = (username: string, client = platform.client) => client.post("/auth/token", { username, password });
  const refresh = (token: string, client = platform.client) =>
    client.post("/auth/token", { grant_type: "refresh_token", refresh_token: token });
  const statusOf = async (token: string, client: TestClient, where = "/auth/me"): Promise<number> =>
    (await client.get(where, { token })).status;

  /** Both processes have seen the token. After the change, both refuse it within seconds. */
  const endsOnBoth = async (token: string, happen: () => Promise<{ status: number }>): Promise<void> => {
    for (const client of [platform.client, other.client]) expect(await statusOf(token, client)).to.equal(200);
    expect((await happen()).status).to.be.within(200, 204);
    for (const client of [platform.client, other.client]) {
      await eventually(async () => ((await statusOf(token, client)) === 401 ? true : undefined), seconds);
    }
  };

  it("A log-out ends them on every process within seconds, with the refresh token", async () => {
    const { username } = await signUpHotel(platform.client);
    const { body } = await login(username);
    const kept = await logIn(platform.client, username, password);
    const token = body.access_token as string;
    await endsOnBoth(token, () => platform.client.post("/auth/revoke", undefined, { token }));
    expect((await refresh(body.refresh_token as string, other.client)).status).to.equal(401);
    expect(await statusOf(kept, other.client), "another login of the same user").to.equal(200);
  });

  it("A deactivation ends them on every process within seconds, and a reactivation does not restore them", async () => {
    const hotel = await signUpHotel(platform.client);
    const token = hotel.receptionistToken;
    const { user_id: id } = (await platform.client.get("/auth/me", { token })).body;
    const asManager = { token: hotel.managerToken };
    await endsOnBoth(token, () => platform.client.delete(`/users/${id}`, asManager));
    expect((await platform.client.patch(`/users/${id}`, { active: true }, asManager)).status).to.equal(200);
    await sleep(2_100);
    expect(await statusOf(token, other.client)).to.equal(401);
  });

  it("A new password from the manager ends them on every process within seconds", async () => {
    const hotel = await signUpHotel(platform.client);
    const token = hotel.receptionistToken;
    const { user_id: id, username } = (await platform.client.get("/auth/me", { token })).body;
    const change = { password: "another-horse-battery" };
    await endsOnBoth(token, () => other.client.patch(`/users/${id}`, change, { token: hotel.managerToken }));
    expect((await login(username as string)).status).to.equal(401);
    expect(await logIn(platform.client, username as string, change.password)).to.be.a("string");
  });

  it("A change of the own password ends all but the session that made it", async () => {
    const { username } = await signUpHotel(platform.client);
    const [here, there] = [await login(username), await login(username)];
    const token = here.body.access_token as string;
    const change = { old_password: password, new_password: "another-horse-battery" };
    await endsOnBoth(there.body.access_token as string, () =>
      platform.client.post("/users/me/password", change, { token }),
    );
    expect((await refresh(there.body.refresh_token as string)).status).to.equal(401);
    for (const client of [platform.client, other.client]) expect(await statusOf(token, client)).to.equal(200);
    expect((await refresh(here.body.refresh_token as string)).status).to.equal(200);
    expect((await login(username)).status).to.equal(401);
  });

  it("A new role applies on every process within seconds", async () => {
    const hotel = await signUpHotel(platform.client);
    const token = hotel.receptionistToken;
    const { user_id: id } = (await platform.client.get("/auth/me", { token })).body;
    for (const [role, before, after] of [
      ["manager", 403, 200],
      ["receptionist", 200, 403],
    ] as const) {
      for (const client of [platform.client, other.client])
        expect(await statusOf(token, client, "/users/")).to.equal(before);
      await platform.client.patch(`/users/${id}`, { role }, { token: hotel.managerToken });
      for (const client of [platform.client, other.client]) {
        await eventually(
          async () => ((await statusOf(token, client, "/users/")) === after ? true : undefined),
          seconds,
        );
      }
    }
  });

  /** As if the refresh tokens of a user had been used this many seconds before. */
  const ageUses = (username: string, by: number) =>
    platform.owner.raw(
      `UPDATE identity.refresh_tokens t SET used_at = used_at - make_interval(secs => ?)
       FROM identity.sessions s JOIN identity.users u USING (hotel_id, user_id)
       WHERE t.hotel_id = s.hotel_id AND t.session_id = s.session_id AND u.username = ?`,
      [by, username],
    );
  const tokensOf = async (username: string): Promise<number> => {
    const { rows } = (await platform.owner.raw(
      `SELECT count(*)::int AS tokens FROM identity.refresh_tokens JOIN identity.sessions USING (hotel_id, session_id)
       JOIN identity.users USING (hotel_id, user_id) WHERE username = ?`,
      [username],
    )) as { rows: { tokens: number }[] };
    return rows[0]?.tokens ?? 0;
  };

  it("Twenty uses of a refresh token at once, on two processes, get the same next token", async () => {
    const { username } = await signUpHotel(platform.client);
    const { body } = await login(username);
    const stored = await tokensOf(username);
    const uses = Array.from({ length: 20 }, (_, use) =>
      refresh(body.refresh_token as string, use % 2 === 0 ? platform.client : other.client),
    );
    const answers = await Promise.all(uses);
    expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([200]));
    const next = new Set(answers.map((answer) => answer.body.refresh_token as string));
    expect(next.size).to.equal(1);
    expect(next.has(body.refresh_token as string)).to.equal(false);
    expect(await tokensOf(username), "one token more is stored").to.equal(stored + 1);
    for (const answer of answers)
      expect(await statusOf(answer.body.access_token as string, other.client)).to.equal(200);
    expect((await refresh([...next][0] ?? "")).status).to.equal(200);
  });

  it("The same next token is given for 10 s, also if that one has been used since", async () => {
    const { username } = await signUpHotel(platform.client);
    const first = (await login(username)).body.refresh_token as string;
    const second = (await refresh(first)).body.refresh_token as string;
    const third = (await refresh(second)).body.refresh_token as string;
    await ageUses(username, 4);
    expect((await refresh(first, other.client)).body.refresh_token).to.equal(second);
    expect((await refresh(second)).body.refresh_token).to.equal(third);
    expect((await refresh(third)).status).to.equal(200);
  });

  it("A second use of a refresh token after 10 s ends the session with its newest token", async () => {
    const { username } = await signUpHotel(platform.client);
    const first = (await login(username)).body.refresh_token as string;
    const { body } = await refresh(first);
    await ageUses(username, 11);
    expect((await refresh(first)).status).to.equal(401);
    expect((await refresh(body.refresh_token as string)).status).to.equal(401);
    const token = body.access_token as string;
    await eventually(async () => ((await statusOf(token, other.client)) === 401 ? true : undefined), seconds);
  });

  it("Another client's use of a used refresh token ends the session at once", async () => {
    const { username } = await signUpHotel(platform.client);
    const first = (await login(username)).body.refresh_token as string;
    const { body } = await refresh(first);
    const answer = await platform.client.post(
      "/auth/token",
      { grant_type: "refresh_token", refresh_token: first },
      { headers: { "user-agent": "another browser" } },
    );
    expect([answer.status, answer.body.code]).to.deep.equal([401, "INVALID_CREDENTIALS"]);
    expect((await refresh(body.refresh_token as string)).status).to.equal(401);
  });

  it("A session lasts at most 30 days, however often it is renewed", async () => {
    const { username } = await signUpHotel(platform.client);
    const first = (await login(username)).body.refresh_token as string;
    const second = (await refresh(first)).body.refresh_token as string;
    const setAge = (days: number) =>
      platform.owner.raw(
        `UPDATE identity.sessions s SET created_at = now() - make_interval(days => ?) FROM identity.users u
         WHERE u.hotel_id = s.hotel_id AND u.user_id = s.user_id AND u.username = ?`,
        [days, username],
      );
    await setAge(29);
    const third = (await refresh(second)).body.refresh_token as string;
    const { rows } = (await platform.owner.raw(
      `SELECT max(extract(epoch FROM t.expires_at - now()) / 86400)::float AS days FROM identity.refresh_tokens t
       WHERE token_hash = sha256(decode(translate(?, '-_', '+/'), 'base64'))`,
      [third],
    )) as { rows: { days: number }[] };
    expect(rows[0]?.days).to.be.within(0.9, 1);
    await setAge(30);
    expect((await refresh(third)).status).to.equal(401);
  });

  it("A chain of refresh tokens renews a session, and each token works once", async () => {
    const { username } = await signUpHotel(platform.client);
    let { body } = await login(username);
    for (let link = 0; link < 5; link += 1) body = (await refresh(body.refresh_token as string)).body;
    expect(await statusOf(body.access_token as string, other.client)).to.equal(200);
  });

  it("An expired or malformed refresh token renews no session", async () => {
    const { username } = await signUpHotel(platform.client);
    const { body } = await login(username);
    await platform.owner.raw("UPDATE identity.refresh_tokens SET expires_at = now() - interval '1 second'");
    for (const token of [body.refresh_token, "x", "", body.access_token, `${body.refresh_token as string}AA`]) {
      const answer = await refresh(String(token).slice(0, 256));
      expect([answer.status, answer.body.code], String(token)).to.deep.equal([401, "INVALID_CREDENTIALS"]);
    }
  });

  it("A login that was checked before a deactivation or a change opens no session", async () => {
    // In either order, the race must not leave a live session of an inactive user.
    const hotel = await signUpHotel(platform.client);
    const { user_id: id, username } = (await platform.client.get("/auth/me", { token: hotel.receptionistToken })).body;
    const asManager = { token: hotel.managerToken };
    for (let round = 0; round < 6; round += 1) {
      await platform.client.patch(`/users/${id}`, { active: true }, asManager);
      const logins = Array.from({ length: 4 }, () => login(username as string));
      await sleep(10 + round * 8);
      await platform.client.delete(`/users/${id}`, asManager);
      await Promise.all(logins);
      const live = await platform.owner("identity.sessions").where({ user_id: id, revoked_at: null });
      expect(live).to.deep.equal([]);
    }
  });

  it("A manager remains when two managers dismiss each other at once", async () => {
    for (let round = 0; round < 5; round += 1) {
      const hotel = await signUpHotel(platform.client);
      const second = { username: `second-${process.pid}-${round}`, password };
      await platform.client.post(
        "/users/",
        { ...second, role: "manager", must_change_password: false },
        { token: hotel.managerToken },
      );
      const tokens = [hotel.managerToken, await logIn(platform.client, second.username, password)];
      const ids = await Promise.all(
        tokens.map(async (token) => (await platform.client.get("/auth/me", { token })).body.user_id as string),
      );
      const dismissals = await Promise.all([
        platform.client.delete(`/users/${ids[1]}`, { token: tokens[0] }),
        other.client.patch(`/users/${ids[0]}`, { role: "receptionist" }, { token: tokens[1] }),
      ]);
      expect(dismissals.map(({ status }) => status).filter((status) => status < 300).length).to.equal(1);
      const left = await platform
        .owner("identity.users")
        .where({ hotel_id: hotel.hotelId, role: "manager", active: true });
      expect(left.length).to.equal(1);
    }
  });

  it("Sessions are deleted once they are useless and not before, even beside another hotel's bad row", async () => {
    const hotel = await signUpHotel(platform.client);
    const [live, expired, ended] = [
      await login(hotel.username),
      await login(hotel.username),
      await login(hotel.username),
    ];
    const sid = ({ body }: Awaited<typeof live>): string =>
      JSON.parse(Buffer.from((body.access_token as string).split(".")[1] ?? "", "base64url").toString()).sid as string;
    await refresh(live.body.refresh_token as string);
    await platform.owner.raw(
      "UPDATE identity.refresh_tokens SET expires_at = now() - interval '1 minute' WHERE session_id = ?",
      [sid(expired)],
    );
    await platform.owner.raw("UPDATE identity.sessions SET created_at = now() - interval '1 day' WHERE hotel_id = ?", [
      hotel.hotelId,
    ]);
    await platform.owner.raw(
      "UPDATE identity.sessions SET revoked_at = now() - interval '2 hours' WHERE session_id = ?",
      [sid(ended)],
    );
    const poisoned = await signUpHotel(platform.client);
    const ofPoisoned = () => platform.owner("identity.sessions").where({ hotel_id: poisoned.hotelId });
    await ofPoisoned().update({ revoked_at: new Date("2020-01-01"), created_at: new Date("2020-01-01") });
    const before = (await ofPoisoned()).length;
    const tables = ["identity.sessions", "identity.refresh_tokens"];
    const cure = await poisonRows(platform.owner, tables, { column: "hotel_id", id: poisoned.hotelId });
    const worker = await boot("worker", platform.variables);
    try {
      const cleaning = worker.schedules.find(({ schedule }) => schedule.name === "clean-sessions");
      await cleaning?.schedule.run(new AbortController().signal);
      expect(await ofPoisoned(), "of a hotel with a bad row").to.have.length(before);
    } finally {
      await worker.close();
      await cure();
    }
    const left = (await platform
      .owner("identity.sessions")
      .where({ hotel_id: hotel.hotelId })
      .pluck("session_id")) as string[];
    expect(left).to.include(sid(live));
    expect(left).not.to.include(sid(expired));
    expect(left).not.to.include(sid(ended));
    // The used token stays until it would have expired. Its second use still reveals a theft.
    await ageUses(hotel.username, 11);
    expect((await refresh(live.body.refresh_token as string)).status).to.equal(401);
    const [family] = await platform.owner("identity.sessions").where({ session_id: sid(live) });
    expect(family.revoked_at).to.be.an.instanceOf(Date);
  });
});

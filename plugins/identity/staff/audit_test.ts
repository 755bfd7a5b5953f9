/** Checks the contents of the security log, the contents that it must not have, and its readers. */
import { expect } from "chai";

import { runTransaction, crossTenantRoleOf, roleOf, sqlStateOf } from "../../../core/db/database.ts";
import { openPool } from "../../../core/db/pool.ts";
import { newId } from "../../../core/values/ids.ts";
import { loginRole, urlAs } from "../../../core/db/role_names.ts";
import {
  eventually,
  logIn,
  signUpHotel,
  startTestPlatform,
  type TestHotel,
  type TestPlatform,
  testSecret,
} from "#testing/mod.ts";

const password = "correct-horse-battery";

describe("The security log of a hotel", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false, variables: { FAILED_LOGINS: "3", TRUSTED_PROXIES: "1" } });
  });
  after(() => platform.close());

  interface Shown {
    readonly kind: string;
    readonly occurrences: number;
    readonly address: string | null;
    readonly actor: { readonly user_id: string; readonly username: string } | null;
    readonly subject: { readonly id: string; readonly name: string } | null;
    readonly details: Readonly<Record<string, unknown>>;
    readonly event_id: string;
    readonly at: string;
  }
  const eventsOf = async ({ managerToken: token }: TestHotel, query = ""): Promise<Shown[]> => {
    const { status, body, text } = await platform.client.get(`/audit?limit=200${query}`, { token });
    expect(status, text).to.equal(200);
    return body.items as Shown[];
  };
  /** Waits for an event that is written after the answer. */
  const eventOf = (hotel: TestHotel, kind: string): Promise<Shown> =>
    eventually(async () => (await eventsOf(hotel, `&kind=${kind}`))[0]);
  const login = (username: string, tried: string, address = "192.0.2.1") =>
    platform.client.post(
      "/auth/token",
      { username, password: tried },
      { headers: { "x-forwarded-for": address, "user-agent": "Desk/1.0", "x-request-id": `login-of-${username}` } },
    );

  it("It records changes of users, roles, passwords, the hotel and policies, with actor and address", async () => {
    const hotel = await signUpHotel(platform.client);
    const token = hotel.managerToken;
    const headers = { "x-forwarded-for": "198.51.100.4" };
    const { user_id: managerId } = (await platform.client.get("/auth/me", { token })).body;
    const username = `carla-${hotel.username}`;
    const made = await platform.client.post(
      "/users/",
      { username, password, role: "receptionist" },
      { token, headers },
    );
    const path = `/users/${made.body.user_id}`;
    const changes = [
      () => platform.client.patch(path, { role: "manager" }, { token, headers }),
      () => platform.client.patch(path, { password: "another-horse-battery" }, { token, headers }),
      () => platform.client.delete(path, { token, headers }),
      () => platform.client.patch("/hotels/me", { name: "Another name" }, { token, headers }),
      () => platform.client.patch("/policies", { overstays: "leave" }, { token, headers }),
    ];
    for (const change of changes) expect((await change()).status).to.be.within(200, 204);
    const events = (await eventsOf(hotel)).filter(({ address }) => address === "198.51.100.4").toReversed();
    const user = { type: "user", id: made.body.user_id as string, name: username };
    expect(events.map(({ kind, subject, details }) => ({ kind, subject, details }))).to.deep.equal([
      { kind: "identity.user_created", subject: user, details: { role: "receptionist" } },
      { kind: "identity.user_changed", subject: user, details: { role: ["receptionist", "manager"] } },
      { kind: "identity.password_set", subject: user, details: {} },
      { kind: "identity.user_changed", subject: user, details: { active: [true, false] } },
      { kind: "identity.hotel_changed", subject: null, details: { name: ["Test hotel", "Another name"] } },
      { kind: "pms.policies_changed", subject: null, details: { overstays: ["extend", "leave"] } },
    ]);
    for (const { actor } of events) expect(actor).to.deep.equal({ user_id: managerId, username: hotel.username });
  });

  it("It records a user's log-in, log-out and change of password", async () => {
    const hotel = await signUpHotel(platform.client);
    const token = await logIn(platform.client, hotel.username, password);
    const change = { old_password: password, new_password: "another-horse-battery" };
    expect((await platform.client.post("/users/me/password", change, { token })).status).to.equal(204);
    expect((await platform.client.post("/auth/revoke", undefined, { token })).status).to.equal(204);
    const kinds = ["hotel_signed_up", "logged_in", "logged_in", "own_password_changed", "logged_out"];
    const as = { ...hotel, managerToken: await logIn(platform.client, hotel.username, "another-horse-battery") };
    const events = (await eventsOf(as)).filter(({ actor }) => actor?.username === hotel.username).toReversed();
    expect(
      events.map(({ kind }) => kind.replace("identity.", "")).filter((kind) => kind !== "user_created"),
    ).to.deep.equal([...kinds, "logged_in"]);
  });

  it("It records the second use of a refresh token, by a thief or its owner", async () => {
    const hotel = await signUpHotel(platform.client);
    const { body } = await login(hotel.username, password);
    const refresh = (address: string) =>
      platform.client.post(
        "/auth/token",
        { grant_type: "refresh_token", refresh_token: body.refresh_token as string },
        { headers: { "x-forwarded-for": address } },
      );
    expect((await refresh("192.0.2.1")).status).to.equal(200);
    expect((await refresh("203.0.113.66")).status).to.equal(401);
    const event = await eventOf(hotel, "identity.renewal_used_twice");
    expect([event.address, event.subject?.name]).to.deep.equal(["203.0.113.66", hotel.username]);
  });

  it("It counts failed and refused logins of the hotel's users, and stores no unknown name", async () => {
    const hotel = await signUpHotel(platform.client);
    for (const status of [401, 401, 401, 429, 429])
      expect((await login(hotel.username, "Typed-By-Mistake")).status).to.equal(status);
    const failed = await eventOf(hotel, "identity.login_failed");
    const refused = await eventOf(hotel, "identity.login_refused");
    for (const event of [failed, refused]) {
      expect(event.actor).to.equal(null);
      expect([event.address, event.subject?.name]).to.deep.equal(["192.0.2.1", hotel.username]);
    }
    expect(refused.details).to.deep.equal({ code: "RATE_LIMITED" });
    // A password in the field of the name.
    expect((await login("Unknown-To-All-Hotels", "x")).status).to.equal(401);
    await login(hotel.username, "Typed-By-Mistake", "192.0.2.7");
    await eventually(async () => (await eventsOf(hotel)).find(({ address }) => address === "192.0.2.7"));
    const all = JSON.stringify(await platform.owner("core.audit_events"));
    expect(all).not.to.match(/unknown-to-all-hotels/i);
  });

  it("It records the calls that a member of staff was refused", async () => {
    const hotel = await signUpHotel(platform.client);
    expect((await platform.client.get("/users/", { token: hotel.receptionistToken })).status).to.equal(403);
    const event = await eventOf(hotel, "core.call_refused");
    expect(event.details).to.deep.equal({ method: "GET", route: "/users/", code: "FORBIDDEN" });
    expect(event.actor?.username).to.match(/^desk-/);
  });

  it("It contains no password, no token and no hash of one", async () => {
    const { rows } = (await platform.owner.raw(
      `SELECT e::text AS row FROM core.audit_events e
       WHERE e::text ~ 'horse-battery|Typed-By-Mistake|\\$argon2' OR EXISTS (
         SELECT FROM identity.users u WHERE position(u.password_hash IN e::text) > 0)`,
    )) as { rows: { row: string }[] };
    expect(rows).to.deep.equal([]);
    expect((await platform.owner("core.audit_events")).length).to.be.greaterThan(20);
  });

  it("Only a manager of the hotel reads it", async () => {
    const [one, other] = [await signUpHotel(platform.client), await signUpHotel(platform.client)];
    expect((await platform.client.get("/audit", { token: one.receptionistToken })).status).to.equal(403);
    expect((await platform.client.get("/audit")).status).to.equal(401);
    const seen = JSON.stringify(await eventsOf(one));
    expect(seen).to.include(one.username);
    expect(seen).not.to.include(other.username);
    // The cursor of another hotel's log names an event, and gives access to nothing.
    const theirs = (await platform.client.get("/audit?limit=1", { token: other.managerToken })).body
      .next_cursor as string;
    expect(JSON.stringify(await eventsOf(one, `&cursor=${theirs}`))).not.to.include(other.username);
  });

  it("It is read in pages, by kind, by actor and by time", async () => {
    const hotel = await signUpHotel(platform.client);
    const token = hotel.managerToken;
    const all = await eventsOf(hotel);
    expect(all.length).to.be.greaterThan(3);
    const paged: Shown[] = [];
    let cursor = "";
    do {
      const { body } = await platform.client.get(`/audit?limit=1${cursor}`, { token });
      paged.push(...(body.items as Shown[]));
      cursor = body.next_cursor === null ? "" : `&cursor=${body.next_cursor}`;
    } while (cursor !== "");
    expect(paged).to.deep.equal(all);
    const [newest, second] = all;
    const actorId = newest?.actor?.user_id;
    expect(await eventsOf(hotel, `&actor_id=${actorId}`)).to.deep.equal(
      all.filter(({ actor }) => actor?.user_id === actorId),
    );
    expect(await eventsOf(hotel, "&kind=identity.logged_in")).to.deep.equal(
      all.filter(({ kind }) => kind === "identity.logged_in"),
    );
    expect(await eventsOf(hotel, `&to=${newest?.at}`)).to.deep.equal(all.slice(1));
    expect((await eventsOf(hotel, `&from=${second?.at}`)).slice(0, 2)).to.deep.equal(all.slice(0, 2));
    expect(await eventsOf(hotel, "&from=2099-01-01T00:00:00Z")).to.deep.equal([]);
    for (const wrong of ["cursor=x", "from=yesterday", "actor_id=me", "of=all"])
      expect((await platform.client.get(`/audit?${wrong}`, { token })).status, wrong).to.equal(400);
  });

  it("A plugin adds events in its own name and tenant, and can't read or change any", async () => {
    const { hotelId } = await signUpHotel(platform.client);
    const gate = openPool({ url: urlAs(platform.databaseUrl, loginRole, testSecret), max: 1, name: "test audit" });
    const add = (tenantId: string, kind: string) =>
      [
        "INSERT INTO core.audit_events (tenant_id, event_id, kind) VALUES (?, ?, ?)",
        [tenantId, newId(), kind],
      ] as const;
    const stateOf = (role: string, tenantId: string | undefined, [sql, values]: readonly [string, readonly string[]]) =>
      runTransaction(gate, { role, tenantId }, (trx) => trx.raw(sql, [...values])).then(
        () => "done",
        (error: unknown) => sqlStateOf(error),
      );
    try {
      const another = newId();
      const pms = roleOf("pms");
      expect(await stateOf(pms, hotelId, add(hotelId, "pms.something_done")), "its own").to.equal("done");
      expect(await stateOf(pms, hotelId, add(hotelId, "identity.logged_in")), "another plugin's").to.equal("42501");
      expect(await stateOf(pms, hotelId, add(another, "pms.something_done")), "another tenant's").to.equal("42501");
      expect(await stateOf(pms, undefined, add(hotelId, "pms.something_done")), "without a tenant").to.equal("42501");
      const platformWide = crossTenantRoleOf("identity");
      expect(await stateOf(platformWide, undefined, add(hotelId, "pms.something_done"))).to.equal("42501");
      expect(await stateOf(platformWide, undefined, add(hotelId, "identity.hotel_signed_up"))).to.equal("done");
      for (const role of [pms, roleOf("identity"), platformWide]) {
        for (const sql of [
          "SELECT kind FROM core.audit_events",
          "UPDATE core.audit_events SET occurrences = 1",
          "DELETE FROM core.audit_events",
          "TRUNCATE core.audit_events",
        ])
          expect(await stateOf(role, role === platformWide ? undefined : hotelId, [sql, []]), sql).to.equal("42501");
      }
    } finally {
      await gate.destroy();
    }
  });

  it("It has no event of a transaction that was rolled back", async () => {
    const hotel = await signUpHotel(platform.client);
    const before = await eventsOf(hotel);
    const options = { token: hotel.managerToken, headers: { "if-match": '"99"' } };
    expect((await platform.client.patch("/policies", { overstays: "leave" }, options)).status).to.equal(412);
    expect(await eventsOf(hotel)).to.deep.equal(before);
  });
});

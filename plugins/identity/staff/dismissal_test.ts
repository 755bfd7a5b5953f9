/**
 * Two web processes, each with its own session cache. Checks that a dismissed manager can do nothing at the other
 * one.
 */
import { expect } from "chai";
import { once } from "node:events";
import { connect } from "node:net";

import { boot } from "../../../core/boot.ts";
import { newId } from "../../../core/values/ids.ts";
import { logIn, signUpHotel, startTestPlatform, TestClient, type TestPlatform } from "#testing/mod.ts";
import { serve } from "../../../core/serve.ts";

const password = "correct-horse-battery";

describe("A manager who is dismissed, demoted or logged out", () => {
  let platform: TestPlatform;
  let server: Awaited<ReturnType<typeof serve>>;
  /** The process at which the chief dismisses, and the one that the other manager calls. */
  let here: TestClient;
  let there: TestClient;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    server = await serve(await boot("web", platform.variables));
    here = platform.client;
    there = new TestClient(`http://127.0.0.1:${server.port}`);
  });
  after(async () => {
    await server.close();
    await platform.close();
  });

  let managers = 0;
  /** A hotel with a chief and another manager, whose session is in the cache of both processes. */
  async function arrange() {
    const chief = await signUpHotel(here);
    const asChief = { token: chief.managerToken };
    managers += 1;
    const username = `other-${process.pid}-${managers}`;
    const { body } = await here.post(
      "/users/",
      { username, password, role: "manager", must_change_password: false },
      asChief,
    );
    const token = await logIn(here, username, password);
    for (const client of [here, there]) expect((await client.get("/users/", { token })).status).to.equal(200);
    const id = body.user_id as string;
    const stored = () => platform.owner("identity.users").where({ user_id: id }).first();
    const { user_id: chiefId } = (await here.get("/auth/me", asChief)).body;
    return { asChief, username, as: { token }, id, chiefId: chiefId as string, hotelId: chief.hotelId, stored };
  }
  type Arranged = Awaited<ReturnType<typeof arrange>>;

  /** All requests that change the staff or the hotel, to the process that does not know of the change yet. */
  const changes = ({ id, chiefId, username, as }: Arranged) => [
    () => there.patch(`/users/${id}`, { active: true, role: "manager" }, as),
    () => there.patch(`/users/${chiefId}`, { role: "receptionist" }, as),
    () => there.patch(`/users/${chiefId}`, { password: "another-horse-battery" }, as),
    () => there.delete(`/users/${chiefId}`, as),
    () => there.post("/users/", { username: `${username}-2`, password, role: "manager" }, as),
    () => there.patch("/hotels/me", { name: "Mine" }, as),
  ];
  const everythingOf = async ({ hotelId }: Arranged): Promise<string> => {
    const users = await platform.owner("identity.users").where({ hotel_id: hotelId }).orderBy("user_id");
    return JSON.stringify([users, await platform.owner("identity.hotels").where({ hotel_id: hotelId })]);
  };

  for (const [what, end, status, code] of [
    ["dismissed", ({ id, asChief }: Arranged) => here.delete(`/users/${id}`, asChief), 401, "UNAUTHENTICATED"],
    [
      "demoted",
      ({ id, asChief }: Arranged) => here.patch(`/users/${id}`, { role: "receptionist" }, asChief),
      403,
      "FORBIDDEN",
    ],
    ["logged out", ({ as }: Arranged) => here.post("/auth/revoke", undefined, as), 401, "UNAUTHENTICATED"],
    [
      "given a new password",
      ({ id, asChief }: Arranged) => here.patch(`/users/${id}`, { password: "another-horse-battery" }, asChief),
      401,
      "UNAUTHENTICATED",
    ],
  ] as const) {
    it(`Once ${what}, the manager changes nothing at a process that still has the session in its cache`, async () => {
      for (const index of Array.from({ length: 6 }).keys()) {
        const arranged = await arrange();
        const change = changes(arranged)[index];
        expect((await end(arranged)).status).to.be.within(200, 204);
        const before = await everythingOf(arranged);
        // The session is cached: a read is answered. The change follows at once.
        expect((await there.get("/users/", arranged.as)).status).to.equal(200);
        const answer = await change?.();
        expect([answer?.status, answer?.body.code], `change ${index}`).to.deep.equal([status, code]);
        expect(answer?.headers.get("www-authenticate") !== null).to.equal(status === 401);
        expect(await everythingOf(arranged)).to.equal(before);
      }
    });
  }

  it("Each of these changes succeeds without a dismissal, so the tests above use working calls", async () => {
    for (const index of Array.from({ length: 6 }).keys()) {
      const answer = await changes(await arrange())[index]?.();
      expect(answer?.status, `change ${index}`).to.be.within(200, 204);
    }
  });

  /** Writes of other plugins: one transaction, one with work before it, and one that opens its own. */
  const writes = ({ as }: Arranged) => [
    () => there.post("/room-types/", { name: "Suite", capacity: 2, rate: "80.00" }, as),
    () => there.patch("/policies", { overstays: "leave" }, as),
    () => there.post("/reports/revenue", { from: "2026-01-01", to: "2026-01-31" }, as),
    () => there.post("/reports/schedules", { kind: "bookings", every: "night" }, as),
    () => there.delete(`/reports/${newId()}`, as),
  ];
  const written = async ({ hotelId: hotel_id }: Arranged): Promise<number[]> => {
    const tables = ["pms.room_types", "pms.policies", "reporting.reports", "reporting.schedules"];
    return Promise.all(tables.map(async (table) => (await platform.owner(table).where({ hotel_id })).length));
  };

  it("A dismissed or demoted manager writes nothing at a process that still has the session in its cache", async () => {
    for (const [end, status] of [
      [({ id, asChief }: Arranged) => here.delete(`/users/${id}`, asChief), 401],
      [({ id, asChief }: Arranged) => here.patch(`/users/${id}`, { role: "receptionist" }, asChief), 403],
    ] as const) {
      for (const index of Array.from({ length: 5 }).keys()) {
        const arranged = await arrange();
        expect((await end(arranged)).status).to.be.within(200, 204);
        expect((await there.get("/users/", arranged.as)).status, "the session is cached").to.equal(200);
        const answer = await writes(arranged)[index]?.();
        expect(answer?.status, `write ${index}: ${answer?.text}`).to.equal(status);
        expect(await written(arranged)).to.deep.equal([0, 0, 0, 0]);
        // Removes the session from the cache.
        expect((await there.get("/users/", arranged.as)).status).to.equal(status);
      }
    }
  });

  it("Each of these writes succeeds while the session lives", async () => {
    for (const index of Array.from({ length: 4 }).keys())
      expect((await writes(await arrange())[index]?.())?.status, `write ${index}`).to.be.within(200, 202);
  });

  it("A request with an Idempotency-Key gets no answer that was stored before the dismissal", async () => {
    const arranged = await arrange();
    const options = { ...arranged.as, headers: { "idempotency-key": "of-before" } };
    const ask = () => there.post("/room-types/", { name: "Suite", capacity: 2, rate: "80.00" }, options);
    expect((await ask()).status).to.equal(201);
    await here.patch(`/users/${arranged.id}`, { role: "receptionist" }, arranged.asChief);
    expect((await ask()).status).to.equal(403);
  });

  it("A request whose body arrives after the dismissal writes nothing at the deciding process", async () => {
    const arranged = await arrange();
    const body = JSON.stringify({ name: "Suite", capacity: 2, rate: "80.00" });
    const { port } = new URL(here.url);
    const socket = connect(Number(port), "127.0.0.1");
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString();
    });
    const closed = once(socket, "close");
    const head = [
      "POST /room-types/ HTTP/1.1",
      "Host: 127.0.0.1",
      "Connection: close",
      "Content-Type: application/json",
      `Content-Length: ${body.length}`,
      `Authorization: Bearer ${arranged.as.token}`,
    ].join("\r\n");
    socket.write(`${head}\r\n\r\n${body.slice(0, 5)}`);
    // A later request is answered, so this one has been admitted.
    for (let time = 0; time < 20; time += 1) await here.get("/auth/me", arranged.as);
    expect((await here.delete(`/users/${arranged.id}`, arranged.asChief)).status).to.equal(204);
    socket.write(body.slice(5));
    await closed;
    expect(answer).to.match(/^HTTP\/1\.1 401 /);
    expect(await written(arranged)).to.deep.equal([0, 0, 0, 0]);
  });

  it("Nothing is written after the answer to the dismissal, however many writes are in progress", async () => {
    for (let round = 0; round < 4; round += 1) {
      const arranged = await arrange();
      const ask = (name: number) =>
        there.post("/room-types/", { name: `Suite ${name}`, capacity: 2, rate: "80.00" }, arranged.as);
      const asked = Array.from({ length: 30 }, (_, name) => ask(name));
      expect((await here.delete(`/users/${arranged.id}`, arranged.asChief)).status).to.equal(204);
      const before = await written(arranged);
      const later = Array.from({ length: 10 }, (_, name) => ask(100 + name));
      const statuses = (await Promise.all([...asked, ...later])).map(({ status }) => status);
      expect(await written(arranged)).to.deep.equal(before);
      expect(statuses.filter((status) => status === 201).length).to.equal(before[0]);
      expect(new Set(statuses.slice(30))).to.deep.equal(new Set([401]));
    }
  });

  it("The own password can't be changed after the dismissal", async () => {
    const arranged = await arrange();
    const { password_hash: before } = await arranged.stored();
    await here.delete(`/users/${arranged.id}`, arranged.asChief);
    const change = { old_password: password, new_password: "another-horse-battery" };
    const answer = await there.post("/users/me/password", change, arranged.as);
    expect([answer.status, answer.body.code]).to.deep.equal([401, "UNAUTHENTICATED"]);
    expect((await arranged.stored()).password_hash).to.equal(before);
  });

  it("The deciding process refuses every request at once", async () => {
    const dismissed = await arrange();
    await here.delete(`/users/${dismissed.id}`, dismissed.asChief);
    expect((await here.get("/auth/me", dismissed.as)).status).to.equal(401);
    const demoted = await arrange();
    await here.patch(`/users/${demoted.id}`, { role: "receptionist" }, demoted.asChief);
    expect((await here.get("/users/", demoted.as)).status).to.equal(403);
    const loggedOut = await arrange();
    await here.post("/auth/revoke", undefined, loggedOut.as);
    expect((await here.get("/auth/me", loggedOut.as)).status).to.equal(401);
  });

  it("The process that got a refresh token a second time refuses every request at once", async () => {
    const { username } = await arrange();
    const { body } = await here.post("/auth/token", { username, password });
    const refresh = { grant_type: "refresh_token", refresh_token: body.refresh_token as string };
    const newest = (await here.post("/auth/token", refresh)).body.access_token as string;
    expect((await here.get("/auth/me", { token: newest })).status).to.equal(200);
    await platform.owner.raw("UPDATE identity.refresh_tokens SET used_at = used_at - interval '11 s'");
    expect((await here.post("/auth/token", refresh)).status).to.equal(401);
    expect((await here.get("/auth/me", { token: newest })).status).to.equal(401);
  });

  it("A write at the same moment does not win against the dismissal", async () => {
    for (let round = 0; round < 6; round += 1) {
      const arranged = await arrange();
      const [dismissal] = await Promise.all([
        here.delete(`/users/${arranged.id}`, arranged.asChief),
        there.patch(`/users/${arranged.id}`, { active: true }, arranged.as),
        there.post("/users/", { username: `${arranged.username}-x`, password, role: "receptionist" }, arranged.as),
        there.patch("/hotels/me", { name: "Mine" }, arranged.as),
      ]);
      expect(dismissal.status).to.equal(204);
      expect((await arranged.stored()).active).to.equal(false);
    }
  });
});

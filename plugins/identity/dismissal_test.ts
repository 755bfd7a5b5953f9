/** Two web processes, each with a memory of its own: what a dismissed manager can still do at the other one. */
import { expect } from "chai";

import { boot } from "../../core/boot.ts";
import { TestClient } from "../../core/testing/client.ts";
import { serve } from "../../core/web.ts";
import { logIn, signUpHotel, startTestPlatform, type TestPlatform } from "../../workers/testing/platform.ts";

const password = "correct-horse-battery";

describe("a manager who is dismissed, demoted or logged out", () => {
  let platform: TestPlatform;
  let server: Awaited<ReturnType<typeof serve>>;
  /** The process at which the chief decides, and the one that the other manager calls. */
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
  /** A hotel with a chief and another manager, whose session both processes remember. */
  async function arrange() {
    const chief = await signUpHotel(here);
    const asChief = { token: chief.managerToken };
    managers += 1;
    const username = `other-${process.pid}-${managers}`;
    const { body } = await here.post("/users/", { username, password, role: "manager" }, asChief);
    const token = await logIn(here, username, password);
    for (const client of [here, there]) expect((await client.get("/users/", { token })).status).to.equal(200);
    const id = body.user_id as string;
    const stored = () => platform.owner("identity.users").where({ user_id: id }).first();
    const { user_id: chiefId } = (await here.get("/auth/me", asChief)).body;
    return { asChief, username, as: { token }, id, chiefId: chiefId as string, hotelId: chief.hotelId, stored };
  }
  type Arranged = Awaited<ReturnType<typeof arrange>>;

  /** Everything that changes the staff or the hotel, at the process that does not know yet. */
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
    it(`changes nothing any more once ${what}, at a process that still remembers the session`, async () => {
      for (const index of Array.from({ length: 6 }).keys()) {
        const arranged = await arrange();
        const change = changes(arranged)[index];
        expect((await end(arranged)).status).to.be.within(200, 204);
        const before = await everythingOf(arranged);
        // It does remember: what only reads is answered. Then at once the change.
        expect((await there.get("/users/", arranged.as)).status).to.equal(200);
        const answer = await change?.();
        expect([answer?.status, answer?.body.code], `change ${index}`).to.deep.equal([status, code]);
        expect(answer?.headers.get("www-authenticate") !== null).to.equal(status === 401);
        expect(await everythingOf(arranged)).to.equal(before);
      }
    });
  }

  it("changes each of these while nobody has done anything, so the tests above aim at what works", async () => {
    for (const index of Array.from({ length: 6 }).keys()) {
      const answer = await changes(await arrange())[index]?.();
      expect(answer?.status, `change ${index}`).to.be.within(200, 204);
    }
  });

  it("does not change the own password after the dismissal", async () => {
    const arranged = await arrange();
    const { password_hash: before } = await arranged.stored();
    await here.delete(`/users/${arranged.id}`, arranged.asChief);
    const change = { old_password: password, new_password: "another-horse-battery" };
    const answer = await there.post("/users/me/password", change, arranged.as);
    expect([answer.status, answer.body.code]).to.deep.equal([401, "UNAUTHENTICATED"]);
    expect((await arranged.stored()).password_hash).to.equal(before);
  });

  it("is refused at once by the process that decided, whatever is asked", async () => {
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

  it("is refused at once by the process to which a refresh token came a second time", async () => {
    const { username } = await arrange();
    const { body } = await here.post("/auth/token", { username, password });
    const refresh = { grant_type: "refresh_token", refresh_token: body.refresh_token as string };
    const newest = (await here.post("/auth/token", refresh)).body.access_token as string;
    expect((await here.get("/auth/me", { token: newest })).status).to.equal(200);
    await platform.owner.raw("UPDATE identity.refresh_tokens SET used_at = used_at - interval '11 s'");
    expect((await here.post("/auth/token", refresh)).status).to.equal(401);
    expect((await here.get("/auth/me", { token: newest })).status).to.equal(401);
  });

  it("does not win against the dismissal when both come at once", async () => {
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

import { expect } from "chai";

import { logIn, signUpHotel, startTestPlatform, type TestHotel, type TestPlatform } from "#testing/mod.ts";

const password = "correct-horse-battery";

interface Shown {
  readonly session_id: string;
  readonly current: boolean;
  readonly user_agent: string;
  readonly address: string;
}

describe("The sessions of a user", () => {
  let platform: TestPlatform;
  let hotel: TestHotel;
  let deskId: string;
  let deskName: string;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    hotel = await signUpHotel(platform.client);
    const { body } = await platform.client.get("/auth/me", { token: hotel.receptionistToken });
    [deskId, deskName] = [body.user_id as string, body.username as string];
  });
  after(() => platform.close());

  const listOf = async (token: string, query = ""): Promise<Shown[]> => {
    const { status, body, text } = await platform.client.get(`/auth/sessions${query}`, { token });
    expect(status, text).to.equal(200);
    return body.items as Shown[];
  };
  const logInFrom = async (userAgent: string) => {
    const headers = { "user-agent": userAgent };
    const { body } = await platform.client.post("/auth/token", { username: deskName, password }, { headers });
    return { token: body.access_token as string, refreshToken: body.refresh_token as string };
  };
  const statusOf = async (token: string) => (await platform.client.get("/hotels/me", { token })).status;
  const end = async (path: string, token: string) => (await platform.client.delete(path, { token })).status;
  const lastEvent = async () => {
    const { body } = await platform.client.get("/audit?kind=identity.sessions_ended&limit=1", {
      token: hotel.managerToken,
    });
    return body.items[0];
  };

  it("They are listed in pages with address and client, and one is marked as current", async () => {
    const { token } = await logInFrom("Desk/1.0");
    await logInFrom("Lost-phone/2.0");
    const all = await listOf(token);
    expect(all.slice(0, 2).map(({ user_agent: agent, current }) => [agent, current])).to.deep.equal([
      ["Lost-phone/2.0", false],
      ["Desk/1.0", true],
    ]);
    expect(all[0]?.address).to.be.a("string");
    const first = await platform.client.get("/auth/sessions?limit=1", { token });
    const rest = await listOf(token, `?cursor=${first.body.next_cursor}`);
    expect([...(first.body.items as Shown[]), ...rest]).to.deep.equal(all);
  });

  it("They end after 30 days and are no longer listed", async () => {
    const { token } = await logInFrom("Old/1.0");
    const { token: here } = await logInFrom("Desk/1.0");
    await platform
      .owner("identity.sessions")
      .where({ hotel_id: hotel.hotelId, user_agent: "Old/1.0" })
      .update({ created_at: platform.owner.raw("now() - interval '31 days'") });
    expect((await listOf(here)).filter(({ user_agent: agent }) => agent === "Old/1.0")).to.deep.equal([]);
    expect(await end("/auth/sessions", here)).to.equal(204);
    expect(await statusOf(token)).to.equal(401);
  });

  it("Their user ends one of them, and its refresh token stops at once", async () => {
    const [here, lost] = [await logInFrom("Desk/3.0"), await logInFrom("Lost-phone/3.0")];
    const id = (await listOf(here.token)).find(({ user_agent: agent }) => agent === "Lost-phone/3.0")?.session_id;
    expect(await end(`/auth/sessions/${id}`, here.token)).to.equal(204);
    expect([await statusOf(lost.token), await statusOf(here.token)]).to.deep.equal([401, 200]);
    const renewal = { grant_type: "refresh_token", refresh_token: lost.refreshToken };
    expect((await platform.client.post("/auth/token", renewal)).status).to.equal(401);
    expect((await listOf(here.token)).map(({ session_id: one }) => one)).not.to.include(id);
    expect((await lastEvent()).details).to.deep.equal({ session_id: id });
    expect(await end(`/auth/sessions/${id}`, here.token), "a second time").to.equal(404);
  });

  it("Their user ends all but the current one", async () => {
    const [here, one, other] = [await logInFrom("Desk/4.0"), await logInFrom("One/4.0"), await logInFrom("Other/4.0")];
    expect(await end("/auth/sessions", here.token)).to.equal(204);
    expect(await Promise.all([here, one, other].map(({ token }) => statusOf(token)))).to.deep.equal([200, 401, 401]);
    expect((await listOf(here.token)).map(({ current }) => current)).to.deep.equal([true]);
    expect(await statusOf(hotel.managerToken), "a colleague").to.equal(200);
  });

  it("A manager of the hotel ends all of them; a colleague, another user or another hotel can't", async () => {
    const { token } = await logInFrom("Desk/5.0");
    const [session] = await listOf(token);
    const other = await signUpHotel(platform.client);
    const path = `/users/${deskId}/sessions`;
    expect(await end(path, token), "a receptionist").to.equal(403);
    expect(await end(path, other.managerToken), "another hotel").to.equal(404);
    for (const as of [hotel.managerToken, other.managerToken])
      expect(await end(`/auth/sessions/${session?.session_id}`, as), "another user").to.equal(404);
    expect(await statusOf(token)).to.equal(200);
    expect(await end(path, hotel.managerToken)).to.equal(204);
    expect(await statusOf(token)).to.equal(401);
    expect((await lastEvent()).subject).to.deep.equal({ type: "user", id: deskId, name: deskName });
    expect(await statusOf(await logIn(platform.client, deskName, password)), "after a new login").to.equal(200);
  });

  it("Two managers end each other's at the same time without a deadlock", async () => {
    const chief = await signUpHotel(platform.client);
    const two = { username: `two-${process.pid}`, password, role: "manager", must_change_password: false };
    const made = await platform.client.post("/users/", two, { token: chief.managerToken });
    const { body: me } = await platform.client.get("/auth/me", { token: chief.managerToken });
    for (let round = 0; round < 3; round += 1) {
      const tokens = [
        await logIn(platform.client, chief.username, password),
        await logIn(platform.client, two.username, password),
      ] as const;
      const statuses = await Promise.all([
        end(`/users/${made.body.user_id}/sessions`, tokens[0]),
        end(`/users/${me.user_id}/sessions`, tokens[1]),
      ]);
      expect(statuses).to.have.members([204, 401]);
    }
  });
});

import { expect } from "chai";

import { logIn, signUpHotel, startTestPlatform, type TestPlatform } from "#testing/mod.ts";

const password = "correct-horse-battery";
const another = "another-horse-battery";
const chosen = "chosen-by-its-own-user";

describe("A password that a manager has set", () => {
  let platform: TestPlatform;
  let token: string;
  before(async () => {
    platform = await startTestPlatform({ worker: false, variables: { TENANT_REQUESTS_PER_MINUTE: "1000" } });
    ({ managerToken: token } = await signUpHotel(platform.client));
  });
  after(() => platform.close());

  let users = 0;
  const create = async (fields: Readonly<Record<string, unknown>> = {}) => {
    users += 1;
    const user = { username: `new-${process.pid}-${users}`, password, role: "receptionist", ...fields };
    const { status, body, text } = await platform.client.post("/users/", user, { token });
    expect(status, text).to.equal(201);
    return body as { user_id: string; username: string; must_change_password: boolean };
  };
  const codeOf = async (path: string, as: string) => {
    const { status, body } = await platform.client.get(path, { token: as });
    return [status, body.code as unknown];
  };
  const change = (as: string, from: string, to: string) =>
    platform.client.post("/users/me/password", { old_password: from, new_password: to }, { token: as });
  const refused = [403, "PASSWORD_CHANGE_REQUIRED"];

  it("A new user can only change it, log out and read the own name", async () => {
    const user = await create();
    expect(user.must_change_password).to.equal(true);
    const as = await logIn(platform.client, user.username, password);
    for (const path of ["/rooms/", "/hotels/me", "/auth/sessions", "/users/", "/bookings/?x=/users/me/password"])
      expect(await codeOf(path, as), path).to.deep.equal(refused);
    const write = await platform.client.delete("/auth/sessions", { token: as });
    expect([write.status, write.body.code], "a write").to.deep.equal(refused);
    const me = await platform.client.get("/auth/me", { token: as });
    expect([me.status, me.body.must_change_password]).to.deep.equal([200, true]);
    expect((await platform.client.post("/auth/revoke", undefined, { token: as })).status).to.equal(204);
  });

  it("Its user changes it and continues in the same session", async () => {
    const user = await create();
    const as = await logIn(platform.client, user.username, password);
    const same = await change(as, password, password);
    expect([same.status, same.body.code]).to.deep.equal([400, "VALIDATION_FAILED"]);
    expect(await codeOf("/rooms/", as)).to.deep.equal(refused);
    expect((await change(as, password, chosen)).status).to.equal(204);
    expect(await codeOf("/rooms/", as)).to.deep.equal([200, undefined]);
    expect((await platform.client.get("/auth/me", { token: as })).body.must_change_password).to.equal(false);
    const shown = await platform.client.get(`/users/${user.user_id}`, { token });
    expect(shown.body.must_change_password).to.equal(false);
    expect(await codeOf("/rooms/", await logIn(platform.client, user.username, chosen))).to.deep.equal([
      200,
      undefined,
    ]);
  });

  it("A later password from a manager must be changed too, also after a new role", async () => {
    const user = await create({ must_change_password: false });
    expect(await codeOf("/rooms/", await logIn(platform.client, user.username, password))).to.deep.equal([
      200,
      undefined,
    ]);
    const path = `/users/${user.user_id}`;
    const set = await platform.client.patch(path, { password: another }, { token });
    expect([set.status, set.body.must_change_password]).to.deep.equal([200, true]);
    const as = await logIn(platform.client, user.username, another);
    expect(await codeOf("/rooms/", as)).to.deep.equal(refused);
    expect((await platform.client.patch(path, { role: "manager" }, { token })).body.must_change_password).to.equal(
      true,
    );
    expect(await codeOf("/users/", as)).to.deep.equal(refused);
  });

  it("A manager can waive the change, and the security log names this", async () => {
    const user = await create();
    const as = await logIn(platform.client, user.username, password);
    const path = `/users/${user.user_id}`;
    const lifted = await platform.client.patch(path, { must_change_password: false }, { token });
    expect([lifted.status, lifted.body.must_change_password]).to.deep.equal([200, false]);
    expect(await codeOf("/rooms/", as)).to.deep.equal([200, undefined]);
    const log = await platform.client.get("/audit?kind=identity.user_changed&limit=1", { token });
    expect(log.body.items[0].details).to.deep.equal({ change_required: [true, false] });
    const set = { password: another, must_change_password: false };
    expect((await platform.client.patch(path, set, { token })).body.must_change_password).to.equal(false);
    expect(await codeOf("/rooms/", await logIn(platform.client, user.username, another))).to.deep.equal([
      200,
      undefined,
    ]);
  });

  it("The manager who signs a hotel up need not change it", async () => {
    expect((await platform.client.get("/auth/me", { token })).body.must_change_password).to.equal(false);
  });

  it("Its user stays under the limits of requests", async () => {
    const user = await create();
    const as = await logIn(platform.client, user.username, password);
    const answer = await platform.client.get("/rooms/", { token: as });
    expect(answer.headers.get("ratelimit-remaining"), answer.text).to.be.a("string");
  });
});

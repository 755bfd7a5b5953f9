import { expect } from "chai";

import { signUpHotel, startTestPlatform, type TestAnswer, type TestHotel, type TestPlatform } from "#testing/mod.ts";
import { settingsPerMinute } from "../passwords/limit.ts";
import { takenPerHour } from "../names/taken_names.ts";

const password = "correct-horse-battery";
const another = "another-horse-battery";

describe("The passwords that a manager sets", () => {
  let platform: TestPlatform;
  let hotel: TestHotel;
  let desk: { user_id: string; username: string };
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());
  beforeEach(async () => {
    await platform.owner("core.rate_limits").delete();
    hotel = await signUpHotel(platform.client);
    desk = (await platform.client.get("/auth/me", { token: hotel.receptionistToken })).body;
  });

  const asManager = () => ({ token: hotel.managerToken });
  const login = (username: string) => platform.client.post("/auth/token", { username, password });
  const statusesOf = (answers: readonly TestAnswer[]): Record<number, number> => {
    const counts: Record<number, number> = {};
    for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  };
  const expectRefusals = (answers: readonly TestAnswer[], seconds = 60): void => {
    for (const { body, headers } of answers.filter(({ status }) => status === 429)) {
      expect(body.code).to.equal("RATE_LIMITED");
      expect(Number(headers.get("retry-after"))).to.be.within(1, seconds);
    }
  };

  it("One hotel can set a fixed number in a minute, and no other hotel's logins wait for them", async () => {
    const other = await signUpHotel(platform.client);
    const taken = { username: other.username, password, role: "receptionist" };
    const flood = Promise.all(Array.from({ length: 320 }, () => platform.client.post("/users/", taken, asManager())));
    const logins = await Promise.all(Array.from({ length: 5 }, () => login(other.username)));
    expect(statusesOf(logins)).to.deep.equal({ 200: 5 });
    const answers = await flood;
    const { 409: told = 0, 429: refused = 0 } = statusesOf(answers);
    expect(told + refused).to.equal(320);
    // One was counted when the hotel was made. Some of the parallel calls ask before the others are counted.
    expect(told).to.be.within(takenPerHour, settingsPerMinute - 1);
    expectRefusals(answers, 3600);
  });

  it("They count the same if they are set again, which costs a hash each", async () => {
    const other = await signUpHotel(platform.client);
    const change = () => platform.client.patch(`/users/${desk.user_id}`, { password: another }, asManager());
    const flood = Promise.all(Array.from({ length: 320 }, change));
    const logins = await Promise.all(Array.from({ length: 5 }, () => login(other.username)));
    expect(statusesOf(logins)).to.deep.equal({ 200: 5 });
    const answers = await flood;
    const { 200: changed = 0, 429: refused = 0 } = statusesOf(answers);
    expect(changed + refused).to.equal(320);
    expect(changed).to.be.within(1, settingsPerMinute - 1);
    expectRefusals(answers);
  });

  it("A hotel and a sign-up learn that the username exists, in any case of its letters", async () => {
    const body = { username: hotel.username.toUpperCase(), password, role: "receptionist" };
    const answer = await platform.client.post("/users/", body, asManager());
    expect([answer.status, answer.body.code]).to.deep.equal([409, "USERNAME_TAKEN"]);
    const signUp = { name: "x", username: hotel.username, password, time_zone: "Europe/Berlin", currency: "EUR" };
    expect((await platform.client.post("/hotels/", signUp)).body.code).to.equal("USERNAME_TAKEN");
  });

  it("An Idempotency-Key gets the same answer again, though the name exists by then", async () => {
    const options = { ...asManager(), headers: { "idempotency-key": "once" } };
    const body = { username: `${desk.username}-2`, password, role: "receptionist" };
    const [first, second] = [
      await platform.client.post("/users/", body, options),
      await platform.client.post("/users/", body, options),
    ];
    expect([first.status, second.status]).to.deep.equal([201, 201]);
    expect(second.text).to.equal(first.text);
  });

  it("The manager's own password needs the old one", async () => {
    const { user_id: id } = (await platform.client.get("/auth/me", asManager())).body;
    const answer = await platform.client.patch(`/users/${id}`, { password: another }, asManager());
    expect([answer.status, answer.body.code, answer.body.errors[0].pointer]).to.deep.equal([
      403,
      "OWN_PASSWORD",
      "/password",
    ]);
    expect(answer.body.detail).to.match(/POST \/users\/me\/password/);
    expect((await login(hotel.username)).status).to.equal(200);
    expect((await platform.client.patch(`/users/${id}`, { active: true }, asManager())).status).to.equal(200);
    const change = { old_password: password, new_password: another };
    expect((await platform.client.post("/users/me/password", change, asManager())).status).to.equal(204);
  });

  it("They count for a user's own account too", async () => {
    const options = { token: hotel.receptionistToken };
    const change = (from: string, to: string) =>
      platform.client.post("/users/me/password", { old_password: from, new_password: to }, options);
    const statuses = [];
    for (let time = 0; time <= settingsPerMinute; time += 1) {
      const [from, to] = time % 2 === 0 ? [password, another] : [another, password];
      statuses.push((await change(from, to)).status);
    }
    expect(statuses.slice(0, -1)).to.deep.equal(Array.from({ length: settingsPerMinute }, () => 204));
    expect(statuses.at(-1)).to.equal(429);
  });
});

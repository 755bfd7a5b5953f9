import { expect } from "chai";

import { signUpHotel, startTestPlatform, type TestAnswer, type TestPlatform } from "#testing/mod.ts";
import { addDays, dayAt } from "../../core/mod.ts";

describe("Identity", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  it("A hotel can begin up to 60 days ago, and not in the future", async () => {
    const today = dayAt(new Date(), "Europe/Berlin");
    const signUp = (days: number) =>
      platform.client.post("/hotels/", {
        name: "Old hotel",
        username: `old-${process.pid}-${days}`,
        password: "correct-horse-battery",
        time_zone: "Europe/Berlin",
        currency: "EUR",
        business_date: addDays(today, days),
      });
    expect((await signUp(-7)).body.hotel.business_date).to.equal(addDays(today, -7));
    for (const days of [2, -62]) {
      const { status, body } = await signUp(days);
      expect([status, body.errors[0].pointer], String(days)).to.deep.equal([400, "/business_date"]);
    }
  });

  it("A hotel signs up with its first manager and a trial", async () => {
    const answer = await platform.client.post("/hotels", {
      name: "Hotel Seeblick",
      username: "Anna",
      password: "correct-horse-battery",
      time_zone: "Europe/Berlin",
      currency: "EUR",
    });
    expect(answer.status).to.equal(201);
    expect(answer.body.user).to.include({ username: "Anna", role: "manager", active: true });
    expect(answer.body.hotel.subscription_valid).to.equal(true);
    const days = (Date.parse(answer.body.hotel.valid_to) - Date.now()) / 86_400_000;
    expect(days).to.be.within(13.9, 14.1);
  });

  it("A login works with a form and with JSON, in any case of the username", async () => {
    const form = new URLSearchParams({ grant_type: "password", username: "anna", password: "correct-horse-battery" });
    const byForm = await platform.client.post("/auth/token", form);
    expect(byForm.status).to.equal(200);
    expect(byForm.body).to.include({ token_type: "bearer", expires_in: 900 });
    const byJson = await platform.client.post("/auth/token/", { username: "ANNA", password: "correct-horse-battery" });
    expect(byJson.status).to.equal(200);
    const me = await platform.client.get("/auth/me", { token: byJson.body.access_token });
    expect(me.body).to.include({ username: "Anna", role: "manager" });
  });

  it("An unknown name and a wrong password get equal answers", async () => {
    const wrong = await platform.client.post("/auth/token", { username: "anna", password: "not-her-password" });
    const unknown = await platform.client.post("/auth/token", { username: "nobody", password: "not-her-password" });
    expect(wrong.status).to.equal(401);
    expect({ ...unknown.body, request_id: "" }).to.deep.equal({ ...wrong.body, request_id: "" });
  });

  it("A refresh token works once, and its second use ends the session", async () => {
    const first = await platform.client.post("/auth/token", { username: "anna", password: "correct-horse-battery" });
    const refresh = { grant_type: "refresh_token", refresh_token: first.body.refresh_token };
    const second = await platform.client.post("/auth/token", refresh);
    expect(second.status).to.equal(200);
    // If the same client uses it again at once, it gets the first answer again (sessions_test.ts).
    await platform.owner.raw("UPDATE identity.refresh_tokens SET used_at = used_at - interval '11 s'");
    expect((await platform.client.post("/auth/token", refresh)).status).to.equal(401);
    const newest = { grant_type: "refresh_token", refresh_token: second.body.refresh_token };
    expect((await platform.client.post("/auth/token", newest)).status).to.equal(401);
  });

  it("The last manager of a hotel can't be removed", async () => {
    const hotel = await signUpHotel(platform.client);
    const { body } = await platform.client.get("/auth/me", { token: hotel.managerToken });
    const answer = await platform.client.delete(`/users/${body.user_id}`, { token: hotel.managerToken });
    expect(answer.status).to.equal(409);
    expect(answer.body.code).to.equal("LAST_MANAGER");
  });

  it("Only a manager sees the staff", async () => {
    const hotel = await signUpHotel(platform.client);
    expect((await platform.client.get("/users/", { token: hotel.receptionistToken })).status).to.equal(403);
    const list = await platform.client.get("/users/?limit=1", { token: hotel.managerToken });
    expect(list.body.items).to.have.length(1);
    const next = await platform.client.get(`/users/?limit=1&cursor=${list.body.next_cursor}`, {
      token: hotel.managerToken,
    });
    expect(next.body.items[0].role).to.equal("receptionist");
    expect(next.body.next_cursor).to.equal(null);
  });

  it("A well-known password and an unknown field are refused with pointers", async () => {
    const weak = await platform.client.post("/hotels/", {
      name: "x",
      username: "weak",
      password: "123456789012",
      time_zone: "Europe/Berlin",
      currency: "EUR",
    });
    expect(weak.status).to.equal(400);
    const answer = await platform.client.post("/hotels/", { name: "x", hotel: 1, currency: "XXQ" });
    expect(answer.status).to.equal(400);
    expect(answer.body.code).to.equal("VALIDATION_FAILED");
    const pointers = answer.body.errors.map((error: { pointer: string }) => error.pointer);
    expect(pointers).to.include.members(["/username", "/password", "/time_zone", "/currency", "/hotel"]);
  });

  it("A time zone must be known to JavaScript and PostgreSQL by that name", async () => {
    const hotel = await signUpHotel(platform.client);
    const token = hotel.managerToken;
    const setZone = (zone: string) => platform.client.patch("/hotels/me", { time_zone: zone }, { token });
    const settings = { name: "x", username: "zoned", password: "correct-horse-battery", currency: "EUR" };
    // The last is an old name that JavaScript still accepts.
    for (const zone of ["AET", "IST", "CET", "EST", "Factory", "europe/berlin", "Etc/GMT+5", "US/Pacific-New"]) {
      const signUp = platform.client.post("/hotels/", { ...settings, time_zone: zone });
      for (const { status, body } of [await signUp, await setZone(zone)]) {
        expect([status, body.code, body.errors?.[0]?.pointer], zone).to.deep.equal([
          400,
          "VALIDATION_FAILED",
          "/time_zone",
        ]);
        expect(body.errors[0].detail).to.include("region/city");
      }
    }
    for (const zone of ["Asia/Kolkata", "America/Argentina/Buenos_Aires", "UTC"]) {
      expect((await setZone(zone)).body.time_zone).to.equal(zone);
    }
    expect((await platform.client.post("/hotels/", { ...settings, time_zone: "Asia/Tokyo" })).status).to.equal(201);
  });

  it("A hotel with an old time zone that is refused today can be shown and changed", async () => {
    const hotel = await signUpHotel(platform.client);
    const token = hotel.managerToken;
    await platform.owner("identity.hotels").where({ hotel_id: hotel.hotelId }).update({ time_zone: "EST" });
    expect((await platform.client.get("/hotels/me", { token })).body.time_zone).to.equal("EST");
    const renamed = await platform.client.patch("/hotels/me", { name: "Renamed" }, { token });
    expect(renamed.body).to.include({ name: "Renamed", time_zone: "EST" });
    const mended = await platform.client.patch("/hotels/me", { time_zone: "America/New_York" }, { token });
    expect(mended.body.time_zone).to.equal("America/New_York");
  });

  it("The error for a weak password points to its field", async () => {
    const hotel = await signUpHotel(platform.client);
    const token = hotel.managerToken;
    const pointerOf = async (answer: Promise<TestAnswer>): Promise<unknown[]> => {
      const { status, body } = await answer;
      return [status, body.code, body.errors?.[0]?.pointer];
    };
    const weak = "123456789012";
    const desk = (await platform.client.get("/auth/me", { token: hotel.receptionistToken })).body;
    const { user_id: id, username } = desk as { user_id: string; username: string };
    const own = { old_password: "correct-horse-battery", new_password: weak };
    expect(await pointerOf(platform.client.post("/users/me/password", own, { token }))).to.deep.equal([
      400,
      "PASSWORD_TOO_WEAK",
      "/new_password",
    ]);
    for (const answer of [
      platform.client.post("/users/", { username: "weak.too", password: weak, role: "receptionist" }, { token }),
      platform.client.patch(`/users/${id}`, { password: weak }, { token }),
      platform.client.patch(`/users/${id}`, { password: `my ${username} it is` }, { token }),
      platform.client.patch(`/users/${id}`, { password: "ababababababab" }, { token }),
    ]) {
      expect(await pointerOf(answer)).to.deep.equal([400, "PASSWORD_TOO_WEAK", "/password"]);
    }
    const short = { ...own, new_password: "short" };
    expect(await pointerOf(platform.client.post("/users/me/password", short, { token }))).to.deep.equal([
      400,
      "VALIDATION_FAILED",
      "/new_password",
    ]);
  });

  it("A username that PostgreSQL can't store fails validation", async () => {
    const answer = await platform.client.post("/auth/token", { username: "an\0na", password: "correct-horse-battery" });
    expect([answer.status, answer.body.code]).to.deep.equal([400, "VALIDATION_FAILED"]);
  });

  it("A change of the hotel requires a matching If-Match", async () => {
    const hotel = await signUpHotel(platform.client);
    const read = await platform.client.get("/hotels/me", { token: hotel.managerToken });
    const headers = { "if-match": read.headers.get("etag") ?? "" };
    const change = { check_in_time: "15:00" };
    const changed = await platform.client.patch("/hotels/me", change, { token: hotel.managerToken, headers });
    expect(changed.status).to.equal(200);
    expect(changed.body.check_in_time).to.equal("15:00");
    const late = await platform.client.patch("/hotels/me", change, { token: hotel.managerToken, headers });
    expect(late.status).to.equal(412);
    expect(late.body.code).to.equal("PRECONDITION_FAILED");
  });
});

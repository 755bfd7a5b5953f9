import { expect } from "chai";

import { signUpHotel, startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { takenPerHour } from "./taken_names.ts";

const password = "correct-horse-battery";
const signUps = 4;

describe("The limits on sign-ups and on questions about existing names", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({
      worker: false,
      variables: { SIGN_UPS_PER_HOUR: String(signUps), TRUSTED_PROXIES: "1" },
    });
  });
  after(() => platform.close());

  let names = 0;
  const nextName = (): string => {
    names += 1;
    return `new-${process.pid}-${names}`;
  };
  const signUp = (address: string, body: Readonly<Record<string, unknown>> = {}) =>
    platform.client.post(
      "/hotels/",
      { name: "Hotel Seeblick", username: nextName(), password, time_zone: "Europe/Berlin", currency: "EUR", ...body },
      { headers: { "x-forwarded-for": address } },
    );
  const codeOf = ({ status, body }: { status: number; body: { code?: string } }): string =>
    status < 300 ? "made" : String(body.code);

  it("A valid sign-up counts; an invalid one, a weak password and an existing name do not", async () => {
    const { username } = await signUpHotel(platform.client);
    const address = "192.0.2.1";
    for (let time = 0; time < signUps * 2; time += 1) {
      expect(codeOf(await signUp(address, { currency: "nothing" }))).to.equal("VALIDATION_FAILED");
      expect(codeOf(await signUp(address, { password: "seeblick2026" }))).to.equal("PASSWORD_TOO_WEAK");
      expect(codeOf(await signUp(address, { username }))).to.equal("USERNAME_TAKEN");
    }
    for (let time = 0; time < signUps; time += 1) expect(codeOf(await signUp(address))).to.equal("made");
    const refused = await signUp(address);
    expect(codeOf(refused)).to.equal("RATE_LIMITED");
    expect(Number(refused.headers.get("retry-after"))).to.be.within(3500, 3600);
    expect(codeOf(await signUp("192.0.2.2"))).to.equal("made");
  });

  it("An address learns of a fixed number of existing names in an hour, and is refused then", async () => {
    const { username } = await signUpHotel(platform.client);
    const address = "198.51.100.1";
    for (let probe = 0; probe < takenPerHour; probe += 1)
      expect(codeOf(await signUp(address, { username }))).to.equal("USERNAME_TAKEN");
    expect(codeOf(await signUp(address, { username })), "an existing name").to.equal("RATE_LIMITED");
    expect(codeOf(await signUp(address)), "a free name").to.equal("RATE_LIMITED");
    expect(codeOf(await signUp("198.51.100.2", { username })), "another address").to.equal("USERNAME_TAKEN");
  });

  it("A hotel learns of no more names, from any address of its manager", async () => {
    const { username, managerToken: token } = await signUpHotel(platform.client);
    const add = (name: string, address: string, secret = password) =>
      platform.client.post(
        "/users/",
        { username: name, password: secret, role: "receptionist" },
        { token, headers: { "x-forwarded-for": address } },
      );
    for (let probe = 0; probe < takenPerHour; probe += 1)
      expect(codeOf(await add(username, `203.0.113.${probe}`))).to.equal("USERNAME_TAKEN");
    expect(codeOf(await add(username, "203.0.113.99")), "an existing name").to.equal("RATE_LIMITED");
    expect(codeOf(await add(nextName(), "203.0.113.99")), "a free name").to.equal("RATE_LIMITED");
    // A weak password must not evade the limit. It is refused in the same words for every name.
    for (const name of [username, nextName()])
      expect(codeOf(await add(name, "203.0.113.99", "Willkommen1!"))).to.equal("PASSWORD_TOO_WEAK");
  });

  it("A paying hotel can add staff, whatever strangers and trial hotels at its address ask", async () => {
    const address = "203.0.113.200";
    const headers = { "x-forwarded-for": address };
    const manager = async (from: string) => {
      const username = nextName();
      const { hotel } = (await signUp(from, { username })).body;
      const { access_token: token } = (await platform.client.post("/auth/token", { username, password })).body;
      return { username, hotelId: hotel.hotel_id as string, token: token as string };
    };
    const { username, hotelId, token } = await manager("203.0.113.201");
    const { token: ofTrial } = await manager("203.0.113.202");
    const add = (as: string, name: string) =>
      platform.client.post("/users/", { username: name, password, role: "receptionist" }, { token: as, headers });
    for (let probe = 0; probe <= takenPerHour; probe += 1) {
      await signUp(address, { username });
      await add(ofTrial, username);
    }
    expect(codeOf(await signUp(address)), "a sign-up").to.equal("RATE_LIMITED");
    expect(codeOf(await add(ofTrial, nextName())), "the trial hotel that asked").to.equal("RATE_LIMITED");
    expect(codeOf(await add(token, nextName())), "another trial hotel").to.equal("RATE_LIMITED");
    await platform.owner("identity.hotels").where({ hotel_id: hotelId }).update({ valid_to: "2100-01-01" });
    expect(codeOf(await add(token, nextName())), "a paying hotel").to.equal("made");
  });

  it("The hotel's name is refused in every password", async () => {
    const hotel = await signUpHotel(platform.client, { name: "Gasthof Morgenstern" });
    const token = hotel.managerToken;
    const weak = "Morgenstern2026";
    const { user_id: id } = (await platform.client.get("/auth/me", { token: hotel.receptionistToken })).body;
    const answers = [
      await signUp("192.0.2.77", { name: "Gasthof Morgenstern", password: weak }),
      await platform.client.post("/users/", { username: nextName(), password: weak, role: "receptionist" }, { token }),
      await platform.client.patch(`/users/${id}`, { password: weak }, { token }),
      await platform.client.post("/users/me/password", { old_password: password, new_password: weak }, { token }),
    ];
    expect(answers.map(codeOf)).to.deep.equal(Array.from({ length: 4 }, () => "PASSWORD_TOO_WEAK"));
    expect(answers.map(({ status }) => status)).to.deep.equal([400, 400, 400, 400]);
  });
});

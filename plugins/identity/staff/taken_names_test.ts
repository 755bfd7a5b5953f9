import { expect } from "chai";

import { signUpHotel, startTestPlatform, type TestPlatform } from "../../../testing/platform.ts";
import { takenPerHour } from "./taken_names.ts";

const password = "correct-horse-battery";
const signUps = 4;

describe("the sign-up of a hotel, and the names that are taken", () => {
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

  it("counts a sign-up that fits, and none that does not, has a weak password or takes a name", async () => {
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

  it("tells an address of so many taken names in an hour, and answers no more questions then", async () => {
    const { username } = await signUpHotel(platform.client);
    const address = "198.51.100.1";
    for (let probe = 0; probe < takenPerHour; probe += 1)
      expect(codeOf(await signUp(address, { username }))).to.equal("USERNAME_TAKEN");
    expect(codeOf(await signUp(address, { username })), "a taken name").to.equal("RATE_LIMITED");
    expect(codeOf(await signUp(address)), "a free one").to.equal("RATE_LIMITED");
    expect(codeOf(await signUp("198.51.100.2", { username })), "another address").to.equal("USERNAME_TAKEN");
  });

  it("tells a hotel of no more, from whatever address its manager asks", async () => {
    const { username, managerToken: token } = await signUpHotel(platform.client);
    const add = (name: string, address: string, secret = password) =>
      platform.client.post(
        "/users/",
        { username: name, password: secret, role: "receptionist" },
        { token, headers: { "x-forwarded-for": address } },
      );
    for (let probe = 0; probe < takenPerHour; probe += 1)
      expect(codeOf(await add(username, `203.0.113.${probe}`))).to.equal("USERNAME_TAKEN");
    expect(codeOf(await add(username, "203.0.113.99")), "a taken name").to.equal("RATE_LIMITED");
    expect(codeOf(await add(nextName(), "203.0.113.99")), "a free one").to.equal("RATE_LIMITED");
    // A weak password is no way around it: it is refused in the same words, whatever the name.
    for (const name of [username, nextName()])
      expect(codeOf(await add(name, "203.0.113.99", "Willkommen1!"))).to.equal("PASSWORD_TOO_WEAK");
  });

  it("keeps no hotel that pays from adding staff, whatever strangers and trial hotels behind its address ask", async () => {
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
    expect(codeOf(await add(ofTrial, nextName())), "the trial that asked").to.equal("RATE_LIMITED");
    expect(codeOf(await add(token, nextName())), "another trial").to.equal("RATE_LIMITED");
    await platform.owner("identity.hotels").where({ hotel_id: hotelId }).update({ valid_to: "2100-01-01" });
    expect(codeOf(await add(token, nextName())), "a hotel that pays").to.equal("made");
  });

  it("refuses the hotel's name in a password, wherever one is set", async () => {
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

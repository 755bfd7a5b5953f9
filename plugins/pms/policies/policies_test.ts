import { expect } from "chai";

import { signUpHotel, startTestPlatform, type TestPlatform, withoutUndo } from "#testing/mod.ts";
import { openDesk } from "../testing/desk.ts";

describe("the policies of a hotel", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  it("One of four managers who read the same policies changes them, before the first change and after it", async () => {
    const desk = await openDesk(platform);
    for (const version of [1, 2]) {
      const options = { token: desk.managerToken, headers: { "if-match": `"${version}"` } };
      const answers = await Promise.all(
        ["01:00", "02:00", "03:00", "04:00"].map((at) =>
          platform.client.patch("/policies", { day_closes_at: at }, options),
        ),
      );
      expect(answers.map(({ status }) => status).sort((a, b) => a - b)).to.deep.equal([200, 412, 412, 412]);
      const kept = answers.find(({ status }) => status === 200);
      expect((await desk.get("/policies")).body).to.deep.equal(withoutUndo(kept?.body));
    }
  });

  it("A new hotel closes by the clock at 04:00, at the desk from 18:00, and lets receptionists close", async () => {
    const { managerToken: token } = await signUpHotel(platform.client);
    const { body } = await platform.client.get("/policies", { token });
    expect(body).to.include({ day_closes_at: "04:00", day_closes_from: "18:00", receptionists_close_day: true });
    const changes = { day_closes_at: null, day_closes_from: null, receptionists_close_day: false };
    const changed = await platform.client.patch("/policies", changes, { token });
    expect(withoutUndo(changed.body)).to.deep.equal({ ...body, ...changes });
    await platform.client.patch("/policies", { no_show_charge: "none" }, { token });
    expect((await platform.client.get("/policies", { token })).body).to.include(changes);
  });

  it("A time that is not valid is refused, and the policies stay as they were", async () => {
    const { managerToken: token } = await signUpHotel(platform.client);
    const before = (await platform.client.get("/policies", { token })).text;
    for (const time of ["24:00", "18:60", "18:00:00", "6:00", "", "18:00 ", "now", 18, true, ["18:00"]]) {
      const { status, body } = await platform.client.patch("/policies", { day_closes_from: time }, { token });
      expect([status, body.code, body.errors?.[0]?.pointer], JSON.stringify(time)).to.deep.equal([
        400,
        "VALIDATION_FAILED",
        "/day_closes_from",
      ]);
    }
    const flag = await platform.client.patch("/policies", { receptionists_close_day: null }, { token });
    expect(flag.status).to.equal(400);
    expect((await platform.client.get("/policies", { token })).text).to.equal(before);
  });
});

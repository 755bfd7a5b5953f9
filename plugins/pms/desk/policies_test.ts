import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "../../../workers/testing/platform.ts";
import { openDesk } from "../testing/desk.ts";

describe("the policies of a hotel", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  it("are changed by one of four who had read the same, before the first change and after it", async () => {
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
      expect((await desk.get("/policies")).body).to.deep.equal(kept?.body);
    }
  });
});

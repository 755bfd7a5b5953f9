import { expect } from "chai";

import { eventually, startTestPlatform, type TestPlatform } from "../../testing/platform.ts";
import { createLogger } from "../process/log.ts";
import { newId } from "../values/ids.ts";
import { createRefusals } from "./refusals.ts";

describe("the refusals in the security log", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const startMs = Date.parse("2026-03-01T12:00:00Z");
  const arrange = () => {
    const clock = { ms: startMs };
    const make = () => createRefusals(platform.owner, createLogger("silent"), () => clock.ms);
    const tenantId = newId();
    const stored = () => platform.owner("core.audit_events").where({ tenant_id: tenantId }).orderBy("event_id");
    return { clock, make, tenantId, stored, refusals: make() };
  };
  const from = (address: string, tenantId: string) => ({
    kind: "login_failed",
    tenantId,
    request: { id: "r", address, headers: { "user-agent": `Agent of ${address}` } },
    subject: { type: "user", id: "u", name: "anna" },
  });

  it("Equal refusals of a minute are one row of all processes, and the next minute has another row", async () => {
    const { clock, make, refusals, tenantId, stored } = arrange();
    const other = make();
    for (let time = 0; time < 500; time += 1) {
      clock.ms += 10;
      refusals.count("identity", from("192.0.2.1", tenantId));
      other.count("identity", from("192.0.2.1", tenantId));
    }
    await Promise.all([refusals.flush(), other.flush()]);
    const [row, ...more] = await stored();
    expect(more).to.deep.equal([]);
    expect(row).to.include({ kind: "identity.login_failed", occurrences: 1000, address: "192.0.2.1", subject_id: "u" });
    expect(row.last_at.getTime()).to.equal(startMs + 5_000);
    clock.ms += 60_000;
    refusals.count("identity", from("192.0.2.1", tenantId));
    await Promise.all([refusals.close(), other.close()]);
    expect((await stored()).map(({ occurrences }) => occurrences as number)).to.deep.equal([1000, 1]);
  });

  it("A hotel has at most 60 rows in a minute, and one more that counts the rest without an address", async () => {
    const { refusals, tenantId, stored } = arrange();
    for (let address = 0; address < 250; address += 1)
      for (let time = 0; time < 4; time += 1) refusals.count("identity", from(`192.0.2.${address}`, tenantId));
    // Those of another hotel have rows of their own.
    const another = arrange();
    refusals.count("identity", from("192.0.2.1", another.tenantId));
    await refusals.close();
    const rows = await stored();
    expect(rows.length).to.equal(61);
    expect(rows.reduce((sum, { occurrences }) => sum + (occurrences as number), 0)).to.equal(1000);
    expect(
      rows.filter(({ address }) => address === null).map(({ occurrences }) => occurrences as number),
    ).to.deep.equal([190 * 4]);
    expect((await another.stored()).length).to.equal(1);
  });

  it("Refusals are written when the minute is over, even if no other follows", async () => {
    const { clock, refusals, tenantId, stored } = arrange();
    refusals.count("identity", from("192.0.2.1", tenantId));
    await refusals.flush();
    refusals.count("identity", from("192.0.2.1", tenantId));
    expect((await stored())[0].occurrences).to.equal(1);
    clock.ms += 60_000;
    await eventually(async () => ((await stored())[0].occurrences === 2 ? true : undefined));
    await refusals.close();
    expect((await stored())[0].occurrences).to.equal(2);
  });

  it("Requests are answered even if refusals can't be written", async () => {
    const { clock, tenantId } = arrange();
    const broken = createRefusals({} as never, createLogger("silent"), () => clock.ms);
    broken.count("identity", from("192.0.2.1", tenantId));
    await broken.close();
  });
});

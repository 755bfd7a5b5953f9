import { expect } from "chai";
import fc from "fast-check";

import { type DirectBilling, graceDays, startDirectBilling } from "./testing/direct.ts";
import { judge } from "./testing/oracle.ts";
import { tell } from "./testing/tell.ts";
import { type World, worlds } from "./testing/world.ts";

const dayMs = 86_400_000;

describe("any history of payments, refunds and disputes", function () {
  this.timeout(180_000);
  let billing: DirectBilling;
  before(async () => {
    billing = await startDirectBilling();
  });
  after(() => billing.close());

  /** A place for each event, and some of them again, in any order. */
  const orders = (count: number, repeats: number) =>
    fc
      .shuffledSubarray(
        Array.from({ length: count + repeats }, (_, index) => index % Math.max(1, count)),
        { minLength: count + repeats },
      )
      .map((order) => (count === 0 ? [] : order));

  const histories = worlds.chain((world) => {
    const count = tell(world, "", 0).length;
    return fc.tuple(fc.constant(world), orders(count, 0), orders(count, Math.ceil(count / 2)));
  });

  it("comes out as the oracle says, and with the same rows to the byte, however its events are shuffled and repeated", async () => {
    const seen = { events: 0, statuses: new Map<string, number>() };
    await fc.assert(
      fc.asyncProperty(histories, async ([world, first, second]: [World, number[], number[]]) => {
        const now = Math.floor(Date.now() / 1000);
        const looked = new Date(now * 1000);
        await billing.setTrial(new Date(now * 1000 + world.trial * dayMs));
        const events = tell(world, billing.hotelId, now);
        const one = await billing.play(events, first, looked);
        const other = await billing.play(events, second, looked);
        expect(other.rows).to.deep.equal(one.rows);
        expect(other.view).to.deep.equal(one.view);
        const verdict = judge(world, graceDays);
        expect({ valid_to: one.view.valid_to, status: one.view.status }).to.deep.equal({
          valid_to: new Date(now * 1000 + verdict.validTo * dayMs).toISOString(),
          status: verdict.status,
        });
        seen.events += events.length;
        seen.statuses.set(verdict.status, (seen.statuses.get(verdict.status) ?? 0) + 1);
      }),
      { numRuns: Number(1000), endOnFailure: false },
    );
    // The stories must reach every end, or the test says little.
    expect([...seen.statuses.keys()].sort()).to.deep.equal(["active", "grace", "lapsed", "past_due", "trial"]);
  });
});

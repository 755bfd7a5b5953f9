import { expect } from "chai";
import fc from "fast-check";

import { type DirectBilling, graceDays, type Lane, startDirectBilling } from "./testing/direct.ts";
import { judge } from "./testing/oracle.ts";
import { tell } from "./testing/tell.ts";
import { type World, worlds } from "./testing/world.ts";

const dayMs = 86_400_000;

/** Played at the same time: while PostgreSQL works for one, Node works for another. */
const lanes = 3;
const runs = 1_000;

describe("any history of payments, refunds and disputes", function () {
  this.timeout(180_000);
  let billing: DirectBilling;
  before(async () => {
    billing = await startDirectBilling(lanes);
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

  const play = async (lane: Lane, world: World, first: number[], second: number[]): Promise<string> => {
    const seconds = Math.floor(Date.now() / 1000);
    const now = new Date(seconds * 1000);
    const inDays = (days: number) => new Date(now.getTime() + days * dayMs);
    await lane.setTrial(inDays(world.trial));
    const events = tell(world, lane.hotelId, seconds);
    const one = await lane.play(events, first, now);
    const other = await lane.play(events, second, now);
    expect(other.rows).to.deep.equal(one.rows);
    expect(other.view).to.deep.equal(one.view);
    const verdict = judge(world, graceDays);
    expect({ valid_to: one.view.valid_to, status: one.view.status }).to.deep.equal({
      valid_to: inDays(verdict.validTo).toISOString(),
      status: verdict.status,
    });
    return verdict.status;
  };

  it("comes out as the oracle says, and with the same rows to the byte, however its events are shuffled and repeated", async () => {
    const statuses = new Set<string>();
    const playAll = (lane: Lane) =>
      fc.assert(
        fc.asyncProperty(histories, async ([world, first, second]) => {
          statuses.add(await play(lane, world, first, second));
        }),
        { numRuns: Math.ceil(runs / lanes) },
      );
    await Promise.all(billing.lanes.map(playAll));
    // The stories must come to every end, or the test says little.
    expect([...statuses].sort()).to.deep.equal(["active", "grace", "lapsed", "past_due", "trial"]);
  });
});

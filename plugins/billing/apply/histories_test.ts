import { expect } from "chai";
import fc from "fast-check";

import { type DirectBilling, graceDays, type Lane, startDirectBilling } from "../testing/in_process_billing.ts";
import { judge } from "../testing/oracle.ts";
import { tell } from "../testing/story_events.ts";
import { type World, worlds } from "../testing/payment_story.ts";

const dayMs = 86_400_000;

/** The histories run at the same time. While PostgreSQL works for one, Node works for another. */
const lanes = 3;
const runs = 700;

describe("Any history of payments, refunds and disputes", function () {
  this.timeout(600_000);
  let billing: DirectBilling;
  before(async () => {
    billing = await startDirectBilling(lanes);
  });
  after(() => billing.close());

  /** A position for each event, and some events again, in any order. */
  const orders = (count: number, repeats: number) =>
    fc
      .shuffledSubarray(
        Array.from({ length: count + repeats }, (_, index) => index % Math.max(1, count)),
        { minLength: count + repeats },
      )
      .map((order) => (count === 0 ? [] : order));

  const histories = worlds.chain((world) => {
    const count = tell(world, ["", ""], 0).length;
    // Stripe can have been asked too early for the invoice of any of them. The result must be the same.
    const askedInVain = fc.oneof(fc.constant([]), fc.subarray(Array.from({ length: count }, (_, index) => index)));
    return fc.tuple(
      fc.constant(world),
      orders(count, 0),
      orders(count, Math.ceil(count / 2)),
      askedInVain.map((places) => new Set(places)),
    );
  });

  const play = async (
    lane: Lane,
    world: World,
    first: number[],
    second: number[],
    askedInVain: ReadonlySet<number>,
  ): Promise<string[]> => {
    const seconds = Math.floor(Date.now() / 1000);
    const now = new Date(seconds * 1000);
    const inDays = (days: number) => new Date(now.getTime() + days * dayMs);
    await lane.setTrial(inDays(world.trial));
    const events = tell(world, lane.hotelIds, seconds);
    const one = await lane.play(events, first, askedInVain, now);
    const other = await lane.play(events, second, askedInVain, now);
    expect(other.rows).to.deep.equal(one.rows);
    expect(other.views).to.deep.equal(one.views);
    const verdicts = (["ours", "other"] as const).map((hotel) => judge(world, graceDays, hotel));
    expect(one.views.map(({ valid_to, status }) => ({ valid_to, status }))).to.deep.equal(
      verdicts.map(({ validTo, status }) => ({ valid_to: inDays(validTo).toISOString(), status })),
    );
    return verdicts.map(({ status }) => status);
  };

  it("Any shuffle and repetition of its events gives the oracle's result and the same bytes in the rows", async () => {
    const statuses = new Set<string>();
    const playAll = (lane: Lane) =>
      fc.assert(
        fc.asyncProperty(histories, async ([world, first, second, askedInVain]) => {
          for (const status of await play(lane, world, first, second, askedInVain)) statuses.add(status);
        }),
        { numRuns: Math.ceil(runs / lanes) },
      );
    await Promise.all(billing.lanes.map(playAll));
    // The stories must reach every end. Otherwise the test proves little.
    expect([...statuses].sort()).to.deep.equal(["active", "grace", "lapsed", "past_due", "trial"]);
  });
});

import { expect } from "chai";
import fc from "fast-check";

import { type InProcessBilling, graceDays, type Lane, startInProcessBilling } from "../testing/in_process_billing.ts";
import { computeVerdict } from "../testing/oracle.ts";
import { storyEvents } from "../testing/story_events.ts";
import { type PaymentHistory, paymentHistories } from "../testing/payment_story.ts";

const dayMs = 86_400_000;

/** Run concurrently: while PostgreSQL works for one lane, Node works for another. */
const lanes = 3;
const runs = 700;

describe("any history of payments, refunds and disputes", function () {
  this.timeout(600_000);
  let billing: InProcessBilling;
  before(async () => {
    billing = await startInProcessBilling(lanes);
  });
  after(() => billing.close());

  /** The index of each event, and of some of them again, in any order. */
  const orders = (count: number, repeats: number) =>
    fc
      .shuffledSubarray(
        Array.from({ length: count + repeats }, (_, index) => index % Math.max(1, count)),
        { minLength: count + repeats },
      )
      .map((order) => (count === 0 ? [] : order));

  const histories = paymentHistories.chain((history) => {
    const count = storyEvents(history, ["", ""], 0).length;
    // Stripe may have been asked too early for the invoice of any event. The result must be the same.
    const withoutInvoice = fc.oneof(fc.constant([]), fc.subarray(Array.from({ length: count }, (_, index) => index)));
    return fc.tuple(
      fc.constant(history),
      orders(count, 0),
      orders(count, Math.ceil(count / 2)),
      withoutInvoice.map((places) => new Set(places)),
    );
  });

  const play = async (
    lane: Lane,
    history: PaymentHistory,
    first: number[],
    second: number[],
    withoutInvoice: ReadonlySet<number>,
  ): Promise<string[]> => {
    const seconds = Math.floor(Date.now() / 1000);
    const now = new Date(seconds * 1000);
    const inDays = (days: number) => new Date(now.getTime() + days * dayMs);
    await lane.setTrial(inDays(history.trial));
    const events = storyEvents(history, lane.hotelIds, seconds);
    const one = await lane.play(events, first, withoutInvoice, now);
    const other = await lane.play(events, second, withoutInvoice, now);
    expect(other.rows).to.deep.equal(one.rows);
    expect(other.views).to.deep.equal(one.views);
    const verdicts = (["ours", "other"] as const).map((hotel) => computeVerdict(history, graceDays, hotel));
    expect(one.views.map(({ valid_to, status }) => ({ valid_to, status }))).to.deep.equal(
      verdicts.map(({ validTo, status }) => ({ valid_to: inDays(validTo).toISOString(), status })),
    );
    return verdicts.map(({ status }) => status);
  };

  it("Any shuffle and repetition of the events gives the oracle's result and the same rows", async () => {
    const statuses = new Set<string>();
    const playAll = (lane: Lane) =>
      fc.assert(
        fc.asyncProperty(histories, async ([history, first, second, withoutInvoice]) => {
          for (const status of await play(lane, history, first, second, withoutInvoice)) statuses.add(status);
        }),
        { numRuns: Math.ceil(runs / lanes) },
      );
    await Promise.all(billing.lanes.map(playAll));
    // The histories must reach every status. Otherwise the test proves little.
    expect([...statuses].sort()).to.deep.equal(["active", "grace", "lapsed", "past_due", "trial"]);
  });
});

import { expect } from "chai";
import fc from "fast-check";

import { computeValidTo, type PaidPeriod } from "./valid_to.ts";

const trialEnd = new Date("2026-03-01T00:00:00Z");
const day = (text: string) => new Date(`${text}T00:00:00Z`);
const paid = (invoice_id: string, period_end: Date | null): PaidPeriod => ({ invoice_id, period_end });

const periods = fc.array(
  fc.record({
    invoice_id: fc.integer({ min: 0, max: 20 }).map((number) => `in_${number}`),
    period_end: fc.option(
      fc.integer({ min: 1_760_000_000, max: 1_800_000_000 }).map((seconds) => new Date(seconds * 1000)),
    ),
  }),
  { maxLength: 30 },
);

describe("computing valid_to", () => {
  it("Without a payment, valid_to is the trial's end without grace", () => {
    const coverage = computeValidTo([paid("in_1", null)], trialEnd, 3);
    expect(coverage).to.deep.equal({ valid_to: trialEnd, paid_until: undefined, paid_by: undefined });
  });

  it("The greatest period end plus the days of grace is valid_to", () => {
    const coverage = computeValidTo([paid("in_2", day("2026-05-01")), paid("in_1", day("2026-04-01"))], trialEnd, 3);
    expect(coverage).to.deep.equal({
      valid_to: day("2026-05-04"),
      paid_until: day("2026-05-01"),
      paid_by: "in_2",
    });
  });

  it("The trial's end is the earliest possible valid_to", () => {
    const coverage = computeValidTo([paid("in_1", day("2026-02-01"))], trialEnd, 3);
    expect(coverage.valid_to).to.deep.equal(trialEnd);
    expect(coverage.paid_by).to.equal("in_1");
  });

  it("Any order and repetition of the same facts gives the same valid_to", () => {
    fc.assert(
      fc.property(
        periods.chain((facts) =>
          fc.tuple(
            fc.constant(facts),
            fc
              .array(fc.nat({ max: Math.max(0, facts.length - 1) }), { maxLength: facts.length === 0 ? 0 : 30 })
              .map((again) => [...facts, ...again.map((index) => facts[index] as PaidPeriod)])
              .chain((all) => fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })),
          ),
        ),
        fc.integer({ min: 0, max: 30 }),
        ([facts, shuffled], graceDays) => {
          const coverage = computeValidTo(shuffled, trialEnd, graceDays);
          expect(coverage).to.deep.equal(computeValidTo(facts, trialEnd, graceDays));
          // The same rule in another form, over the sorted ends.
          const ends = facts
            .flatMap((fact) => (fact.period_end === null ? [] : [fact.period_end.getTime()]))
            .sort((a, b) => a - b);
          const lastEnd = ends.at(-1);
          const expected = lastEnd === undefined ? 0 : lastEnd + graceDays * 24 * 3600 * 1000;
          expect(coverage.valid_to.getTime()).to.equal(Math.max(expected, trialEnd.getTime()));
        },
      ),
      { numRuns: 500 },
    );
  });
});

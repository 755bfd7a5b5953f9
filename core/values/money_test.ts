import { expect } from "chai";
import fc from "fast-check";

import { isSameAmount, isWithinPercent, splitAmount, subtractAmount, sumAmounts } from "../mod.ts";

describe("splitting an amount", () => {
  it("The units that are left go to the shares that lost most, the first of equals", () => {
    expect(splitAmount("100.00", ["1.00", "1.00", "1.00"], "EUR")).to.deep.equal(["33.34", "33.33", "33.33"]);
    expect(splitAmount("100", ["100", "200", "100"], "JPY")).to.deep.equal(["25", "50", "25"]);
    expect(splitAmount("10", ["1", "2", "4"], "JPY"), "1.43, 2.86 and 5.71").to.deep.equal(["1", "3", "6"]);
    expect(splitAmount("1.000", ["5.000", "5.000", "5.000"], "KWD")).to.deep.equal(["0.334", "0.333", "0.333"]);
  });

  it("Equal shares replace weights that are all zero, and a zero weight gets nothing beside others", () => {
    expect(splitAmount("0.05", ["0.00", "0.00"], "EUR")).to.deep.equal(["0.03", "0.02"]);
    expect(splitAmount("5.00", ["0.00", "80.00"], "EUR")).to.deep.equal(["0.00", "5.00"]);
  });

  it("The parts of any amount sum to it, and each differs from its exact share by less than one unit", () => {
    const amount = fc.integer({ min: 0, max: 2_000_000_000 });
    const cases = fc.record({
      total: amount,
      weights: fc.array(amount, { minLength: 1, maxLength: 40 }),
      money: fc.constantFrom(["EUR", 2] as const, ["JPY", 0] as const, ["KWD", 3] as const),
    });
    fc.assert(
      fc.property(cases, ({ total, weights, money: [currency, decimals] }) => {
        const text = (minor: number): string => (minor / 10 ** decimals).toFixed(decimals);
        const parts = splitAmount(text(total), weights.map(text), currency);
        expect(sumAmounts(parts, currency)).to.equal(text(total));
        const sum = weights.reduce((all, weight) => all + weight, 0);
        if (sum === 0) return;
        for (const [index, part] of parts.entries()) {
          const share = (total * (weights[index] ?? 0)) / sum;
          expect(Math.abs(Number(part) * 10 ** decimals - share)).to.be.lessThan(1.001);
        }
      }),
    );
  });

  it("Nothing to split over is an error", () => {
    expect(() => splitAmount("1.00", [], "EUR")).to.throw(RangeError);
  });
});

describe("comparing amounts", () => {
  it("Amounts are the same however they are written", () => {
    expect(isSameAmount("80", "80.00")).to.equal(true);
    expect(isSameAmount("80.00", "80.01")).to.equal(false);
  });

  it("A difference is exact, and undefined below zero", () => {
    expect(subtractAmount("100.00", "99.99", "EUR")).to.equal("0.01");
    expect(subtractAmount("100", "100", "JPY")).to.equal("0");
    expect(subtractAmount("1.000", "1.001", "KWD")).to.equal(undefined);
  });

  it("A percentage is of the base, up and down, the limit included", () => {
    expect(isWithinPercent("90.00", "100.00", 10)).to.equal(true);
    expect(isWithinPercent("110.00", "100.00", 10)).to.equal(true);
    expect(isWithinPercent("89.99", "100.00", 10)).to.equal(false);
    expect(isWithinPercent("110.01", "100.00", 10)).to.equal(false);
    expect(isWithinPercent("0.01", "0.00", 100)).to.equal(false);
  });
});

import { expect } from "chai";
import fc from "fast-check";

import { applyChange, readPriceChange } from "./adjust.ts";

const after = (price: string, text: string, decimals = 2): string | undefined => {
  const change = readPriceChange(text, decimals);
  return change === undefined ? undefined : applyChange(price, change, decimals);
};

describe("A typed price", () => {
  const cases: readonly (readonly [price: string, text: string, result: string | undefined, decimals?: number])[] = [
    ["100.00", "120", "120.00"],
    ["100.00", "99,5", "99.50"],
    ["100.00", "+10%", "110.00"],
    ["100.00", "-10 %", "90.00"],
    ["0.05", "+10%", "0.06"],
    ["99.99", "-33.33%", "66.66"],
    ["100.00", "+7.5", "107.50"],
    ["100.00", "-100", "0.00"],
    ["100.00", "-100.01", undefined],
    ["100.00", "-101%", undefined],
    ["12000", "+3%", "12360", 0],
    ["100.00", "1.234", undefined],
    ["100.00", "ten", undefined],
    ["100.00", "", undefined],
    ["1.250", "+0.005", "1.255", 3],
  ];
  for (const [price, text, result, decimals] of cases) {
    it(`The text "${text}" makes ${String(result)} of ${price}`, () => {
      expect(after(price, text, decimals)).to.equal(result);
    });
  }

  it("A percentage differs from the exact result by half a cent at most", () => {
    fc.assert(
      fc.property(fc.nat({ max: 10_000_000 }), fc.integer({ min: -10_000, max: 30_000 }), (cents, hundredths) => {
        const price = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;
        const sign = hundredths < 0 ? "-" : "+";
        const size = Math.abs(hundredths);
        const text = `${sign}${Math.floor(size / 100)}.${String(size % 100).padStart(2, "0")}%`;
        const result = BigInt((after(price, text) ?? "").replace(".", ""));
        const twice = 2n * (result * 10_000n - BigInt(cents) * BigInt(10_000 + hundredths));
        expect(twice <= 10_000n && twice > -10_000n).to.equal(true);
      }),
    );
  });
});

import { expect } from "chai";
import fc from "fast-check";

import { divideAmount } from "../../../../core/mod.ts";
import { perRoom } from "./per_room.ts";

describe("An amount per room", () => {
  it("Equals the division of the server for any amount and number of rooms", () => {
    const currencies = fc.constantFrom({ code: "EUR", decimals: 2 }, { code: "JPY", decimals: 0 });
    const units = fc.bigInt({ min: 0n, max: 10n ** 15n });
    fc.assert(
      fc.property(currencies, units, fc.integer({ min: 1, max: 5_000 }), ({ code, decimals }, amount, rooms) => {
        const digits = amount.toString().padStart(decimals + 1, "0");
        const text = decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
        expect(perRoom(text, rooms)).to.equal(divideAmount(text, rooms, code));
      }),
    );
  });

  it("Is undefined without rooms", () => {
    expect(perRoom("100.00", 0)).to.equal(undefined);
  });
});

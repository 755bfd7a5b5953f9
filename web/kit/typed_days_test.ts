import { expect } from "chai";

import { parseDay, parseStay } from "./typed_days.ts";

/** A Saturday. */
const today = "2026-11-28";

describe("A typed day", () => {
  const cases: readonly (readonly [text: string, locale: string, day: string | undefined])[] = [
    ["today", "en-GB", "2026-11-28"],
    ["Tomorrow", "en-GB", "2026-11-29"],
    ["morgen", "de", "2026-11-29"],
    ["mañana", "es", "2026-11-29"],
    ["+2", "en-GB", "2026-11-30"],
    ["sat", "en-GB", "2026-11-28"],
    ["fri", "en-GB", "2026-12-04"],
    ["fr", "de", "2026-12-04"],
    ["jeudi", "fr", "2026-12-03"],
    ["12.3.", "de", "2027-03-12"],
    ["12.3.", "en-US", "2027-03-12"],
    ["3/12", "en-US", "2027-03-12"],
    ["3/12", "en-GB", "2026-12-03"],
    ["1", "en-GB", "2026-12-01"],
    ["31", "en-GB", "2026-12-31"],
    ["29.2.", "de", "2028-02-29"],
    ["24.12.2027", "de", "2027-12-24"],
    ["2027-01-05", "en-GB", "2027-01-05"],
    ["31.4.", "de", undefined],
    ["30.2.", "de", undefined],
    ["12.13.", "de", undefined],
    ["f", "en-GB", undefined],
    ["soon", "en-GB", undefined],
    ["", "en-GB", undefined],
  ];
  for (const [text, locale, day] of cases) {
    it(`Reads "${text}" in ${locale} as ${day ?? "no day"}`, () => {
      expect(parseDay(text, today, locale)).to.equal(day);
    });
  }
});

describe("A typed stay", () => {
  const cases: readonly (readonly [text: string, stay: readonly [string, string] | undefined])[] = [
    ["fri", ["2026-12-04", "2026-12-05"]],
    ["fri 2n", ["2026-12-04", "2026-12-06"]],
    ["2n", ["2026-11-28", "2026-11-30"]],
    ["fri sun", ["2026-12-04", "2026-12-06"]],
    ["30.12. – 2.1.", ["2026-12-30", "2027-01-02"]],
    ["+2 +3", ["2026-11-30", "2026-12-03"]],
    ["fri fri", ["2026-12-04", "2026-12-11"]],
    ["fri 0n", undefined],
    ["fri 2n sun", undefined],
    ["2026-12-05 2026-12-04", undefined],
    ["", undefined],
  ];
  for (const [text, stay] of cases) {
    it(`Reads "${text}" as ${stay?.join(" to ") ?? "no stay"}`, () => {
      const [arrival, departure] = stay ?? [];
      expect(parseStay(text, today, "en-GB")).to.deep.equal(stay === undefined ? undefined : { arrival, departure });
    });
  }
});

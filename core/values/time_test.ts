import { expect } from "chai";
import fc from "fast-check";
import { Temporal } from "temporal-polyfill";

import {
  addDays,
  dayAt,
  daysBetween,
  eachDay,
  earliestDay,
  instantOf,
  latestDay,
  timeZoneSchema,
  UnknownTimeZone,
} from "./time.ts";

describe("counting days", () => {
  const span = daysBetween(earliestDay, latestDay);
  const days = fc.integer({ min: 0, max: span }).map((number) => addDays(earliestDay, number));

  it("The distance is that of the calendar, for every pair of days", () => {
    fc.assert(
      fc.property(days, days, (from, to) => {
        const apart = Temporal.PlainDate.from(from).until(to, { largestUnit: "days" }).days;
        expect(daysBetween(from, to)).to.equal(apart);
        expect(addDays(from, apart)).to.equal(to);
        expect(Temporal.PlainDate.from(from).add({ days: apart }).toString()).to.equal(to);
      }),
      { numRuns: 1000 },
    );
  });

  it("Days are added over the ends of months, leap days and years, and past the last day", () => {
    expect(eachDay("2027-12-30", "2028-01-02")).to.deep.equal(["2027-12-30", "2027-12-31", "2028-01-01"]);
    expect(eachDay("2028-02-28", "2028-03-02")).to.deep.equal(["2028-02-28", "2028-02-29", "2028-03-01"]);
    expect(eachDay("2100-02-28", "2100-03-01")).to.deep.equal(["2100-02-28"]);
    expect(eachDay("2026-11-26", "2026-11-25")).to.deep.equal([]);
    expect(addDays(latestDay, 2)).to.equal(Temporal.PlainDate.from(latestDay).add({ days: 2 }).toString());
  });

  it("A day that is not in the calendar is refused", () => {
    expect(() => addDays("2026-13-01", 1)).to.throw(RangeError);
    expect(() => addDays("", 1)).to.throw(RangeError);
  });
});

describe("a time zone", () => {
  const taken = (name: string): boolean => timeZoneSchema.safeParse(name).success;

  it("A time zone is UTC or any region/city that this runtime lists, and Temporal knows each", () => {
    const cities = Intl.supportedValuesOf("timeZone").filter((name) => name.includes("/") && !name.startsWith("Etc/"));
    expect(cities.length).to.be.greaterThan(300);
    for (const name of ["UTC", ...cities, "Asia/Kolkata", "Europe/Kyiv", "America/Argentina/Buenos_Aires"]) {
      expect(taken(name), name).to.equal(true);
    }
  });

  it("An abbreviation, an offset or another spelling is refused, because other programs read it differently", () => {
    const abbreviations =
      "ACT AET AGT ART AST BET BST CAT CNT CST CTT EAT ECT IET IST JST MIT NET NST PLT PNT PRT PST SST VST " +
      "CET EET MET WET EST MST HST EST5EDT CST6CDT PST8PDT GMT GMT0 UCT ZULU Zulu Universal Factory localtime " +
      "posixrules Japan Cuba GB NZ ROC utc";
    const others = "Etc/UTC Etc/GMT+5 SystemV/PST8 europe/berlin EUROPE/BERLIN Europe/berlin Nowhere/Land +02:00";
    for (const name of [
      ...`${abbreviations} ${others}`.split(" "),
      "",
      " Europe/Berlin",
      "Europe/Berlin ",
      "Europe/",
    ]) {
      expect(taken(name), name).to.equal(false);
    }
  });

  it("A stored time zone that is not known has another error than a wrong day", () => {
    for (const zone of ["AET", "Nowhere/Land", ""]) {
      expect(() => dayAt(new Date(), zone), zone).to.throw(
        UnknownTimeZone,
        `"${zone}" is not known. Remedy: set it to an`,
      );
      expect(() => instantOf("2026-11-27", "04:00", zone), zone).to.throw(UnknownTimeZone);
    }
    expect(() => instantOf("2026-02-30", "04:00", "Europe/Berlin")).to.throw(RangeError);
    expect(() => instantOf("2026-02-28", "25:00", "AET")).to.throw(RangeError);
  });
});

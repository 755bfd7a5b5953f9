import { expect } from "chai";

import { daysOf, nextRun } from "./timetable.ts";

describe("the timetable of a scheduled report", () => {
  const night = { every: "night", at: "05:00" } as const;
  const month = { every: "month", at: "05:00" } as const;

  for (const [title, timing, zone, after, next] of [
    ["today, if the time is still to come", night, "Europe/Berlin", "2030-01-10T03:59:59Z", "2030-01-10T04:00:00Z"],
    ["tomorrow, if the time has just passed", night, "Europe/Berlin", "2030-01-10T04:00:00Z", "2030-01-11T04:00:00Z"],
    ["by summer time once it has begun", night, "Europe/Berlin", "2030-03-30T12:00:00Z", "2030-03-31T03:00:00Z"],
    ["on the hotel's own day", night, "Pacific/Auckland", "2030-01-10T17:00:00Z", "2030-01-11T16:00:00Z"],
    ["on the first of the next month", month, "Europe/Berlin", "2030-01-10T00:00:00Z", "2030-02-01T04:00:00Z"],
    ["on the first itself", month, "Pacific/Honolulu", "2030-02-01T11:00:00Z", "2030-02-01T15:00:00Z"],
    ["past the end of a year", month, "Europe/Berlin", "2030-12-05T00:00:00Z", "2031-01-01T04:00:00Z"],
  ] as const) {
    it(`A schedule runs ${title}`, () => {
      expect(nextRun(timing, zone, new Date(after)).toISOString()).to.equal(new Date(next).toISOString());
    });
  }

  it("A run is an hour later if a clock change skips its time", () => {
    const skipped = { every: "night", at: "02:30" } as const;
    expect(nextRun(skipped, "Europe/Berlin", new Date("2030-03-30T12:00:00Z")).toISOString()).to.equal(
      "2030-03-31T01:30:00.000Z",
    );
  });

  it("A run reports the day before, or the month before, by the hotel's calendar", () => {
    expect(daysOf(night, "Pacific/Auckland", new Date("2030-01-10T16:00:00Z"))).to.deep.equal({
      from: "2030-01-10",
      to: "2030-01-10",
    });
    expect(daysOf(month, "Europe/Berlin", new Date("2032-03-01T04:00:00Z"))).to.deep.equal({
      from: "2032-02-01",
      to: "2032-02-29",
    });
  });
});

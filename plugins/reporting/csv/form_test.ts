import { expect } from "chai";

import { formOf, normalizeForm, plainForm } from "./form.ts";

const hotel = (timeZone: string) => ({
  hotel_id: "",
  time_zone: timeZone,
  currency: "EUR",
  check_in_time: "15:00:00",
  check_out_time: "11:00:00",
  business_date: "2030-01-01",
  subscription_valid: true,
  valid_to: new Date(0),
  trial_ends_at: new Date(0),
});

describe("the form of a file for a spreadsheet", () => {
  for (const [zone, delimiter, decimalMark] of [
    ["Europe/Berlin", ";", ","],
    ["Europe/Vienna", ";", ","],
    ["America/Argentina/Buenos_Aires", ";", ","],
    ["Europe/Kyiv", ";", ","],
    ["Asia/Ho_Chi_Minh", ";", ","],
    ["Europe/London", ",", "."],
    ["America/New_York", ",", "."],
    ["Asia/Kolkata", ",", "."],
    ["UTC", ",", "."],
    // Windows separates lists by a semicolon there, and writes numbers with a point.
    ["Europe/Zurich", ";", "."],
  ] as const) {
    it(`The default is the form of the hotel's country: ${delimiter} and ${decimalMark} in ${zone}`, () => {
      const form = formOf(normalizeForm({ for: "spreadsheet" }, hotel(zone)));
      expect(form).to.deep.equal({ isForSpreadsheet: true, delimiter, decimalMark });
    });
  }

  it("The request overrides the default", () => {
    const asked = (separator: string, zone: string) => normalizeForm({ for: "spreadsheet", separator }, hotel(zone));
    expect(asked("comma", "Europe/Berlin")).to.include({ separator: "comma", decimal_mark: "point" });
    expect(asked("semicolon", "America/New_York")).to.include({ separator: "semicolon", decimal_mark: "comma" });
    expect(asked("semicolon", "Europe/Zurich")).to.include({ separator: "semicolon", decimal_mark: "point" });
    const mixed = { for: "spreadsheet", separator: "comma", decimal_mark: "comma" };
    expect(normalizeForm(mixed, hotel("Europe/Berlin"))).to.deep.equal(mixed);
  });

  it("A request without a form stores no form, so it equals the same request of an earlier version", () => {
    expect(normalizeForm({ from: "2030-01-01" }, hotel("Europe/Berlin"))).to.deep.equal({});
    expect(formOf({ from: "2030-01-01" })).to.equal(plainForm);
  });
});

import { expect } from "chai";

import { cellWriter } from "./cells.ts";

describe("a typed text in a file for a spreadsheet", () => {
  const { text } = cellWriter({ isForSpreadsheet: true, delimiter: ";", decimalMark: "," });

  it("is kept by a formula where a spreadsheet would read a number, a day, a truth value or an error", () => {
    const read = [
      "007",
      "1-2",
      "3/4",
      "1E5",
      "01711234567",
      "+49 171 1",
      "-1",
      "12.05",
      "50 %",
      "5 Mai",
      "1. Januar 2030",
    ];
    for (const typed of [...read, "True", "WAHR", "#N/A", "٣/٤", "7".repeat(100)]) {
      expect(text(typed), typed).to.equal(`="${typed}"`);
    }
    expect(text('2" pipe')).to.equal('="2"" pipe"');
  });

  it("stays as it is where a spreadsheet reads a text", () => {
    const long = "Guest in room seven called at 22:00 and asks for a quiet room near the lift.";
    for (const typed of ["Müller", "late, very late", "", "Vera", "one\n2", long]) expect(text(typed)).to.equal(typed);
  });

  it("gets an apostrophe where it would be a formula, and no formula of it can do more than say a text", () => {
    for (const typed of ["=1+1", "+1+A1", "@SUM(A1)", "-cmd|' /C calc'!A0", "+1\n2", "\t7", "＝1"]) {
      expect(text(typed), typed).to.equal(`'${typed}`);
    }
    expect(text('7"&cmd|x&"')).to.equal('="7""&cmd|x&"""');
  });

  it("gets an apostrophe where it is a number that no formula can hold", () => {
    expect(text("7".repeat(300))).to.equal(`'${"7".repeat(300)}`);
  });
});

import { expect } from "chai";

import { cellWriter } from "./cells.ts";

describe("a typed text in a file for a spreadsheet", () => {
  const { text } = cellWriter({ isForSpreadsheet: true, delimiter: ";", decimalMark: "," });

  it("A formula keeps a text that a spreadsheet would read as a number, a day, a truth value or an error", () => {
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

  it("A text that a spreadsheet reads as a text stays unchanged", () => {
    const long = "Guest in room seven called at 22:00 and asks for a quiet room near the lift.";
    for (const typed of ["Müller", "late, very late", "", "Vera", "one\n2", long]) expect(text(typed)).to.equal(typed);
  });

  it("A text that would be a formula gets an apostrophe, and a written formula only contains a text", () => {
    for (const typed of ["=1+1", "+1+A1", "@SUM(A1)", "-cmd|' /C calc'!A0", "+1\n2", "\t7", "＝1"]) {
      expect(text(typed), typed).to.equal(`'${typed}`);
    }
    expect(text('7"&cmd|x&"')).to.equal('="7""&cmd|x&"""');
  });

  it("A number that is too long for a formula gets an apostrophe", () => {
    expect(text("7".repeat(300))).to.equal(`'${"7".repeat(300)}`);
  });
});

import { expect } from "chai";

import { labelSchema, textSchema } from "./text.ts";

const accepts = (schema: ReturnType<typeof textSchema | typeof labelSchema>, text: string): boolean =>
  schema.safeParse(text).success;

describe("text that a person typed", () => {
  const line = textSchema(200);
  const lines = textSchema(200, { lines: true });

  it("A text has at least one visible character", () => {
    for (const text of ["", " ", "\u200b", "\u00ad\u200d", "\u3164", "\u2800", "\ufeff \u2060", "\u0301", "\u{e0041}"])
      expect(accepts(line, text), JSON.stringify(text)).to.equal(false);
    for (const text of ["a", "李", "7", "?", "🙂", "🇩🇪", "ö", "o\u0308"])
      expect(accepts(line, text), JSON.stringify(text)).to.equal(true);
  });

  it("A text keeps the invisible characters that words and emoji need", () => {
    for (const text of ["دو\u200cنفره", "क्\u200dष", "👩\u200d🍳", "❤\ufe0f", "葛\u{e0100}城"])
      expect(line.parse(text)).to.equal(text);
  });

  it("A text is converted to the composed form and trimmed", () => {
    expect(line.parse("  Mu\u0308ller\u00a0")).to.equal("M\u00fcller");
    // From 200 letters with a mark each, 200 code units are left.
    expect(accepts(line, "u\u0308".repeat(200))).to.equal(true);
    expect(accepts(line, "u".repeat(201))).to.equal(false);
  });

  it("A text has no control characters, except tabs and line ends in a text of several lines", () => {
    for (const text of ["a\0b", "a\u0007b", "a\u001b[31mb", "a\u0085b", "a\u009fb"]) {
      expect(accepts(line, text), JSON.stringify(text)).to.equal(false);
      expect(accepts(lines, text), JSON.stringify(text)).to.equal(false);
    }
    for (const text of ["a\nb", "a\r\nb", "a\tb"]) {
      expect(accepts(line, text), JSON.stringify(text)).to.equal(false);
      expect(lines.parse(text)).to.equal(text);
    }
    expect(accepts(line, "a\u2028b")).to.equal(false);
    expect(accepts(lines, "a\ud800b")).to.equal(false);
  });

  it("A text contains no mark that turns its direction, and can be written from right to left", () => {
    for (const mark of "\u202a\u202d\u202e\u2066\u2067\u2068\u2069\u202c") {
      expect(accepts(line, `a${mark}b`), JSON.stringify(mark)).to.equal(false);
      expect(accepts(lines, `a${mark}b`), JSON.stringify(mark)).to.equal(false);
    }
    for (const text of ["\u05d3\u05d5\u05d3 (David)\u200f", "\u0645\u062d\u0645\u062f 2"])
      expect(line.parse(text)).to.equal(text);
  });

  it("A label has no invisible character, and the compatible form", () => {
    const label = labelSchema(20);
    expect(label.parse(" １０１ａ ")).to.equal("101a");
    for (const text of ["101\u200b", "1\u00ad01", "10\u200d1", "\u200e101", "", "\u3164", "9".repeat(21)])
      expect(accepts(label, text), JSON.stringify(text)).to.equal(false);
  });
});

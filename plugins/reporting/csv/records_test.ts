import { expect } from "chai";
import { stringify } from "csv-stringify/sync";
import fc from "fast-check";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";

import { type CsvForm, plainForm } from "./form.ts";
import { bytesOfTurn, CsvRecords } from "./records.ts";

const byteOrderMark = "\uFEFF";
const semicolonForm: CsvForm = { isForSpreadsheet: true, delimiter: ";", decimalMark: "," };
const commaForm: CsvForm = { ...plainForm, isForSpreadsheet: true };

/** Sends bytes through in chunks that are cut at these places. */
async function through(
  bytes: Buffer,
  cuts: readonly number[],
  form = plainForm,
): Promise<{ bytes: Buffer; records: number }> {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  const chunks = places.slice(1).map((place, at) => bytes.subarray(places[at], place));
  const records = new CsvRecords(form);
  const out = await buffer(Readable.from(chunks, { objectMode: false }).pipe(records));
  return { bytes: out, records: records.records };
}

describe("CsvRecords", () => {
  it("Every record ends with CR LF and cells stay unchanged, wherever the chunks are cut", async () => {
    const cell = fc.string({ unit: fc.constantFrom("a", '"', "\n", "\r", ",", "é", "🛎️", "\u05D0"), maxLength: 6 });
    const tables = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(tables, fc.array(fc.nat(), { maxLength: 5 }), async (table, cuts) => {
        // csv-stringify quotes only its own record delimiter by itself.
        const csv = (end: string): string => stringify(table, { record_delimiter: end, quoted_match: /[\r\n]/ });
        const from = Buffer.from(csv("\n"));
        const to = await through(from, cuts);
        expect(to.bytes.toString()).to.equal(csv("\r\n"));
        expect(to.records).to.equal(table.length - 1);
      }),
      { numRuns: 300 },
    );
  });

  it("The event loop runs other work after each 64 KB, however fast both sides are", async () => {
    const line = `${"a".repeat(99)}\n`;
    const chunk = Buffer.from(line.repeat(160));
    const records = new CsvRecords();
    let [turns, inTurn, most] = [0, 0, 0];
    const turn = (): void => {
      turns += 1;
      inTurn = 0;
      timer = setImmediate(turn);
    };
    let timer = setImmediate(turn);
    try {
      // Both sides are in memory: without a pause, all of it would pass in one turn.
      const from = Readable.from(
        Array.from({ length: 200 }, () => chunk),
        { objectMode: false },
      );
      for await (const out of from.pipe(records) as AsyncIterable<Buffer>) {
        inTurn += out.length;
        most = Math.max(most, inTurn);
      }
    } finally {
      clearImmediate(timer);
    }
    expect(records.records).to.equal(200 * 160 - 1);
    // Allows a carriage return per line, and bytes that the turn before has buffered.
    expect(most).to.be.below(3 * bytesOfTurn);
    expect(turns).to.be.at.least((200 * chunk.length) / bytesOfTurn / 3);
  });

  it("A formula gets an apostrophe after another separator or a line feed in a cell", async () => {
    const part = fc.constantFrom(
      "a",
      "=",
      "-",
      "@",
      "+",
      ";",
      " ",
      "\t",
      '"',
      "\n",
      "\r",
      ",",
      "＝",
      "＠",
      "\u{FF0A}",
      "é",
      "1",
    );
    const cell = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(""));
    // The start of a cell is escaped before it comes here.
    const tables = fc.array(fc.tuple(fc.constantFrom("id", "-5", '="007"'), cell, cell), {
      minLength: 1,
      maxLength: 8,
    });
    const neutral: Readonly<Record<string, (text: string) => string>> = {
      ",": (text) => text.replaceAll(/([;\t\r\n][ \t\r\n;"]*)(?=[=+\-@＝＋－＠])/g, "$1'"),
      ";": (text) => text.replaceAll(/([,\t\r\n][ \t\r\n,"]*)(?=[=+\-@＝＋－＠])/g, "$1'"),
    };
    const forms = fc.constantFrom(plainForm, commaForm, semicolonForm);
    await fc.assert(
      fc.asyncProperty(tables, fc.array(fc.nat(), { maxLength: 5 }), forms, async (table, cuts, form) => {
        const { delimiter, isForSpreadsheet } = form;
        const csv = (rows: readonly string[][], end: string): string =>
          stringify([...rows], { delimiter, record_delimiter: end, quoted_match: /[\r\n]/ });
        const to = await through(Buffer.from(csv(table, "\n")), cuts, form);
        const expected = table.map(([first, ...typed]) => [
          first,
          ...typed.map((text) => neutral[delimiter]?.(text) ?? ""),
        ]);
        expect(to.bytes.toString()).to.equal((isForSpreadsheet ? byteOrderMark : "") + csv(expected, "\r\n"));
        expect(to.records).to.equal(table.length - 1);
      }),
      { numRuns: 1000 },
    );
  });

  it("A cell of separators is read once, however many there are", async () => {
    const cell = ";".repeat(200_000);
    const started = performance.now();
    const { bytes } = await through(Buffer.from(`id,${cell}=1\n`), []);
    expect(bytes.toString().endsWith(";'=1\r\n")).to.equal(true);
    expect(performance.now() - started).to.be.lessThan(1000);
  });

  it("An empty CSV has no records", async () => {
    expect((await through(Buffer.alloc(0), [])).records).to.equal(0);
  });
});

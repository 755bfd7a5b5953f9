import { expect } from "chai";
import { text } from "node:stream/consumers";

import { copyOut } from "../../../core/db/copy.ts";
import { databaseFor } from "../../../core/db/database.ts";
import { boot, type Platform } from "../../../core/boot.ts";
import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { cellWriter } from "./cells.ts";
import { type CsvForm, plainForm } from "./form.ts";
import { stringifyRows } from "./stringify.ts";

/** Texts that guests type, and texts of attackers. */
const awkward = [
  "plain",
  "",
  " spaces around ",
  'a "quoted" word',
  '"',
  '""',
  "a,b",
  "two\nlines",
  "two\r\nlines",
  "a lone \r return",
  "\ttab first",
  "\rreturn first",
  "=SUM(A1:A9)",
  '=HYPERLINK("http://evil.example.com","click")',
  "+49 171",
  "-1",
  "@mention",
  "'already",
  "emoji 🏨👩‍👩‍👧",
  "עברית من اليمين",
  "\u202Eright to left",
  "\\.",
  "\\N",
  "NULL",
  "ünïcødé",
  "semi;colon",
  "\u00A0=nbsp first",
  "\uFF1Dfull width",
  "\uFF20full width",
  "\nline first",
  "007",
  "1-2",
  "3/4",
  "1E5",
  "01711234567",
  "+49 (171) 123-45.67",
  "+1+A1",
  '5" pipe',
  "5 Mai",
  "True",
  "TRUE",
  "#N/A",
  "\u0663/\u0664",
  "1\t2",
  "1\n2",
  "arrives at 22:00",
  `${"a long text of many words ".repeat(3)} at 7`,
  "9".repeat(100),
  "9".repeat(300),
  "+".repeat(300),
  "ünï 7",
  "🏨7",
];

const forms: readonly CsvForm[] = [
  plainForm,
  { isForSpreadsheet: true, delimiter: ",", decimalMark: "." },
  { isForSpreadsheet: true, delimiter: ";", decimalMark: "," },
];

describe("CSV of rows that were shaped in code", () => {
  let platform: TestPlatform;
  let web: Platform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    web = await boot("web", platform.variables);
  });
  after(async () => {
    await web.close();
    await platform.close();
  });

  for (const form of forms) {
    const name = `${form.isForSpreadsheet ? "for a spreadsheet" : "plain"}, ${form.delimiter}`;
    it(`The CSV has the same bytes as PostgreSQL's COPY of the same rows (${name})`, async () => {
      const { text: typed, textSql, decimal, decimalSql } = cellWriter(form);
      const rows = [...awkward, null].map((value, at) => [at, value] as const);
      const values = rows.map(() => "(?::int, ?::text)").join(", ");
      const bindings = rows.flatMap(([at, value]) => [String(at), value ?? ""]);
      const copied = await databaseFor(web.knex, "reporting", true).crossTenant(async (trx) =>
        text(
          await copyOut(
            trx,
            trx.raw(
              `SELECT at, ${textSql("typed")} AS typed, ${decimalSql("at * -1.25")} AS amount
               FROM (SELECT at, CASE WHEN at = ${awkward.length} THEN NULL ELSE typed END AS typed
                 FROM (VALUES ${values}) AS v (at, typed)) AS t ORDER BY at`,
              bindings,
            ),
            form,
          ),
        ),
      );
      const stringified = await text(
        stringifyRows(
          ["at", "typed", "amount"],
          rows.map(([at, value]) => [at, value === null ? null : typed(value), decimal((at * -1.25).toFixed(2))]),
          form,
        ),
      );
      expect(stringified).to.equal(copied);
      expect(copied.split("\n").length).to.be.greaterThan(awkward.length);
    });
  }
});

import { expect } from "chai";
import { text } from "node:stream/consumers";

import { copyOut } from "../../../core/db/copy.ts";
import { databaseFor } from "../../../core/db/database.ts";
import { boot, type Platform } from "../../../core/boot.ts";
import { startTestPlatform, type TestPlatform } from "../../../workers/testing/platform.ts";
import { textCell } from "./cells.ts";
import { stringifyRows, typedText } from "./stringify.ts";

/** What people type, and what people type to do harm. */
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

  it("has the very bytes that PostgreSQL's COPY gives for the same rows", async () => {
    const rows = [...awkward, null].map((typed, at) => [at, typed] as const);
    const values = rows.map(() => "(?::int, ?::text)").join(", ");
    const bindings = rows.flatMap(([at, typed]) => [String(at), typed ?? ""]);
    const copied = await databaseFor(web.knex, "reporting", true).platform(async (trx) =>
      text(
        await copyOut(
          trx,
          trx.raw(
            `SELECT at, ${textCell("typed")} AS typed FROM (SELECT at, CASE WHEN at = ${awkward.length} THEN NULL ELSE typed END AS typed
               FROM (VALUES ${values}) AS v (at, typed)) AS t ORDER BY at`,
            bindings,
          ),
        ),
      ),
    );
    const stringified = await text(
      stringifyRows(
        ["at", "typed"],
        rows.map(([at, typed]) => [at, typed === null ? null : typedText(typed)]),
      ),
    );
    expect(stringified).to.equal(copied);
    expect(copied.split("\n").length).to.be.greaterThan(awkward.length);
  });
});

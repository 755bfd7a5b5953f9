/**
 * Writes rows of code as CSV, in exactly the bytes that PostgreSQL's COPY would write. NULL is an empty cell, and the
 * empty string is `""`. A cell is quoted if it contains the delimiter, a quote or the end of a line.
 */
import { stringify } from "csv-stringify";
import { Readable } from "node:stream";

import type { CellText } from "./cells.ts";
import type { CsvForm } from "./form.ts";

/** A cell. A text that a person typed must come from a `CellWriter`, which escapes formulas. */
export type CsvCell = CellText | number | null;

/** Streams a header and rows, with a line feed at the end of each (`CsvRecords` makes CR LF of it). */
export function stringifyRows(
  columns: readonly string[],
  rows: Iterable<readonly CsvCell[]>,
  { delimiter }: Pick<CsvForm, "delimiter">,
): Readable {
  const stringifier = stringify({
    delimiter,
    record_delimiter: "\n",
    quoted_match: /[\r\n]/,
    // Quotes the empty string, because an empty cell means NULL.
    cast: { number: String, string: (value) => (value === "" ? { value, quoted_empty: true } : value) },
  });
  return Readable.from(withHeader(columns, rows)).pipe(stringifier);
}

function* withHeader(
  columns: readonly string[],
  rows: Iterable<readonly CsvCell[]>,
): Generator<readonly (string | number | null)[]> {
  yield columns;
  yield* rows;
}

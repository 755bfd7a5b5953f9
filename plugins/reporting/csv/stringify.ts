/**
 * CSV of rows that were shaped in code, in exactly the bytes that PostgreSQL's COPY would give for them: NULL is an empty
 * cell and the empty string is `""`; a cell is quoted where it holds a comma, a quote or the end of a line.
 */
import { stringify } from "csv-stringify";
import { Readable } from "node:stream";

/** A text that a person typed is neutralised by `typedText` before it comes here. */
export type CsvCell = string | number | null;

/** A text that a spreadsheet would run as a formula gets an apostrophe before it, as in `textCell`. */
export function typedText(text: string): string {
  return /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
}

/** Streams a header and rows, with a line feed at the end of each (`CsvRecords` makes CR LF of it). */
export function stringifyRows(columns: readonly string[], rows: Iterable<readonly CsvCell[]>): Readable {
  const stringifier = stringify({
    record_delimiter: "\n",
    quoted_match: /[\r\n]/,
    // NULL alone is a cell with nothing in it.
    cast: { number: String, string: (value) => (value === "" ? { value, quoted_empty: true } : value) },
  });
  return Readable.from(withHeader(columns, rows)).pipe(stringifier);
}

function* withHeader(columns: readonly string[], rows: Iterable<readonly CsvCell[]>): Generator<readonly CsvCell[]> {
  yield columns;
  yield* rows;
}

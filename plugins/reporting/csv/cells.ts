/** How a column becomes a CSV cell, as SQL: shaping rows in PostgreSQL is what lets COPY stream them. */

/**
 * A text that a person typed. Excel and its kin run a cell that starts with `= + - @`, also in full width, a tab or the end
 * of a line as a formula; a leading apostrophe makes text of it (OWASP, "CSV Injection"). What starts a cell only where a
 * semicolon ends one is seen to in `records.ts`. Numbers and dates never pass through here.
 * @param expression trusted SQL
 */
export function textCell(expression: string): string {
  return `CASE WHEN ascii(${expression}) IN (${dangerous}) THEN '''' || ${expression} ELSE ${expression} END`;
}

/**
 * By code points, for a regular expression made the whole COPY an eighth slower: = + - @, tab, CR, LF, and ＝ ＋ － ＠. From
 * nine on PostgreSQL hashes them, which is faster than the first six are one by one.
 */
const dangerous = [0x3d, 0x2b, 0x2d, 0x40, 0x09, 0x0d, 0x0a, 0xff1d, 0xff0b, 0xff0d, 0xff20].join(", ");

/**
 * An instant as the API writes it in JSON: RFC 3339 in UTC, with milliseconds.
 * @param expression trusted SQL
 */
export function instantCell(expression: string): string {
  return `to_char(${expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/**
 * How a value becomes a CSV cell: as SQL, because shaping rows in PostgreSQL is what lets COPY stream them, and in code for
 * the kinds that are worked out there. Both write the same bytes.
 */
import type { CsvForm } from "./form.ts";
import { isKept, isLongNumber, keptSql, longNumberSql } from "./kept_text.ts";

declare const isWritten: unique symbol;
/** A text that is safe in a cell as it is. */
export type CellText = string & { readonly [isWritten]: true };

export interface CellWriter {
  /** A text that a person typed. @param expression trusted SQL */
  textSql(expression: string): string;
  /** A text that a person typed. */
  text(value: string): CellText;
  /** An amount or another number with decimals. @param expression trusted SQL */
  decimalSql(expression: string): string;
  /** An amount or another number, as `formatAmount` writes it. */
  decimal(value: string): CellText;
}

/** A day, a currency, a status: what is never free text. */
export function fixedText(value: string): CellText {
  return value as CellText;
}

export function cellWriter({ isForSpreadsheet, decimalMark }: CsvForm): CellWriter {
  const hasComma = decimalMark === ",";
  return {
    textSql: isForSpreadsheet ? keptCell : textCell,
    text: (value) => fixedText(isForSpreadsheet ? keptText(value) : typedText(value)),
    decimalSql: (expression) => (hasComma ? `replace((${expression})::text, '.', ',')` : expression),
    decimal: (value) => fixedText(hasComma ? value.replace(".", ",") : value),
  };
}

/**
 * A text that a person typed. Excel and its kin run a cell that starts with `= + - @`, also in full width, a tab or the end
 * of a line as a formula; a leading apostrophe makes text of it (OWASP, "CSV Injection"). What starts a cell only where
 * another separator ends one is seen to in `records.ts`. Numbers never pass through here, and of days only a month that is to
 * stay a text.
 * @param expression trusted SQL
 */
function textCell(expression: string): string {
  return `CASE WHEN ${isFormulaSql(expression)} THEN '''' || ${expression} ELSE ${expression} END`;
}

/** The same in code. */
function typedText(text: string): string {
  return isFormula(text) ? `'${text}` : text;
}

/** A text for a spreadsheet: what it would read as a number or a day is kept by a formula that says nothing but the text. */
function keptCell(expression: string): string {
  return `CASE WHEN ${keptSql(expression)} THEN '="' || replace(${expression}, '"', '""') || '"'
    WHEN ${isFormulaSql(expression)} OR ${longNumberSql(expression)} THEN '''' || ${expression} ELSE ${expression} END`;
}

function keptText(text: string): string {
  if (isKept(text)) return `="${text.replaceAll('"', '""')}"`;
  return isFormula(text) || isLongNumber(text) ? `'${text}` : text;
}

function isFormulaSql(expression: string): string {
  return `ascii(${expression}) IN (${dangerous.map((point) => String(point)).join(", ")})`;
}

function isFormula(text: string): boolean {
  return dangerous.includes(text.codePointAt(0) ?? 0);
}

/**
 * By code points, for a regular expression made the whole COPY an eighth slower: = + - @, tab, CR, LF, and ＝ ＋ － ＠. From
 * nine on PostgreSQL hashes them, which is faster than the first six are one by one.
 */
const dangerous = [0x3d, 0x2b, 0x2d, 0x40, 0x09, 0x0d, 0x0a, 0xff1d, 0xff0b, 0xff0d, 0xff20];

/**
 * An instant as the API writes it in JSON: RFC 3339 in UTC, with milliseconds.
 * @param expression trusted SQL
 */
export function instantCell(expression: string): string {
  return `to_char(${expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/**
 * Writes a value as a CSV cell: as SQL for the kinds that COPY streams out of PostgreSQL, and in code for the computed
 * kinds. Both write the same bytes.
 */
import type { CsvForm } from "./form.ts";
import { isConvertible, isLongNumber, convertibleSql, longNumberSql } from "./convertible_text.ts";

declare const isWritten: unique symbol;
/** A text that a cell can contain without an escape. */
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

/** Marks a day, a currency or a status as safe. Never use it for free text. */
export function fixedText(value: string): CellText {
  return value as CellText;
}

export function cellWriter({ isForSpreadsheet, decimalMark }: CsvForm): CellWriter {
  const hasComma = decimalMark === ",";
  return {
    textSql: isForSpreadsheet ? formulaTextSql : escapedTextSql,
    text: (value) => fixedText(isForSpreadsheet ? formulaText(value) : escapedText(value)),
    decimalSql: (expression) => (hasComma ? `replace((${expression})::text, '.', ',')` : expression),
    decimal: (value) => fixedText(hasComma ? value.replace(".", ",") : value),
  };
}

/**
 * Escapes a text that a person typed. Excel and LibreOffice run a cell as a formula if it starts with `= + - @`, also
 * in full width, or a tab or a line end. A leading apostrophe makes it a text (OWASP, "CSV Injection").
 * `records.ts` handles formulas inside of a cell. Numbers never pass through here, and of dates only a month does.
 * @param expression trusted SQL
 */
function escapedTextSql(expression: string): string {
  return `CASE WHEN ${isFormulaSql(expression)} THEN '''' || ${expression} ELSE ${expression} END`;
}

/** Escapes a text as `escapedTextSql` does, in code. */
function escapedText(text: string): string {
  return isFormula(text) ? `'${text}` : text;
}

/**
 * Writes a text for a spreadsheet. A text that it would convert to a number or a day becomes a formula of that text.
 * @param expression trusted SQL
 */
function formulaTextSql(expression: string): string {
  return `CASE WHEN ${convertibleSql(expression)} THEN '="' || replace(${expression}, '"', '""') || '"'
    WHEN ${isFormulaSql(expression)} OR ${longNumberSql(expression)} THEN '''' || ${expression} ELSE ${expression} END`;
}

function formulaText(text: string): string {
  if (isConvertible(text)) return `="${text.replaceAll('"', '""')}"`;
  return isFormula(text) || isLongNumber(text) ? `'${text}` : text;
}

function isFormulaSql(expression: string): string {
  return `ascii(${expression}) IN (${dangerous.map((point) => String(point)).join(", ")})`;
}

function isFormula(text: string): boolean {
  return dangerous.includes(text.codePointAt(0) ?? 0);
}

/**
 * Code points that start a formula: = + - @, tab, CR, LF, and ＝ ＋ － ＠. A regular expression instead of code points
 * made the whole COPY an eighth slower. PostgreSQL hashes a list of nine or more, which is faster than six comparisons.
 */
const dangerous = [0x3d, 0x2b, 0x2d, 0x40, 0x09, 0x0d, 0x0a, 0xff1d, 0xff0b, 0xff0d, 0xff20];

/**
 * Writes an instant as the API does in JSON: RFC 3339 in UTC, with milliseconds.
 * @param expression trusted SQL
 */
export function instantCell(expression: string): string {
  return `to_char(${expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

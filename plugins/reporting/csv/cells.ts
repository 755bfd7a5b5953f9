/**
 * Writes a value as a CSV cell. There are two ways, which write the same bytes:
 *
 * - in SQL, for reports that PostgreSQL writes with COPY
 * - in TypeScript, for reports whose rows are computed in the process
 */
import type { CsvForm } from "./form.ts";
import { isConvertible, isLongNumber, convertibleSql, longNumberSql } from "./convertible_text.ts";

declare const isWritten: unique symbol;
/** The text of a cell that is escaped already, or needs no escape. Only the functions of this file make one. */
export type CellText = string & { readonly [isWritten]: true };

export interface CellWriter {
  /** Returns SQL that writes a text which a person typed. @param expression trusted SQL of the text */
  textSql(expression: string): string;
  /** Writes a text that a person typed. */
  text(value: string): CellText;
  /** Returns SQL that writes an amount or another number with decimals. @param expression trusted SQL of the number */
  decimalSql(expression: string): string;
  /** Writes an amount or another number with decimals. @param value the number as `formatAmount` writes it */
  decimal(value: string): CellText;
}

/** Writes a day, a currency or a status, which need no escape. Never use it for a text that a person typed. */
export function fixedText(value: string): CellText {
  // The type marks texts that need no more escaping, and no value carries the mark.
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
 * Returns SQL that escapes a text which a person typed. Excel and LibreOffice run a cell as a formula if it starts with
 * one of the characters in `dangerous`. An apostrophe before it makes the cell a text (OWASP, "CSV Injection").
 * `records.ts` handles formulas that could start after a separator or a line end inside of the cell. Numbers and days
 * need no escape.
 * @param expression trusted SQL of the text
 */
function escapedTextSql(expression: string): string {
  return `CASE WHEN ${isFormulaSql(expression)} THEN '''' || ${expression} ELSE ${expression} END`;
}

/** Escapes a text like the SQL of `escapedTextSql`. */
function escapedText(text: string): string {
  return isFormula(text) ? `'${text}` : text;
}

/**
 * Returns SQL that writes a text for a spreadsheet. The spreadsheet would convert a text such as `007` to a number or a
 * day. Such a text becomes a formula that returns it: `="007"`.
 * @param expression trusted SQL of the text
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
 * Code points that start a formula: `=`, `+`, `-`, `@`, tab, CR, LF, and `＝`, `＋`, `－`, `＠`. With a regular expression
 * instead, the whole COPY took an eighth longer. PostgreSQL hashes a list of nine or more, which is faster than six
 * comparisons.
 */
const dangerous = [0x3d, 0x2b, 0x2d, 0x40, 0x09, 0x0d, 0x0a, 0xff1d, 0xff0b, 0xff0d, 0xff20];

/**
 * Writes an instant as the API does in JSON: RFC 3339 in UTC, with milliseconds.
 * @param expression trusted SQL
 */
export function instantCell(expression: string): string {
  return `to_char(${expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/**
 * In which form a report's CSV is written: plain RFC 4180, or for a spreadsheet that opens it by a double click. Why so,
 * and why not XLSX: `docs/decisions/0019-csv-for-spreadsheets.md`.
 */
import * as z from "zod";

import type { HotelSettings } from "../../identity/port.ts";
import { hasDecimalComma } from "./decimal_comma.ts";

const separators = { comma: ",", semicolon: ";" } as const;
const decimalMarks = { point: ".", comma: "," } as const;

const separatorSchema = z.enum(["comma", "semicolon"]);
const decimalMarkSchema = z.enum(["point", "comma"]);

/** What a request for any kind of report may say of the form, beside its own fields. */
export const formFields = {
  for: z
    .literal("spreadsheet")
    .optional()
    .meta({
      description:
        "Write the file so that Excel opens it by a double click: UTF-8 with a byte order mark, the separator and the decimal " +
        "mark of the hotel's country, and texts such as a room `007` or a phone `01711234567` as they are. Left out: plain " +
        "RFC 4180, for programs.",
    }),
  separator: separatorSchema.optional().meta({
    description: "With `for` alone. Default: that of the hotel's country, by its time zone.",
  }),
  decimal_mark: decimalMarkSchema.optional().meta({
    description: "With `for` alone. Default: a comma where the separator is a semicolon, except in Switzerland.",
  }),
};

/** For `.refine`: only a file for a spreadsheet has a choice. */
export const isForm = ({ for: reader, separator, decimal_mark }: z.output<typeof formSchema>): boolean =>
  reader !== undefined || (separator === undefined && decimal_mark === undefined);
export const formFault = { path: ["separator"], error: 'and decimal_mark need "for": "spreadsheet" beside them' };

/** The same in the one form of all requests that mean the same. A plain file's has none of it, as it never had. */
export const formRequestFields = {
  for: z.literal("spreadsheet").optional(),
  separator: separatorSchema.optional(),
  decimal_mark: decimalMarkSchema.optional(),
};

const formSchema = z.object(formRequestFields);

/** What is stored of a body's form; empty for a plain file. */
export function normalizeForm(body: unknown, { time_zone: zone }: HotelSettings): z.output<typeof formSchema> {
  const { for: reader, separator: asked, decimal_mark: mark } = formSchema.parse(body);
  if (reader === undefined) return {};
  const hasComma = hasDecimalComma(zone);
  const separator = asked ?? (hasComma || semicolonBesidePoint.has(zone) ? "semicolon" : "comma");
  const usual = separator === "semicolon" && !semicolonBesidePoint.has(zone) ? "comma" : "point";
  return { for: reader, separator, decimal_mark: mark ?? usual };
}

/** Switzerland and Liechtenstein write 1.50, and Windows there separates lists by a semicolon all the same. */
const semicolonBesidePoint: ReadonlySet<string> = new Set(["Europe/Zurich", "Europe/Vaduz"]);

/** How the cells and the file are written. */
export interface CsvForm {
  readonly isForSpreadsheet: boolean;
  readonly delimiter: "," | ";";
  readonly decimalMark: "." | ",";
}

export const plainForm: CsvForm = { isForSpreadsheet: false, delimiter: ",", decimalMark: "." };

/** The form that a stored request asks for. */
export function formOf(request: unknown): CsvForm {
  const { for: reader, separator = "comma", decimal_mark: mark = "point" } = formSchema.parse(request);
  if (reader === undefined) return plainForm;
  return { isForSpreadsheet: true, delimiter: separators[separator], decimalMark: decimalMarks[mark] };
}

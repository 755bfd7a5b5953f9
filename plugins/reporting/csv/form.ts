/**
 * Chooses the form of a report's CSV: plain RFC 4180, or a form that a spreadsheet opens by a double click.
 * The reasons, also against XLSX, are in `docs/decisions/0019-csv-for-spreadsheets.md`.
 */
import * as z from "zod";

import type { HotelSettings } from "../../identity/port.ts";
import { hasDecimalComma } from "./decimal_comma.ts";

/** The media type of a report's CSV, with the parameters of RFC 4180. */
export const csvContentType = ["text/csv", "charset=utf-8", "header=present"].join("; ");

const separators = { comma: ",", semicolon: ";" } as const;
const decimalMarks = { point: ".", comma: "," } as const;

const separatorSchema = z.enum(["comma", "semicolon"]);
const decimalMarkSchema = z.enum(["point", "comma"]);

/** Fields of the form, which a request of every kind accepts beside its own fields. */
export const formFields = {
  for: z
    .literal("spreadsheet")
    .optional()
    .meta({
      description:
        "Writes a file that Excel opens by a double click. It is UTF-8 with a byte order mark, and has the separator " +
        "and the decimal mark of the hotel's country. Texts such as a room `007` or a phone `01711234567` remain " +
        "texts. Default: plain RFC 4180, for programs.",
    }),
  separator: separatorSchema.optional().meta({
    description: "Only together with `for`. Default: the separator of the hotel's country, by its time zone.",
  }),
  decimal_mark: decimalMarkSchema.optional().meta({
    description: "Only together with `for`. Default: a comma if the separator is a semicolon, except in Switzerland.",
  }),
};

/** For `.refine`: `separator` and `decimal_mark` need `for`. */
export const isForm = ({ for: reader, separator, decimal_mark }: z.output<typeof formSchema>): boolean =>
  reader !== undefined || (separator === undefined && decimal_mark === undefined);
export const formFault = {
  path: ["separator"],
  error: 'and decimal_mark need "for": "spreadsheet" in the same request',
};

/** Fields of the form in a stored request. The request of a plain file has none, as in earlier versions. */
export const formRequestFields = {
  for: z.literal("spreadsheet").optional(),
  separator: separatorSchema.optional(),
  decimal_mark: decimalMarkSchema.optional(),
};

const formSchema = z.object(formRequestFields);

/** Returns the form's fields that a stored request gets. Empty for a plain file. */
export function normalizeForm(body: unknown, { time_zone: zone }: HotelSettings): z.output<typeof formSchema> {
  const { for: reader, separator: chosen, decimal_mark: mark } = formSchema.parse(body);
  if (reader === undefined) return {};
  const hasComma = hasDecimalComma(zone);
  const separator = chosen ?? (hasComma || semicolonBesidePoint.has(zone) ? "semicolon" : "comma");
  const usual = separator === "semicolon" && !semicolonBesidePoint.has(zone) ? "comma" : "point";
  return { for: reader, separator, decimal_mark: mark ?? usual };
}

/** Switzerland and Liechtenstein write 1.50, but Windows separates lists by a semicolon there. */
const semicolonBesidePoint: ReadonlySet<string> = new Set(["Europe/Zurich", "Europe/Vaduz"]);

/** The form of the cells and of the file. */
export interface CsvForm {
  readonly isForSpreadsheet: boolean;
  readonly delimiter: "," | ";";
  readonly decimalMark: "." | ",";
}

export const plainForm: CsvForm = { isForSpreadsheet: false, delimiter: ",", decimalMark: "." };

/** Reads the form of a stored request. */
export function formOf(request: unknown): CsvForm {
  const { for: reader, separator = "comma", decimal_mark: mark = "point" } = formSchema.parse(request);
  if (reader === undefined) return plainForm;
  return { isForSpreadsheet: true, delimiter: separators[separator], decimalMark: decimalMarks[mark] };
}

import { pipeline, type Readable } from "node:stream";

import { copyOut, type Trx } from "../../../core/mod.ts";
import { type HotelSettings, readHotel } from "../../identity/port.ts";
import type { ReportingContext } from "../context.ts";
import { CsvRecords } from "../csv/records.ts";
import { cellWriter } from "../csv/cells.ts";
import { type CsvForm, formOf } from "../csv/form.ts";
import { type CsvCell, stringifyRows } from "../csv/stringify.ts";
import { kindOf } from "../kinds/mod.ts";
import type { Source } from "../kinds/kind.ts";

/** What is asked for: a kind's name, and its request in the kind's own form. */
export interface Asked {
  readonly kind: string;
  readonly request: unknown;
}

/** A report's rows as one snapshot of the database shows them. */
export interface Snapshot {
  /** How many rows the CSV will have. */
  count(): Promise<number>;
  /** The CSV; nothing else may be asked of the snapshot until it has ended. */
  csv(): Promise<CsvRecords>;
}

/**
 * Opens one repeatable-read, read-only snapshot under the plugin's role and the hotel's wall, for as long as `work` runs.
 * The rows are never held: what `work` does not read, PostgreSQL does not send.
 */
export async function inSnapshot<T>(
  { db }: Pick<ReportingContext, "db">,
  hotelId: string,
  asked: Asked,
  work: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  let first: { readonly error: unknown } | undefined;
  let open: CsvRecords | undefined;
  try {
    return await db.tenant(
      hotelId,
      async (trx) => {
        const hotel = await readHotel(trx, hotelId);
        const { columns, rows } = kindOf(asked.kind);
        const form = formOf(asked.request);
        const opened = openSource(trx, rows, Object.keys(columns), asked.request, hotel, form);
        try {
          return await work({
            count: opened.count,
            csv: async () => {
              open = toRecords(await opened.csv(), form);
              return open;
            },
          });
        } catch (error) {
          first = { error };
          throw error;
        } finally {
          // The transaction can't end while a COPY runs that nobody reads (any more).
          open?.destroy();
        }
      },
      { readOnly: true, isolation: "repeatable read" },
    );
  } catch (error) {
    // A COPY that is broken off takes its connection with it (see `copyOut`), and the rollback can only tell of that.
    throw first === undefined ? error : first.error;
  }
}

/** The two ways to rows, as one. */
function openSource(
  trx: Trx,
  source: Source<unknown>,
  columns: readonly string[],
  request: unknown,
  hotel: HotelSettings,
  form: CsvForm,
): { count(): Promise<number>; csv(): Promise<Readable> } {
  const cells = cellWriter(form);
  if (source.by === "copy") {
    return {
      count: () => source.count(trx, request, hotel),
      csv: () => copyOut(trx, source.select(trx, request, hotel, cells), form),
    };
  }
  let computed: Promise<readonly (readonly CsvCell[])[]> | undefined;
  const rows = () => (computed ??= source.compute(trx, request, hotel, cells));
  return {
    count: async () => (await rows()).length,
    csv: async () => stringifyRows(columns, await rows(), form),
  };
}

function toRecords(csv: Readable, form: CsvForm): CsvRecords {
  const records = new CsvRecords(form);
  // Whoever reads gets the error too; this listener is for one that comes when nobody reads yet, or any more.
  records.on("error", () => undefined);
  return pipeline(csv, records, () => undefined);
}

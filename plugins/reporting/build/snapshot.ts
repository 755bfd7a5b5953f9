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

/** A requested report: the name of its kind, and the request in the kind's own form. */
export interface ReportRequest {
  readonly kind: string;
  readonly request: unknown;
}

/** A report's rows in one snapshot of the database. */
export interface Snapshot {
  /** The rows have every change that was committed before this instant. Null if the replica can't say. */
  readonly dataAsOf: Date | null;
  /** Counts the rows that the CSV will have. */
  count(): Promise<number>;
  /** Opens the CSV. The snapshot can't run another query until the CSV has ended. */
  csv(): Promise<CsvRecords>;
}

/**
 * Opens one snapshot under the plugin's role and for the hotel's rows, while `work` runs. It reads from the replica if
 * there is one.
 * Memory stays constant: PostgreSQL sends rows only as fast as `work` reads them.
 */
export async function inSnapshot<T>(
  { db }: Pick<ReportingContext, "db">,
  hotelId: string,
  report: ReportRequest,
  work: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  let first: { readonly error: unknown } | undefined;
  let open: CsvRecords | undefined;
  try {
    return await db.snapshot(hotelId, async ({ trx, dataAsOf }) => {
      const hotel = await readHotel(trx, hotelId);
      const { columns, rows } = kindOf(report.kind);
      const form = formOf(report.request);
      const opened = openSource(trx, rows, Object.keys(columns), report.request, hotel, form);
      try {
        return await work({
          dataAsOf,
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
        // Ends the COPY if `work` did not read it to its end: the transaction can't end before.
        open?.destroy();
      }
    });
  } catch (error) {
    // An aborted COPY closes its connection (see `copyOut`), and the rollback fails too. The first error is the cause.
    throw first === undefined ? error : first.error;
  }
}

/** Hides whether the rows come from COPY or from code. */
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
  // The reader gets the error too. This listener handles an error that comes before or after the reading.
  records.on("error", () => undefined);
  return pipeline(csv, records, () => undefined);
}

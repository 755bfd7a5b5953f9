import { pipeline } from "node:stream";

import { copyOut, type Trx } from "../../core/mod.ts";
import { type HotelSettings, readHotel } from "../identity/port.ts";
import { type BookingsRequest, countBookings, selectBookings } from "./bookings_report.ts";
import type { ReportingContext } from "./context.ts";
import { CsvRecords } from "./csv_records.ts";

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
  request: BookingsRequest,
  work: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  let first: { readonly error: unknown } | undefined;
  let open: CsvRecords | undefined;
  try {
    return await db.tenant(
      hotelId,
      async (trx) => {
        const hotel = await readHotel(trx, hotelId);
        try {
          return await work({
            count: () => countBookings(trx, request, hotel),
            csv: async () => {
              open = await openCsv(trx, request, hotel);
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

async function openCsv(trx: Trx, request: BookingsRequest, hotel: HotelSettings): Promise<CsvRecords> {
  const records = new CsvRecords();
  // Whoever reads gets the error too; this listener is for one that comes when nobody reads yet, or any more.
  records.on("error", () => undefined);
  return pipeline(await copyOut(trx, selectBookings(trx, request, hotel)), records, () => undefined);
}

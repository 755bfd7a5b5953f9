/** Reads the history of one booking, from the oldest entry to the newest. */
import type { Trx } from "../../../../core/mod.ts";

interface HistoryRow {
  readonly entry_id: string;
  readonly at: Date;
  readonly by_user: string;
  readonly action: string;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown>;
  readonly reasons: Record<string, string | null> | null;
}

interface HistoryPage {
  /** The id of the last entry of the page before. */
  readonly after: string | undefined;
  /** The greatest number of entries in a page. */
  readonly limit: number;
}

/** Reads a page of a booking's history. If another page follows, its first entry is the last of the result. */
export async function readBookingHistory(
  trx: Trx,
  hotelId: string,
  bookingId: string,
  { after, limit }: HistoryPage,
): Promise<HistoryRow[]> {
  return trx("pms.booking_history")
    .where({ hotel_id: hotelId, booking_id: bookingId })
    .modify((list) => {
      if (after !== undefined) void list.where("entry_id", ">", after);
    })
    .orderBy("entry_id")
    .limit(limit + 1)
    .select<HistoryRow[]>("entry_id", "at", "by_user", "action", "before", "after", "reasons");
}

/** Returns the entry as the API shows it. */
export function historyEntryView({ at, by_user, action, before, after, reasons }: HistoryRow) {
  return { at: at.toISOString(), by_user, action, before, after, reasons };
}

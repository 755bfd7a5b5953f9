/** The state of a hotel as the desk sees it, for the comparison of the state before a change and after its undo. */
import type { HotelRows } from "./hotel_rows.ts";

/** Tables that record what was done, and that grow with a change and with its undo. */
const records = new Set(["pms.booking_history", "pms.guest_merges", "pms.released_rates", "pms.guest_contacts"]);

/** Columns that say when or how often a row has changed, and ids that a new row of the same meaning has. */
const traces = new Set([
  "version",
  "status_on",
  "created_at",
  "updated_at",
  "checked_in_at",
  "checked_out_at",
  "occupancy_id",
  "guest_id",
]);

/**
 * Writes the state as sorted lines.
 *
 * - A closed or occupied room is written night by night, because an undo can divide an allocation in two.
 * - A released night is left out, because it is not on the bill.
 * - A guest is left out, because an undo can leave a guest without a booking.
 * - A canceled booking that did not exist before is left out. A booking is never deleted, so the undo of a new one
 *   cancels it.
 * @param known the bookings that existed before the change
 */
export function stateAtDesk(rows: HotelRows, known: ReadonlySet<unknown>): string[] {
  const all = [...rows.values()];
  const isGone = (row: Row): boolean => row["status"] === "canceled" && !known.has(row["booking_id"]);
  const gone = new Set(
    all.filter(({ table, row }) => table === "pms.bookings" && isGone(row)).map(({ row }) => row["booking_id"]),
  );
  return all
    .filter(({ table }) => !records.has(table) && table !== "pms.guests")
    .flatMap(({ table, row }) => {
      if (gone.has(row["booking_id"]) && table !== "pms.occupancies") return [];
      if (table === "pms.booking_nights" && row["released"] !== null) return [];
      return (table === "pms.occupancies" ? nightsOf(row) : [row]).map((part) => `${table} ${lineOf(part)}`);
    })
    .sort();
}

type Row = Readonly<Record<string, unknown>>;

function nightsOf({ arrival, departure, ...rest }: Row): Row[] {
  const nights: Row[] = [];
  const { room_id, booking_id, reason } = rest;
  const end = Date.parse(String(departure));
  for (let day = Date.parse(String(arrival)); day < end; day += 86_400_000) {
    nights.push({ date: new Date(day).toISOString().slice(0, 10), room_id, booking_id, reason });
  }
  return nights;
}

function lineOf(row: Row): string {
  const columns = Object.entries(row)
    .filter(([name]) => !traces.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  // A time of check-in counts as set or not set.
  const times = ["checked_in_at", "checked_out_at"].filter((name) => name in row).map((name) => row[name] !== null);
  return JSON.stringify([columns, times]);
}

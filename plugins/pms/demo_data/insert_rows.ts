/** Inserts the rows of the demo hotel, one statement for each table, and the figures of its closed days. */
import { addDays, type Trx } from "../../../core/mod.ts";
import type { HotelSettings } from "../../identity/port.ts";
import type { DemoRows } from "./rows.ts";

const tables = [
  "room_types",
  "rooms",
  "rates",
  "guests",
  "bookings",
  "booking_nights",
  "occupancies",
  "booking_history",
] as const satisfies readonly (keyof DemoRows)[];

/** Inserts the rows. The columns that they lack keep their defaults. */
export async function insertDemo(trx: Trx, rows: Partial<DemoRows>): Promise<void> {
  for (const table of tables) {
    const [first] = rows[table] ?? [];
    if (first === undefined) continue;
    const columns = Object.keys(first).join(", ");
    await trx.raw(
      `INSERT INTO pms.${table} (${columns})
       SELECT ${columns} FROM jsonb_populate_recordset(NULL::pms.${table}, ?::jsonb)`,
      [JSON.stringify(rows[table])],
    );
  }
}

/**
 * Writes the figures of all closed days, as the close of each day would have. The rows say how the days ended:
 * - A guest in house that was due out by a closed day was late on it.
 * - A no-show was marked by the close of its arrival day.
 *
 * `demo_test.ts` compares the figures with those of real closes.
 */
export async function insertFigures(trx: Trx, hotel: HotelSettings, days: number, now: Date): Promise<void> {
  const { hotel_id, business_date: today, currency, time_zone } = hotel;
  await trx.raw(
    `WITH nights AS (
       SELECT n.date, n.room_id, n.rate, b.status, b.adults + b.children AS guests FROM pms.booking_nights n
       JOIN pms.bookings b ON b.hotel_id = n.hotel_id AND b.booking_id = n.booking_id
       WHERE n.hotel_id = :hotel_id AND n.released IS NULL AND n.date < :today::date
     ), slept AS (
       SELECT date, count(DISTINCT room_id) FILTER (WHERE status <> 'no_show') AS sold,
         sum(guests) FILTER (WHERE status <> 'no_show') AS guests,
         sum(rate) FILTER (WHERE status <> 'no_show') AS revenue,
         sum(rate) FILTER (WHERE status = 'no_show') AS no_show_revenue
       FROM nights WHERE status IN ('in_house', 'checked_out', 'no_show') GROUP BY date
     )
     INSERT INTO pms.daily_figures (hotel_id, business_date, rooms, out_of_order, sold, guests, arrivals, departures,
       no_shows, cancellations, overdue, overstays, room_revenue, no_show_revenue, currency, closed_at, closed_by)
     SELECT :hotel_id, day::date,
       (SELECT count(*) FROM pms.rooms WHERE hotel_id = :hotel_id),
       (SELECT count(DISTINCT room_id) FROM pms.occupancies
        WHERE hotel_id = :hotel_id AND booking_id IS NULL AND arrival <= day AND departure > day),
       coalesce(slept.sold, 0), coalesce(slept.guests, 0), count(*) FILTER (WHERE b.checked_in_on = day),
       count(*) FILTER (WHERE b.status = 'checked_out' AND b.status_on = day),
       count(*) FILTER (WHERE b.status = 'no_show' AND b.arrival = day),
       count(*) FILTER (WHERE b.status = 'canceled' AND b.status_on = day),
       count(*) FILTER (WHERE b.status = 'in_house' AND b.departure <= day), 0,
       coalesce(slept.revenue, 0), coalesce(slept.no_show_revenue, 0), :currency,
       least((day + interval '1 day 4 hours') AT TIME ZONE :time_zone, :now::timestamptz), 'the clock'
     FROM generate_series(:first::date, :today::date - 1, interval '1 day') AS day
     LEFT JOIN slept ON slept.date = day
     JOIN pms.bookings b ON b.hotel_id = :hotel_id
     GROUP BY day, slept.sold, slept.guests, slept.revenue, slept.no_show_revenue`,
    { hotel_id, today, first: addDays(today, -days), currency, time_zone, now },
  );
}

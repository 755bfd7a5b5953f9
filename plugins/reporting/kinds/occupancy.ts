/**
 * Occupancy per day, with ADR (average daily rate: room revenue per room sold) and RevPAR (room revenue per available
 * room). Hotels compute occupancy and RevPAR over all rooms or over the rooms in order, so the report has both.
 *
 * A closed day is read from its immutable row, whatever was changed since. For any other day the current bookings are
 * counted: nights slept, and from the business date on, reserved nights.
 */
import { setImmediate as nextTurn } from "node:timers/promises";

import { divideAmount, type Day, eachDay, formatAmount, prepare, ratioOf, type Trx } from "../../../core/mod.ts";
import type { HotelSettings } from "../../identity/port.ts";
import { type CellWriter, fixedText } from "../csv/cells.ts";
import type { CsvCell } from "../csv/stringify.ts";
import { daysBodySchema, daysFileName, type DaysRequest, daysRequestSchema, normalizeDays } from "./days.ts";
import { defineKind } from "./kind.ts";

const columns = {
  date: "The business day.",
  closed: "`true` for the figures of a closed day, `false` for figures of the current bookings.",
  rooms: "All rooms of the hotel that are not retired.",
  out_of_order: "The rooms that could not be sold: out of order, or closed that night.",
  sold: "Rooms slept in, each once. For future days, reserved rooms.",
  occupancy: "Percent of all rooms that were sold.",
  occupancy_in_order: "Percent of the rooms that could be sold.",
  room_revenue: "The revenue of the rooms sold.",
  adr: "Average daily rate: room revenue per room sold. Empty if no room was sold.",
  revpar: "Room revenue per room, of all rooms.",
  revpar_in_order: "Room revenue per room that could be sold.",
  currency: "The currency of the amounts.",
};

interface DayFigures {
  readonly date: Day;
  readonly rooms: number;
  readonly out_of_order: number;
  readonly sold: number;
  readonly room_revenue: string;
}

const closedStatement = prepare<DayFigures>(
  "reporting_closed_days",
  `SELECT business_date AS date, rooms, out_of_order, sold, room_revenue FROM pms.daily_figures
   WHERE hotel_id = $1 AND business_date BETWEEN $2::date AND $3::date`,
);

/** Expands closures to their days. A query per room and day took a minute for a large hotel and three years. */
const openStatement = prepare<DayFigures>(
  "reporting_open_days",
  `WITH nights AS (
     SELECT n.date, count(DISTINCT n.room_id)::int AS sold, sum(n.rate) AS room_revenue FROM pms.booking_nights n
     JOIN pms.bookings b ON b.hotel_id = n.hotel_id AND b.booking_id = n.booking_id
     WHERE n.hotel_id = $1 AND n.date BETWEEN $2::date AND $3::date AND n.released IS NULL
       AND (b.status IN ('in_house', 'checked_out') OR (b.status = 'confirmed' AND n.date >= $4::date))
     GROUP BY n.date
   ), inventory AS (
     SELECT count(*)::int AS rooms, count(*) FILTER (WHERE status = 'out_of_order')::int AS out_of_order
     FROM pms.rooms WHERE hotel_id = $1
   ), retired AS (
     SELECT retired_from, count(*) AS rooms, count(*) FILTER (WHERE status = 'out_of_order') AS out_of_order
     FROM pms.rooms WHERE hotel_id = $1 AND retired_from <= $3::date GROUP BY retired_from
   ), closed AS (
     SELECT c.day::date AS date, count(DISTINCT o.room_id)::int AS rooms FROM pms.occupancies o
     JOIN pms.rooms r ON r.hotel_id = o.hotel_id AND r.room_id = o.room_id AND r.status <> 'out_of_order'
     CROSS JOIN generate_series(
       greatest(o.arrival, $2::date), least(o.departure - 1, $3::date), interval '1 day') AS c (day)
     WHERE o.hotel_id = $1 AND o.booking_id IS NULL AND o.arrival <= $3::date AND o.departure > $2::date
       AND coalesce(r.retired_from > c.day::date, true)
     GROUP BY c.day
   )
   SELECT d.day::date AS date, inventory.rooms - gone.rooms AS rooms,
     inventory.out_of_order - gone.out_of_order + coalesce(closed.rooms, 0) AS out_of_order,
     coalesce(nights.sold, 0) AS sold, coalesce(nights.room_revenue, 0) AS room_revenue
   FROM generate_series($2::date, $3::date, interval '1 day') AS d (day) CROSS JOIN inventory
   CROSS JOIN LATERAL (
     SELECT coalesce(sum(rooms), 0)::int AS rooms, coalesce(sum(out_of_order), 0)::int AS out_of_order
     FROM retired WHERE retired_from <= d.day::date
   ) AS gone
   LEFT JOIN nights ON nights.date = d.day::date LEFT JOIN closed ON closed.date = d.day::date`,
);

export const occupancy = defineKind({
  name: "occupancy",
  title: "the occupancy of each day, with ADR and RevPAR",
  columns,
  body: daysBodySchema.meta({ id: "OccupancyReportRequest" }),
  request: daysRequestSchema,
  normalize: normalizeDays,
  fileName: (request, today) => daysFileName("occupancy", request, today),
  rows: { by: "code", compute },
});

/** Days of a report that are computed in one turn of the event loop. */
const daysOfTurn = 100;

async function compute(
  trx: Trx,
  { from, to }: DaysRequest,
  hotel: HotelSettings,
  cells: CellWriter,
): Promise<CsvCell[][]> {
  const [closedDays, openDays] = await Promise.all([
    closedStatement.run(trx, [hotel.hotel_id, from, to]),
    openStatement.run(trx, [hotel.hotel_id, from, to, hotel.business_date]),
  ]);
  const closed = new Map(closedDays.map((day) => [day.date, day]));
  const open = new Map(openDays.map((day) => [day.date, day]));
  const rows: CsvCell[][] = [];
  for (const [at, date] of [...eachDay(from, to), to].entries()) {
    // Three years take 30 ms, so other requests run after each hundred days.
    if (at % daysOfTurn === daysOfTurn - 1) await nextTurn();
    const figures = closed.get(date) ?? open.get(date);
    if (figures !== undefined) rows.push(rowOf(figures, closed.has(date), hotel.currency, cells));
  }
  return rows;
}

function rowOf(
  { date, rooms, out_of_order, sold, room_revenue }: DayFigures,
  closed: boolean,
  currency: string,
  cells: CellWriter,
): CsvCell[] {
  const decimal = (value: string | undefined) => (value === undefined ? null : cells.decimal(value));
  const inOrder = rooms - out_of_order;
  const perRoom = (count: number) => decimal(divideAmount(room_revenue, count, currency));
  return [
    fixedText(date),
    fixedText(String(closed)),
    rooms,
    out_of_order,
    sold,
    decimal(ratioOf(100 * sold, rooms)),
    decimal(ratioOf(100 * sold, inOrder)),
    cells.decimal(formatAmount(room_revenue, currency)),
    perRoom(sold),
    perRoom(rooms),
    perRoom(inOrder),
    fixedText(currency),
  ];
}

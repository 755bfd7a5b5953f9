/** Revenue by month and room type: of nights slept, and of no-shows. */
import type { Knex } from "knex";

import { currencyDecimals, type Trx, queryOne } from "../../../core/mod.ts";
import type { HotelSettings } from "../../identity/port.ts";
import type { CellWriter } from "../csv/cells.ts";
import { daysBodySchema, daysFileName, type DaysRequest, daysRequestSchema, normalizeDays } from "./days.ts";
import { defineKind } from "./kind.ts";

const columns = {
  month: "`YYYY-MM`.",
  room_type: "The type under which the night was sold, by the name that it has now.",
  nights: "Nights slept. From the business date on, reserved nights.",
  room_revenue: "The revenue of these nights.",
  adr: "Average daily rate: room revenue per night. Empty without a night.",
  no_show_revenue: "The revenue of the nights that no-shows pay for.",
  currency: "The currency of the amounts.",
  rack_revenue: "The revenue of the nights at their rates. The difference to `room_revenue` is the discount.",
};

/** A night belongs to the month of its date, and to the type under which it was sold. */
const nights = `pms.booking_nights n
   JOIN pms.bookings b ON b.hotel_id = n.hotel_id AND b.booking_id = n.booking_id
   JOIN pms.room_types t ON t.hotel_id = n.hotel_id AND t.room_type_id = n.room_type_id
   WHERE n.hotel_id = ?::uuid AND n.date BETWEEN ?::date AND ?::date AND n.released IS NULL
     AND (b.status IN ('in_house', 'checked_out', 'no_show') OR (b.status = 'confirmed' AND n.date >= ?::date))`;

const bindingsOf = ({ from, to }: DaysRequest, hotel: HotelSettings): string[] => [
  hotel.hotel_id,
  from,
  to,
  hotel.business_date,
];

const month = "to_char(n.date, 'YYYY-MM')";

export const revenue = defineKind({
  name: "revenue",
  title: "revenue by month and room type",
  columns,
  body: daysBodySchema.meta({ id: "RevenueReportRequest" }),
  request: daysRequestSchema,
  normalize: normalizeDays,
  fileName: (request, today) => daysFileName("revenue", request, today),
  rows: {
    by: "copy",
    select: (trx: Trx, request: DaysRequest, hotel: HotelSettings, { textSql, decimalSql }: CellWriter): Knex.Raw => {
      const decimals = currencyDecimals(hotel.currency);
      const amount = (expression: string): string => decimalSql(`round(coalesce(${expression}, 0), ${decimals})`);
      const slept = "FILTER (WHERE b.status <> 'no_show')";
      return trx.raw(
        `SELECT ${textSql(month)} AS month, ${textSql("t.name")} AS room_type, count(*) ${slept} AS nights,
           ${amount(`sum(n.rate) ${slept}`)} AS room_revenue,
           ${decimalSql(`round(sum(n.rate) ${slept} / nullif(count(*) ${slept}, 0), ${decimals})`)} AS adr,
           ${amount("sum(n.rate) FILTER (WHERE b.status = 'no_show')")} AS no_show_revenue, b.currency,
           ${amount(`sum(coalesce(n.rack_rate, n.rate)) ${slept}`)} AS rack_revenue
         FROM ${nights} GROUP BY ${month}, t.room_type_id, t.name, b.currency
         ORDER BY ${month}, t.name, t.room_type_id, b.currency`,
        bindingsOf(request, hotel),
      );
    },
    count: async (trx, request, hotel) => {
      const { count } = await queryOne<{ count: string }>(
        trx,
        `SELECT count(DISTINCT (${month}, t.room_type_id, b.currency)) AS count FROM ${nights}`,
        bindingsOf(request, hotel),
      );
      return Number(count);
    },
  },
});

/** The arrivals and departures of each day, for the desk. */
import type { Knex } from "knex";
import * as z from "zod";

import { daySchema, type Trx, queryOne } from "../../../core/mod.ts";
import type { HotelSettings } from "../../identity/port.ts";
import { type CellWriter, instantCell } from "../csv/cells.ts";
import { formFault, formFields, isForm } from "../csv/form.ts";
import { daysFileName, type DaysRequest, daysRequestSchema } from "./days.ts";
import { defineKind } from "./kind.ts";

const columns = {
  movement: "`arrival` or `departure`.",
  date: "The day of the movement.",
  at: "The expected time, in UTC.",
  room_number: "The booking's room.",
  guest_name: "As on the booking.",
  guest_email: "As on the booking.",
  guest_phone: "As on the booking.",
  adults: "",
  children: "",
  status: "The booking's status.",
  nights: "The nights of the whole stay.",
  notes: "The booking's notes.",
  booking_id: "",
};

const bookingColumns = `b.hotel_id, b.booking_id, b.room_id, b.guest_name, b.guest_email, b.guest_phone, b.adults,
      b.children, b.status, b.arrival, b.departure, b.notes`;

/** Leaves out canceled bookings and no-shows, which neither arrive nor depart. */
const movements = `(
    SELECT 'arrival' AS movement, b.arrival AS date, b.check_in_at AS at, ${bookingColumns} FROM pms.bookings b
    WHERE b.hotel_id = ?::uuid AND b.arrival BETWEEN ?::date AND ?::date
      AND b.status IN ('confirmed', 'in_house', 'checked_out')
    UNION ALL
    SELECT 'departure' AS movement, b.departure AS date, b.expected_check_out_at AS at, ${bookingColumns}
    FROM pms.bookings b
    WHERE b.hotel_id = ?::uuid AND b.departure BETWEEN ?::date AND ?::date
      AND b.status IN ('confirmed', 'in_house', 'checked_out')
  ) AS m`;

export const arrivals = defineKind({
  name: "arrivals",
  title: "arrivals and departures",
  columns,
  deskDays: 7,
  body: z
    .strictObject({
      from: daySchema.optional().meta({ description: "The first day. Default: the business date." }),
      to: daySchema.optional().meta({ description: "The last day, included. Default: the first day." }),
      ...formFields,
    })
    .refine(isForm, formFault)
    .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
      path: ["to"],
      error: "must not be before from",
    })
    .meta({ id: "ArrivalsReportRequest" }),
  request: daysRequestSchema,
  normalize: ({ from, to }, today) => ({ from: from ?? to ?? today, to: to ?? from ?? today }),
  fileName: (request, today) => daysFileName("arrivals", request, today),
  rows: {
    by: "copy",
    select: (trx: Trx, request: DaysRequest, hotel: HotelSettings, { textSql }: CellWriter): Knex.Raw =>
      trx.raw(
        `SELECT m.movement, m.date, ${instantCell("m.at")} AS at, ${textSql("r.room_number")} AS room_number,
           ${textSql("m.guest_name")} AS guest_name, ${textSql("m.guest_email")} AS guest_email,
           ${textSql("m.guest_phone")} AS guest_phone, m.adults, m.children, m.status,
           m.departure - m.arrival AS nights, ${textSql("m.notes")} AS notes, m.booking_id
         FROM ${movements} LEFT JOIN pms.rooms r ON r.hotel_id = m.hotel_id AND r.room_id = m.room_id
         ORDER BY m.date, m.movement, r.sort_key, r.room_id, m.booking_id`,
        bindingsOf(request, hotel),
      ),
    count: async (trx, request, hotel) => {
      const sql = `SELECT count(*) AS count FROM ${movements}`;
      const { count } = await queryOne<{ count: string }>(trx, sql, bindingsOf(request, hotel));
      return Number(count);
    },
  },
});

const bindingsOf = ({ from, to }: DaysRequest, { hotel_id: hotelId }: HotelSettings): string[] => [
  hotelId,
  from,
  to,
  hotelId,
  from,
  to,
];

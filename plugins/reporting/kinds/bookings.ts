/** The hotel's bookings, one per row. */
import type { Knex } from "knex";
import * as z from "zod";

import { addDays, type Day, daySchema, instantOf, type Trx, queryOne } from "../../../core/mod.ts";
import type { HotelSettings } from "../../identity/port.ts";
import { type BookingStatus, bookingStatuses } from "../../pms/port.ts";
import { type CellWriter, instantCell } from "../csv/cells.ts";
import { formFault, formFields, formRequestFields, isForm } from "../csv/form.ts";
import { defineKind } from "./kind.ts";

/** The columns in their order, each with the SQL of its cell. A request can leave columns out, but not reorder them. */
const columns = {
  booking_id: () => "b.booking_id",
  room_id: () => "b.room_id",
  room_number: ({ textSql }) => textSql("r.room_number"),
  guest_name: ({ textSql }) => textSql("b.guest_name"),
  guest_email: ({ textSql }) => textSql("b.guest_email"),
  guest_phone: ({ textSql }) => textSql("b.guest_phone"),
  adults: () => "b.adults",
  children: () => "b.children",
  arrival: () => "b.arrival",
  departure: () => "b.departure",
  check_in_at: () => instantCell("b.check_in_at"),
  expected_check_out_at: () => instantCell("b.expected_check_out_at"),
  checked_in_at: () => instantCell("b.checked_in_at"),
  checked_out_at: () => instantCell("b.checked_out_at"),
  status: () => "b.status",
  total_amount: ({ decimalSql }) => decimalSql("b.total_amount"),
  currency: () => "b.currency",
  terms_accepted_at: () => instantCell("b.terms_accepted_at"),
  notes: ({ textSql }) => textSql("b.notes"),
  created_by: ({ textSql }) => textSql("b.created_by"),
  created_at: () => instantCell("b.created_at"),
  // Add new columns at the end. Programs that read columns by their position then still find the others.
  rack_amount: ({ decimalSql }) => decimalSql("coalesce(b.rack_amount, b.total_amount)"),
  waived_amount: ({ decimalSql }) => decimalSql("b.waived_amount"),
} as const satisfies Record<string, (cells: CellWriter) => string>;

type BookingsColumn = keyof typeof columns;
// The keys of `columns`, which has at least one. TypeScript types the keys of an object as any text.
const bookingsColumns = Object.keys(columns) as [BookingsColumn, ...BookingsColumn[]];

const bySchema = z.enum(["arrival", "departure", "created"]);

/** The body of a request. */
const bookingsRequestSchema = z
  .strictObject({
    from: daySchema.optional().meta({ description: "The first day. Default: no limit." }),
    to: daySchema.optional().meta({ description: "The last day, included. Default: no limit." }),
    by: bySchema.default("arrival").meta({ description: "The day of a booking that must be in the range." }),
    status: z.array(z.enum(bookingStatuses)).min(1).max(20).optional().meta({ description: "Default: all." }),
    columns: z
      .array(z.enum(bookingsColumns))
      .min(1)
      .max(100)
      .optional()
      .meta({ description: "Default: all. The file always has them in the order of this list." }),
    ...formFields,
  })
  .refine(isForm, formFault)
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
    path: ["to"],
    error: "must not be before from",
  })
  .meta({ id: "BookingsReportRequest" });

/** The request as the table stores it, with the defaults filled in. Bodies that mean the same have the same value. */
const bookingsRequestView = z.strictObject({
  from: daySchema.nullable(),
  to: daySchema.nullable(),
  by: bySchema,
  status: z.array(z.enum(bookingStatuses)),
  columns: z.array(z.enum(bookingsColumns)),
  ...formRequestFields,
});

type BookingsRequest = z.output<typeof bookingsRequestView>;

function normalizeRequest(request: z.output<typeof bookingsRequestSchema>): BookingsRequest {
  const { from = null, to = null, by, status = bookingStatuses, columns: chosen = bookingsColumns } = request;
  return {
    from,
    to,
    by,
    status: bookingStatuses.filter((one: BookingStatus) => status.includes(one)),
    columns: bookingsColumns.filter((one) => chosen.includes(one)),
  };
}

/** Names the file by the range and the day of the request. It contains no free text. */
function bookingsFileName({ from, to }: BookingsRequest, today: Day): string {
  return `bookings-${from ?? "begin"}-${to ?? "end"}-asked-${today}.csv`;
}

/**
 * Selects the rows, ordered by the primary key. This is the order in which the bookings were made. No two rows have the
 * same place in it, so the same data always gives the same file.
 */
function selectBookings(trx: Trx, request: BookingsRequest, hotel: HotelSettings, cells: CellWriter): Knex.Raw {
  const { sql, bindings } = conditions(request, hotel);
  return trx.raw(
    `SELECT ${request.columns.map((column) => `${columns[column](cells)} AS ${column}`).join(", ")}
     FROM pms.bookings b LEFT JOIN pms.rooms r ON r.hotel_id = b.hotel_id AND r.room_id = b.room_id
     WHERE ${sql} ORDER BY b.booking_id`,
    bindings,
  );
}

/** Counts the rows of `selectBookings` in the same snapshot. */
async function countBookings(trx: Trx, request: BookingsRequest, hotel: HotelSettings): Promise<number> {
  const { sql, bindings } = conditions(request, hotel);
  const counting = `SELECT count(*) AS count FROM pms.bookings b WHERE ${sql}`;
  const { count } = await queryOne<{ count: string }>(trx, counting, bindings);
  return Number(count);
}

/** Builds the WHERE clause. COPY accepts no parameters, so `copyOut` quotes the values. They must be strings. */
function conditions({ from, to, by, status }: BookingsRequest, hotel: HotelSettings): Where {
  const all: Where[] = [{ sql: "b.hotel_id = ?::uuid", bindings: [hotel.hotel_id] }];
  if (status.length < bookingStatuses.length) {
    all.push({ sql: "b.status = ANY(string_to_array(?, ','))", bindings: [status.join(",")] });
  }
  if (by === "created") {
    const startOf = (day: Day): string => instantOf(day, "00:00", hotel.time_zone).toISOString();
    if (from !== null) all.push({ sql: "b.created_at >= ?::timestamptz", bindings: [startOf(from)] });
    if (to !== null) all.push({ sql: "b.created_at < ?::timestamptz", bindings: [startOf(addDays(to, 1))] });
  } else {
    if (from !== null) all.push({ sql: `b.${by} >= ?::date`, bindings: [from] });
    if (to !== null) all.push({ sql: `b.${by} <= ?::date`, bindings: [to] });
  }
  return { sql: all.map(({ sql }) => sql).join(" AND "), bindings: all.flatMap(({ bindings }) => bindings) };
}

interface Where {
  readonly sql: string;
  readonly bindings: string[];
}

const meanings: Partial<Record<BookingsColumn, string>> = {
  check_in_at: "The expected time, in UTC.",
  expected_check_out_at: "The expected time, in UTC.",
  total_amount: "The sum of the nights on the bill.",
  created_at: "In UTC.",
  rack_amount: "The total at the rates. It equals `total_amount` if no price was agreed.",
  waived_amount: "The charge of a no-show or a cancellation that a manager waived. Empty without a waiver.",
};

export const bookings = defineKind({
  name: "bookings",
  title: "the hotel's bookings",
  columns: Object.fromEntries(bookingsColumns.map((column) => [column, meanings[column] ?? "As on the booking."])),
  body: bookingsRequestSchema,
  request: bookingsRequestView,
  normalize: normalizeRequest,
  fileName: bookingsFileName,
  rows: { by: "copy", select: selectBookings, count: countBookings },
});

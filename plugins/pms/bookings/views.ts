/** The shape of a booking in answers, and its conversion from rows. */
import type { Knex } from "knex";
import * as z from "zod";

import {
  amountSchema,
  currencySchema,
  type Day,
  daySchema,
  formatAmount,
  idSchema,
  instantOutSchema,
  sumSchema,
  type Trx,
} from "../../../core/mod.ts";
import type { BookingFacts } from "../models/booking.ts";
import { bookingStatuses } from "../port.ts";
import { allowedTransitions, allowedTransitionsSchema } from "./rules/booking_state.ts";

const nightSchema = z
  .strictObject({
    date: daySchema,
    room_id: idSchema,
    rate: amountSchema.meta({ description: "The price of the night." }),
    rack_rate: amountSchema
      .nullable()
      .meta({ description: "The rate that an agreed price replaced. Null if no price is agreed." }),
  })
  .meta({ id: "Night" });

export const bookingSchema = z
  .strictObject({
    booking_id: idSchema,
    hotel_id: idSchema,
    room_id: idSchema,
    room_number: z.string(),
    room_type_id: idSchema.meta({ description: "The type of the room." }),
    room_locked: z.boolean().meta({ description: "The booking keeps its room: it is not moved and not repacked." }),
    guest_id: idSchema,
    guest: z.strictObject({ name: z.string(), email: z.string().nullable(), phone: z.string().nullable() }),
    adults: z.number().int(),
    children: z.number().int(),
    check_in_at: instantOutSchema,
    expected_check_out_at: instantOutSchema.meta({
      description: "The agreed time. An early check-out does not change it, but `departure` and `checked_out_at`.",
    }),
    checked_in_at: instantOutSchema.nullable(),
    checked_out_at: instantOutSchema.nullable().meta({
      description:
        "The time of the check-out at the desk. " +
        "After a check-out with `left_on`, only `departure` has the day of departure.",
    }),
    arrival: daySchema,
    departure: daySchema,
    nights: z.array(nightSchema),
    total_amount: sumSchema,
    rack_amount: sumSchema.nullable().meta({
      description: "The total at the rates, without agreed prices. Null if no price is agreed.",
    }),
    waived_amount: sumSchema.nullable().meta({
      description: "The charge of a no-show or a cancellation that a manager waived. Null if none is waived.",
    }),
    currency: currencySchema,
    status: z.enum(bookingStatuses),
    allowed_transitions: allowedTransitionsSchema,
    terms_accepted_at: instantOutSchema.nullable(),
    notes: z.string().nullable(),
    created_by: z.string(),
    version: z
      .number()
      .int()
      .meta({ description: "Grows with each change. In quotes, it is the ETag of the booking." }),
  })
  .meta({ id: "Booking" });

/** A booking with the columns of other tables that an answer shows. */
export type BookingRow = BookingFacts & {
  readonly room_number: string;
  readonly room_type_id: string;
  /** The business date of the hotel, which decides what can be done with the booking. */
  readonly business_date: Day;
  readonly nights: readonly {
    readonly date: string;
    readonly room_id: string;
    readonly rate: string;
    readonly rack_rate: string | null;
  }[];
};

/** A subquery over bookings, for `FROM (...) AS b`. */
export interface BookingsSubquery {
  readonly sql: string;
  readonly values: readonly Knex.Value[];
}

/**
 * Makes a subquery that finds bookings by a selective condition first, before other filters and the sort. Without it,
 * PostgreSQL reads the list in its order until a page is full. Today's departures are at the end of that list.
 */
export function filterFirst(hotelId: string, condition: string, values: readonly Knex.Value[]): BookingsSubquery {
  return {
    sql: `SELECT * FROM pms.bookings WHERE hotel_id = ? AND ${condition} OFFSET 0`,
    values: [hotelId, ...values],
  };
}

/**
 * Reads bookings with their room's number and their nights, in one statement.
 * @param subquery the bookings. Default: all bookings of the hotel
 */
export function bookingRows(trx: Trx, hotelId: string, subquery?: BookingsSubquery) {
  const bookings =
    subquery === undefined ? "pms.bookings as b" : trx.raw(`(${subquery.sql}) AS b`, [...subquery.values]);
  return trx(bookings)
    .join("pms.rooms as r", (join) => join.on("r.hotel_id", "b.hotel_id").andOn("r.room_id", "b.room_id"))
    .where("b.hotel_id", hotelId)
    .select<BookingRow[]>(
      "b.*",
      "r.room_number",
      "r.room_type_id",
      trx.raw("(SELECT h.business_date FROM identity.hotels h WHERE h.hotel_id = ?) AS business_date", [hotelId]),
      trx.raw(
        `(SELECT coalesce(json_agg(json_build_object('date', n.date, 'room_id', n.room_id, 'rate', n.rate::text,
            'rack_rate', n.rack_rate::text) ORDER BY n.date), '[]')
          FROM pms.booking_nights n
          WHERE n.hotel_id = b.hotel_id AND n.booking_id = b.booking_id AND n.released IS NULL) AS nights`,
      ),
    );
}

const nullableAmount = (amount: string | null, currency: string): string | null =>
  amount === null ? null : formatAmount(amount, currency);

export function bookingView(row: BookingRow): z.input<typeof bookingSchema> {
  const { guest_name: name, guest_email: email, guest_phone: phone, currency } = row;
  return {
    booking_id: row.booking_id,
    hotel_id: row.hotel_id,
    room_id: row.room_id,
    room_number: row.room_number,
    room_type_id: row.room_type_id,
    room_locked: row.room_locked,
    guest_id: row.guest_id,
    guest: { name, email, phone },
    adults: row.adults,
    children: row.children,
    check_in_at: row.check_in_at.toISOString(),
    expected_check_out_at: row.expected_check_out_at.toISOString(),
    checked_in_at: row.checked_in_at?.toISOString() ?? null,
    checked_out_at: row.checked_out_at?.toISOString() ?? null,
    arrival: row.arrival,
    departure: row.departure,
    nights: row.nights.map((night) => ({
      ...night,
      rate: formatAmount(night.rate, currency),
      rack_rate: nullableAmount(night.rack_rate, currency),
    })),
    total_amount: formatAmount(row.total_amount, currency),
    rack_amount: nullableAmount(row.rack_amount, currency),
    waived_amount: nullableAmount(row.waived_amount, currency),
    currency,
    status: row.status,
    allowed_transitions: allowedTransitions(row, row.business_date),
    terms_accepted_at: row.terms_accepted_at?.toISOString() ?? null,
    notes: row.notes,
    created_by: row.created_by,
    version: row.version,
  };
}

/** Reads a booking after a change, for the answer. */
export async function readChangedBooking(trx: Trx, hotelId: string, bookingId: string) {
  const [row] = await bookingRows(trx, hotelId).where("b.booking_id", bookingId);
  if (row === undefined) throw new Error("The booking is missing after its change.");
  return { body: bookingView(row), etag: row.version };
}

/** The shape of a booking in answers, and how rows become it. */
import * as z from "zod";

import {
  amountSchema,
  currencySchema,
  daySchema,
  formatAmount,
  idSchema,
  instantOutSchema,
  sumSchema,
  textSchema,
  type Trx,
} from "../../../core/mod.ts";
import type { BookingFacts } from "../models/booking.ts";
import { bookingStatuses } from "../port.ts";

const nightSchema = z
  .strictObject({
    date: daySchema,
    room_id: idSchema,
    rate: amountSchema.meta({ description: "What the night costs." }),
    rack_rate: amountSchema
      .nullable()
      .meta({ description: "The rate before a price was agreed; null: nothing was agreed." }),
  })
  .meta({ id: "Night" });

export const guestSchema = z
  .strictObject({
    name: textSchema(200).meta({ examples: ["Ada Lovelace"] }),
    email: z
      .email("is not an e-mail address")
      .max(254)
      .nullish()
      .meta({ examples: ["ada@example.com"] }),
    phone: textSchema(40)
      .nullish()
      .meta({ examples: ["+44 20 7946 0000"] }),
  })
  .meta({ id: "Guest" });

export const bookingSchema = z
  .strictObject({
    booking_id: idSchema,
    hotel_id: idSchema,
    room_id: idSchema,
    room_number: z.string(),
    room_locked: z.boolean().meta({ description: "It stays in its room: no move and no repacking." }),
    guest_id: idSchema,
    guest: z.strictObject({ name: z.string(), email: z.string().nullable(), phone: z.string().nullable() }),
    adults: z.number().int(),
    children: z.number().int(),
    check_in_at: instantOutSchema,
    expected_check_out_at: instantOutSchema.meta({
      description:
        "As it was agreed. Who leaves early leaves it so: `departure` and `checked_out_at` say when that was.",
    }),
    checked_in_at: instantOutSchema.nullable(),
    checked_out_at: instantOutSchema
      .nullable()
      .meta({ description: "When the desk said so; with `left_on`, `departure` alone says when it was." }),
    arrival: daySchema,
    departure: daySchema,
    nights: z.array(nightSchema),
    total_amount: sumSchema,
    rack_amount: sumSchema.nullable().meta({
      description: "The total at the rates before a price was agreed; null: nothing was agreed.",
    }),
    waived_amount: sumSchema
      .nullable()
      .meta({ description: "The charge of a no-show or a cancellation that a manager waived; null: none is." }),
    currency: currencySchema,
    status: z.enum(bookingStatuses),
    terms_accepted_at: instantOutSchema.nullable(),
    notes: z.string().nullable(),
    created_by: z.string(),
  })
  .meta({ id: "Booking" });

/** A booking with what its answer shows of other tables. */
export type BookingRow = BookingFacts & {
  readonly room_number: string;
  readonly nights: readonly {
    readonly date: string;
    readonly room_id: string;
    readonly rate: string;
    readonly rack_rate: string | null;
  }[];
};

/** A part of the hotel's bookings, as a table: what stands in the brackets of `FROM (…) AS b`. */
export interface BookingsPart {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/**
 * The bookings that meet a condition which few meet: they are found by it first, whatever else is asked, and then sorted.
 * PostgreSQL would rather go through the list in its order until a page is full; who leaves today is at the list's end.
 */
export function foundFirst(hotelId: string, condition: string, values: readonly unknown[]): BookingsPart {
  return {
    sql: `SELECT * FROM pms.bookings WHERE hotel_id = ? AND ${condition} OFFSET 0`,
    values: [hotelId, ...values],
  };
}

/**
 * Reads bookings with their room's number and their nights, in one statement.
 * @param part default: all of the hotel's
 */
export function bookingRows(trx: Trx, hotelId: string, part?: BookingsPart) {
  const bookings =
    part === undefined ? "pms.bookings as b" : trx.raw(`(${part.sql}) AS b`, [...(part.values as string[])]);
  return trx(bookings)
    .join("pms.rooms as r", (join) => join.on("r.hotel_id", "b.hotel_id").andOn("r.room_id", "b.room_id"))
    .where("b.hotel_id", hotelId)
    .select<BookingRow[]>(
      "b.*",
      "r.room_number",
      trx.raw(
        `(SELECT coalesce(json_agg(json_build_object('date', n.date, 'room_id', n.room_id, 'rate', n.rate::text, 'rack_rate', n.rack_rate::text) ORDER BY n.date), '[]')
          FROM pms.booking_nights n WHERE n.hotel_id = b.hotel_id AND n.booking_id = b.booking_id AND n.released IS NULL) AS nights`,
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
    terms_accepted_at: row.terms_accepted_at?.toISOString() ?? null,
    notes: row.notes,
    created_by: row.created_by,
  };
}

/** The answer to a change of a booking: as it is now. */
export async function readChanged(trx: Trx, hotelId: string, bookingId: string) {
  const [row] = await bookingRows(trx, hotelId).where("b.booking_id", bookingId);
  if (row === undefined) throw new Error("A booking that was just changed is not there.");
  return { body: bookingView(row), etag: row.version };
}

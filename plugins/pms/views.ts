/** The shapes of the PMS's answers, and how rows become them. */
import * as z from "zod";

import {
  amountSchema,
  currencySchema,
  daySchema,
  formatAmount,
  idSchema,
  instantOutSchema,
  textSchema,
  type Trx,
} from "../../core/mod.ts";
import type { BookingFacts } from "./models/booking.ts";
import { housekeepingStates, type Room, roomStatuses } from "./models/room.ts";
import type { RoomType } from "./models/room_type.ts";
import { bookingStatuses } from "./port.ts";

export const roomTypeFields = {
  name: textSchema(100).meta({ examples: ["Double"] }),
  capacity: z.number().int().min(1).max(100).meta({ description: "Guests that it sleeps." }),
  rate: amountSchema.meta({ description: "Of one night, in the hotel's currency." }),
};

export const roomTypeSchema = z
  .strictObject({ room_type_id: idSchema, hotel_id: idSchema, ...roomTypeFields })
  .meta({ id: "RoomType" });

export function roomTypeView(type: RoomType, currency: string): z.input<typeof roomTypeSchema> {
  const { room_type_id, hotel_id, name, capacity, rate } = type;
  return { room_type_id, hotel_id, name, capacity, rate: formatAmount(rate, currency) };
}

export const roomFields = {
  room_number: textSchema(20).meta({ examples: ["101"] }),
  room_type_id: idSchema,
  rate: amountSchema.nullable().meta({ description: "Of one night; null: its type's." }),
  status: z.enum(roomStatuses),
  housekeeping: z.enum(housekeepingStates),
};

/** The keys that a list of rooms is sorted by. */
export const roomCursorSchema = z.tuple([roomFields.room_number, idSchema]);

export const roomSchema = z.strictObject({ room_id: idSchema, hotel_id: idSchema, ...roomFields }).meta({ id: "Room" });

export function roomView(room: Room, currency: string): z.input<typeof roomSchema> {
  const { room_id, hotel_id, room_number, room_type_id, rate, status, housekeeping } = room;
  const ownRate = rate === null ? null : formatAmount(rate, currency);
  return { room_id, hotel_id, room_number, room_type_id, rate: ownRate, status, housekeeping };
}

const nightSchema = z.strictObject({ date: daySchema, room_id: idSchema, rate: amountSchema }).meta({ id: "Night" });

export const guestSchema = z
  .strictObject({
    name: textSchema(200).meta({ examples: ["Ada Lovelace"] }),
    email: z.email("is not an e-mail address").max(254).nullish(),
    phone: textSchema(40).nullish(),
  })
  .meta({ id: "Guest" });

export const bookingSchema = z
  .strictObject({
    booking_id: idSchema,
    hotel_id: idSchema,
    room_id: idSchema,
    room_number: z.string(),
    guest: z.strictObject({ name: z.string(), email: z.string().nullable(), phone: z.string().nullable() }),
    adults: z.number().int(),
    children: z.number().int(),
    check_in_at: instantOutSchema,
    expected_check_out_at: instantOutSchema,
    checked_in_at: instantOutSchema.nullable(),
    checked_out_at: instantOutSchema.nullable(),
    arrival: daySchema,
    departure: daySchema,
    nights: z.array(nightSchema),
    total_amount: z.string(),
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
  readonly nights: readonly { readonly date: string; readonly room_id: string; readonly rate: string }[];
};

/** Reads bookings with their room's number and their nights, in one statement. */
export function bookingRows(trx: Trx, hotelId: string) {
  return trx("pms.bookings as b")
    .join("pms.rooms as r", (join) => join.on("r.hotel_id", "b.hotel_id").andOn("r.room_id", "b.room_id"))
    .where("b.hotel_id", hotelId)
    .select<BookingRow[]>(
      "b.*",
      "r.room_number",
      trx.raw(
        `(SELECT coalesce(json_agg(json_build_object('date', n.date, 'room_id', n.room_id, 'rate', n.rate::text) ORDER BY n.date), '[]')
          FROM pms.booking_nights n WHERE n.hotel_id = b.hotel_id AND n.booking_id = b.booking_id) AS nights`,
      ),
    );
}

export function bookingView(row: BookingRow): z.input<typeof bookingSchema> {
  const { guest_name: name, guest_email: email, guest_phone: phone, currency } = row;
  return {
    booking_id: row.booking_id,
    hotel_id: row.hotel_id,
    room_id: row.room_id,
    room_number: row.room_number,
    guest: { name, email, phone },
    adults: row.adults,
    children: row.children,
    check_in_at: row.check_in_at.toISOString(),
    expected_check_out_at: row.expected_check_out_at.toISOString(),
    checked_in_at: row.checked_in_at?.toISOString() ?? null,
    checked_out_at: row.checked_out_at?.toISOString() ?? null,
    arrival: row.arrival,
    departure: row.departure,
    nights: row.nights.map((night) => ({ ...night, rate: formatAmount(night.rate, currency) })),
    total_amount: formatAmount(row.total_amount, currency),
    currency,
    status: row.status,
    terms_accepted_at: row.terms_accepted_at?.toISOString() ?? null,
    notes: row.notes,
    created_by: row.created_by,
  };
}

import * as z from "zod";

import {
  decodeCursor,
  daySchema,
  idSchema,
  instantOutSchema,
  instantSchema,
  pageOf,
  pageQuery,
  type Route,
  route,
  textSchema,
  toPage,
} from "../../core/mod.ts";
import { staff } from "../identity/port.ts";
import { noSuchBooking } from "./errors.ts";
import { bookingStatuses } from "./port.ts";
import { reserve } from "./reserve.ts";
import { dayOrInstantSchema } from "./stay.ts";
import { bookingRows, bookingSchema, bookingView, guestSchema } from "./views.ts";

const params = z.strictObject({ booking_id: idSchema });

const reservationSchema = z
  .strictObject({
    room_id: idSchema.optional(),
    room_type_id: idSchema.optional().meta({ description: "Instead of room_id: any free room of this type." }),
    guest: guestSchema,
    adults: z.number().int().min(1).max(100).default(1),
    children: z.number().int().min(0).max(100).default(0),
    check_in_at: dayOrInstantSchema,
    expected_check_out_at: dayOrInstantSchema,
    terms_accepted_at: instantSchema.optional(),
    notes: textSchema(4000).nullish(),
  })
  .refine((body) => (body.room_id === undefined) !== (body.room_type_id === undefined), {
    message: "name either a room_id or a room_type_id",
    path: ["room_id"],
  });

export function bookingRoutes(): Route[] {
  return [
    route({
      id: "createBooking",
      method: "POST",
      path: "/bookings/",
      summary: "Reserve a room",
      description: "Prices are fixed night by night when the booking is made; the total is their sum.",
      access: staff,
      unit: "tenant",
      body: reservationSchema,
      status: 201,
      result: bookingSchema,
      problems: ["NOT_FOUND", "ROOM_TAKEN", "NO_ROOM_FREE", "ROOM_NOT_SOLD", "TOO_MANY_GUESTS", "SUBSCRIPTION_LAPSED"],
      handler: async ({ actor, body, trx }) => {
        const booking = await reserve(trx, actor.tenantId, body, actor.name);
        const headers = { Location: `/bookings/${booking.booking_id}` };
        return { body: bookingView(booking), etag: booking.version, headers };
      },
    }),
    route({
      id: "listBookings",
      method: "GET",
      path: "/bookings/",
      summary: "The bookings, by arrival",
      access: staff,
      unit: "tenant",
      query: z.strictObject({
        ...pageQuery,
        status: z.enum(bookingStatuses).optional(),
        arrival_from: daySchema.optional(),
        arrival_to: daySchema.optional().meta({ description: "This day included." }),
        departure_from: daySchema.optional(),
        departure_to: daySchema.optional().meta({ description: "This day included." }),
        room_id: idSchema.optional(),
        guest: textSchema(100).optional().meta({ description: "Part of the guest's name, e-mail or phone." }),
      }),
      status: 200,
      result: pageOf(bookingSchema),
      handler: async ({ actor, query, trx }) => {
        const after = decodeCursor(query.cursor, z.tuple([daySchema, idSchema]));
        const list = bookingRows(trx, actor.tenantId);
        if (after !== undefined) void list.whereRaw("(b.arrival, b.booking_id) > (?, ?)", after);
        if (query.status !== undefined) void list.where("b.status", query.status);
        if (query.arrival_from !== undefined) void list.where("b.arrival", ">=", query.arrival_from);
        if (query.arrival_to !== undefined) void list.where("b.arrival", "<=", query.arrival_to);
        if (query.departure_from !== undefined) void list.where("b.departure", ">=", query.departure_from);
        if (query.departure_to !== undefined) void list.where("b.departure", "<=", query.departure_to);
        if (query.room_id !== undefined) void list.where("b.room_id", query.room_id);
        if (query.guest !== undefined) {
          const pattern = `%${query.guest.replaceAll(/[\\%_]/g, "\\$&")}%`;
          void list.whereRaw("(b.guest_name ILIKE ? OR b.guest_email ILIKE ? OR b.guest_phone ILIKE ?)", [
            pattern,
            pattern,
            pattern,
          ]);
        }
        const rows = await list.orderBy(["b.arrival", "b.booking_id"]).limit(query.limit + 1);
        return { body: toPage(rows, query.limit, bookingView, (row) => [row.arrival, row.booking_id]) };
      },
    }),
    route({
      id: "readBooking",
      method: "GET",
      path: "/bookings/{booking_id}",
      summary: "One booking",
      access: staff,
      unit: "tenant",
      params,
      status: 200,
      result: bookingSchema,
      handler: async ({ actor, params: { booking_id: id }, trx }) => {
        const [row] = await bookingRows(trx, actor.tenantId).where("b.booking_id", id);
        if (row === undefined) throw noSuchBooking();
        return { body: bookingView(row), etag: row.version };
      },
    }),
    route({
      id: "readBookingHistory",
      method: "GET",
      path: "/bookings/{booking_id}/history",
      summary: "Who did what when, with before and after",
      access: staff,
      unit: "tenant",
      params,
      status: 200,
      result: pageOf(
        z.strictObject({
          at: instantOutSchema,
          by_user: z.string(),
          action: z.string(),
          before: z.record(z.string(), z.unknown()).nullable(),
          after: z.record(z.string(), z.unknown()),
        }),
      ),
      handler: async ({ actor, params: { booking_id: id }, trx }) => {
        const entries = (await trx("pms.booking_history")
          .where({ hotel_id: actor.tenantId, booking_id: id })
          .orderBy("entry_id")
          .select("at", "by_user", "action", "before", "after")) as HistoryRow[];
        if (entries.length === 0) throw noSuchBooking();
        return {
          body: { items: entries.map((entry) => ({ ...entry, at: entry.at.toISOString() })), next_cursor: null },
        };
      },
    }),
  ];
}

interface HistoryRow {
  readonly at: Date;
  readonly by_user: string;
  readonly action: string;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown>;
}

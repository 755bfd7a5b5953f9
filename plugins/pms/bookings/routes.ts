import * as z from "zod";

import {
  decodeCursor,
  daySchema,
  idSchema,
  instantOutSchema,
  instantSchema,
  pageOf,
  pageQuery,
  route,
  textSchema,
  toPage,
} from "../../../core/mod.ts";
import { requireDailyQuota, staff } from "../../identity/port.ts";
import type { PmsContext } from "../context.ts";
import { agreedPriceSchema, newAgreedPriceSchema } from "../rates/agreed_price.ts";
import { overrideSchema } from "../rates/restrictions.ts";
import { noSuchBooking } from "../errors.ts";
import { guestSchema } from "../guests/guest_schema.ts";
import { searchDescription } from "../guests/search.ts";
import { amend } from "./amend.ts";
import { changeContextOf } from "../booking_record/change.ts";
import { bookingStatuses } from "../port.ts";
import { reserve } from "./reserve.ts";
import { dayOrInstantSchema } from "../allocation/stay_dates.ts";
import { listBookings } from "./queries/list_bookings.ts";
import { findMoveRooms, moveRoomsSchema } from "./queries/move_rooms.ts";
import { historyEntryView, readBookingHistory } from "./queries/read_history.ts";
import { restoreHousekeepingSchema } from "./undo/restore_housekeeping.ts";
import { undoOfAmendment } from "./undo/ways_back.ts";
import { bookingRows, bookingSchema, bookingView, readChangedBooking } from "./views.ts";

const params = z.strictObject({ booking_id: idSchema });

const reservationSchema = z
  .strictObject({
    room_id: idSchema.optional(),
    room_type_id: idSchema.optional().meta({ description: "Replaces room_id: any free room of this type." }),
    guest_id: idSchema.optional().meta({ description: "Replaces guest: the id of a known guest." }),
    guest: guestSchema.optional(),
    room_locked: z.boolean().default(false).meta({ description: "The booking keeps its room." }),
    adults: z.number().int().min(1).max(100).default(1),
    children: z.number().int().min(0).max(100).default(0),
    check_in_at: dayOrInstantSchema,
    expected_check_out_at: dayOrInstantSchema,
    terms_accepted_at: instantSchema.optional(),
    notes: textSchema(4000, { lines: true }).nullish(),
    agreed_price: agreedPriceSchema.optional().meta({
      description:
        "Replaces the rates. For a manager, or for a receptionist within the policy's percentage (/policies).",
    }),
    override_restrictions: overrideSchema.optional(),
  })
  .refine((body) => (body.room_id === undefined) !== (body.room_type_id === undefined), {
    message: "name either a room_id or a room_type_id",
    path: ["room_id"],
  })
  .refine((body) => (body.guest === undefined) !== (body.guest_id === undefined), {
    message: "name either a guest or a guest_id",
    path: ["guest"],
  })
  .meta({
    allOf: [
      { oneOf: [{ required: ["room_id"] }, { required: ["room_type_id"] }] },
      { oneOf: [{ required: ["guest"] }, { required: ["guest_id"] }] },
    ],
  });

const amendmentFields = z.strictObject({
  check_in_at: dayOrInstantSchema.optional(),
  expected_check_out_at: dayOrInstantSchema.optional(),
  room_type_id: idSchema
    .optional()
    .meta({ description: "Another room type: the booking gets a free room of it, at its prices." }),
  room_id: idSchema.optional().meta({
    description:
      "Another room, from tonight on. If a guest has slept all booked nights and stays on, from the first added " +
      "night. Booked nights keep their prices. Can't be combined with room_type_id.",
  }),
  accept_dirty_room: z.boolean().optional().meta({
    description: "With room_id and a guest in house: the desk accepts a dirty room. The policy `warn` asks for this.",
  }),
  guest: guestSchema.partial().optional().meta({
    description: "Another name links another guest. Another spelling of the name corrects the guest's profile.",
  }),
  adults: z.number().int().min(1).max(100).optional(),
  children: z.number().int().min(0).max(100).optional(),
  room_locked: z.boolean().optional(),
  notes: textSchema(4000, { lines: true }).nullish(),
  agreed_price: newAgreedPriceSchema.optional().meta({
    description:
      "Replaces the rates of the nights from the business date on. " +
      "The policy's percentage (/policies) limits a receptionist.",
  }),
  override_restrictions: overrideSchema.optional(),
  restore_housekeeping: restoreHousekeepingSchema,
});

const amendmentSchema = amendmentFields.refine(
  ({ room_id: room, room_type_id: type }) => room === undefined || type === undefined,
  { message: "name a room_id or a room_type_id, not both", path: ["room_id"] },
);

export function bookingRoutes({ countDaily, env }: Pick<PmsContext, "countDaily" | "env">) {
  return [
    route({
      id: "createBooking",
      method: "POST",
      path: "/bookings/",
      summary: "Reserve a room",
      description:
        "Fixes the price of each night. The total is their sum. With `agreed_price`, the nights cost the agreed " +
        "price, and `rack_rate` and `rack_amount` keep the rates. A stay that begins on the business date does not " +
        "get a room that is out of service. If the request names such a room, the answer is `ROOM_NOT_READY`.",
      access: staff,
      transaction: "tenant",
      body: reservationSchema,
      status: 201,
      result: bookingSchema,
      undo: ["cancelBooking"],
      problems: [
        "NOT_FOUND",
        "ROOM_TAKEN",
        "NO_ROOM_FREE",
        "ROOM_OUT_OF_ORDER",
        "ROOM_RETIRED",
        "ROOM_NOT_READY",
        "TOO_MANY_GUESTS",
        "CLOSED_TO_ARRIVAL",
        "MINIMUM_STAY",
        "PRICE_NOT_ALLOWED",
        "TRIAL_QUOTA_REACHED",
        "GUEST_ANONYMOUS",
        "GUEST_MERGED",
        "SUBSCRIPTION_LAPSED",
      ],
      handler: async ({ actor, body, trx }) => {
        const { booking, hotel } = await reserve(trx, actor.tenantId, body, actor.name, actor.role);
        await requireDailyQuota(trx, hotel, { of: "bookings", most: env.TRIAL_BOOKINGS_PER_DAY }, countDaily);
        const headers = { Location: `/bookings/${booking.booking_id}` };
        const undo = { operation: "cancelBooking", params: { booking_id: booking.booking_id }, body: {} };
        return { body: bookingView(booking), etag: booking.version, headers, undo };
      },
    }),
    route({
      id: "listBookings",
      method: "GET",
      path: "/bookings/",
      summary: "List the bookings by arrival",
      access: staff,
      transaction: "tenant",
      query: z.strictObject({
        ...pageQuery,
        status: z.enum(bookingStatuses).optional(),
        arrival_from: daySchema.optional(),
        arrival_to: daySchema.optional().meta({ description: "The range includes this day." }),
        departure_from: daySchema.optional(),
        departure_to: daySchema.optional().meta({ description: "The range includes this day." }),
        room_id: idSchema.optional(),
        guest_id: idSchema.optional(),
        guest: textSchema(100, { lines: true }).optional().meta({ description: searchDescription }),
        order: z
          .enum(["asc", "desc"])
          .default("asc")
          .meta({ description: "By arrival: `asc` lists the earliest first, `desc` the latest." }),
      }),
      status: 200,
      result: pageOf(bookingSchema),
      handler: async ({ actor, query, trx }) => {
        const after = decodeCursor(query.cursor, z.tuple([daySchema, idSchema]));
        const rows = await listBookings(trx, actor.tenantId, { ...query, after });
        return { body: toPage(rows, query.limit, bookingView, (row) => [row.arrival, row.booking_id]) };
      },
    }),
    route({
      id: "readBooking",
      method: "GET",
      path: "/bookings/{booking_id}",
      summary: "Read one booking",
      access: staff,
      transaction: "tenant",
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
      id: "amendBooking",
      method: "PATCH",
      path: "/bookings/{booking_id}",
      summary: "Amend a booking: dates, room, room type, guest, notes",
      description:
        "Booked nights keep their prices, and added nights get the present rates. " +
        "Another room type prices all nights again. " +
        "A night that the booking had before, in the same room type, gets its earlier price. " +
        "Agreed nights that other nights replace pass their prices on, in the order of their dates. " +
        "Another room type ends an agreed price, and the history says so. " +
        "For another room at the same price, use /operations/move, or room_id here. " +
        "If a guest stays on and the room is sold, send expected_check_out_at and room_id together. " +
        "Nights that the guest has slept keep their room.",
      access: staff,
      transaction: "tenant",
      params,
      body: amendmentSchema,
      status: 200,
      result: bookingSchema,
      undo: ["amendBooking"],
      problems: [
        "ILLEGAL_TRANSITION",
        "WRONG_DAY",
        "ROOM_TAKEN",
        "NO_ROOM_FREE",
        "ROOM_OUT_OF_ORDER",
        "ROOM_RETIRED",
        "ROOM_NOT_READY",
        "ROOM_NOT_CLEAN",
        "ROOM_LOCKED",
        "TOO_MANY_GUESTS",
        "CLOSED_TO_ARRIVAL",
        "MINIMUM_STAY",
        "PRICE_NOT_ALLOWED",
        "GUEST_ANONYMOUS",
        "PRECONDITION_FAILED",
        "SUBSCRIPTION_LAPSED",
      ],
      handler: async ({ actor, params: { booking_id: id }, body, trx, request }) => {
        const { booking, states } = await amend(trx, changeContextOf(actor, request), id, body);
        const undo = undoOfAmendment(booking, body, states);
        return { ...(await readChangedBooking(trx, actor.tenantId, id)), undo };
      },
    }),
    route({
      id: "findMoveRooms",
      method: "GET",
      path: "/bookings/{booking_id}/rooms",
      summary: "Find the rooms to which a booking can move, the best one first",
      description:
        "Lists rooms that are free on every night that a move would change, and that sleep the guests. " +
        "Rooms that are vacant and clean come first if the guest needs the room today, then rooms of the same type, " +
        "then rooms in which the stay leaves the smallest gaps. " +
        "A booking that is locked to its room must be unlocked before the move.",
      access: staff,
      transaction: "tenant",
      params,
      query: z.strictObject({ limit: pageQuery.limit.default(50) }),
      status: 200,
      result: moveRoomsSchema,
      handler: async ({ actor, params: { booking_id: id }, query: { limit }, trx, request }) => ({
        body: await findMoveRooms(trx, actor.tenantId, id, { now: request.receivedAt, limit }),
      }),
    }),
    route({
      id: "readBookingHistory",
      method: "GET",
      path: "/bookings/{booking_id}/history",
      summary: "Read the history of a booking: user, action, time, and the facts before and after",
      access: staff,
      transaction: "tenant",
      params,
      query: z.strictObject({ ...pageQuery, limit: pageQuery.limit.default(200) }),
      status: 200,
      result: pageOf(
        z.strictObject({
          at: instantOutSchema,
          by_user: z.string(),
          action: z.string(),
          before: z.record(z.string(), z.unknown()).nullable(),
          after: z.record(z.string(), z.unknown()),
          reasons: z
            .record(z.string(), z.string().nullable())
            .nullable()
            .meta({
              description:
                "The reasons for a change that differs from the rates or the rules: `agreed_price`, " +
                "`closed_to_arrival`, `minimum_stay`, `waiver`. A reason is null if its guest was anonymized.",
            }),
        }),
      ),
      handler: async ({ actor, params: { booking_id: id }, query: { limit, cursor }, trx }) => {
        const [after] = decodeCursor(cursor, z.tuple([idSchema])) ?? [];
        const rows = await readBookingHistory(trx, actor.tenantId, id, { after, limit });
        // Each booking has at least one entry. A page after the last entry is empty.
        if (rows.length === 0 && after === undefined) throw noSuchBooking();
        return { body: toPage(rows, limit, historyEntryView, (row) => [row.entry_id]) };
      },
    }),
  ];
}

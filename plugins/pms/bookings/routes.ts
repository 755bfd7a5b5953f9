import * as z from "zod";

import {
  addDays,
  type Day,
  daysBetween,
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
} from "../../../core/mod.ts";
import { requireDailyQuota, staff } from "../../identity/port.ts";
import type { PmsContext } from "../context.ts";
import { agreedPriceSchema, newAgreedPriceSchema } from "../rates/agreed_price.ts";
import { overrideSchema } from "../rates/restrictions.ts";
import { noSuchBooking } from "../errors.ts";
import { findGuests, manyMatch, searchDescription } from "../guests/search.ts";
import { amend } from "./amend.ts";
import { changeContextOf } from "../booking_record/change.ts";
import { bookingStatuses } from "../port.ts";
import { reserve } from "./reserve.ts";
import { dayOrInstantSchema, mostNights } from "../allocation/stay_dates.ts";
import {
  bookingRows,
  bookingSchema,
  type BookingsPart,
  bookingView,
  foundFirst,
  guestSchema,
  readChanged,
} from "./views.ts";

const params = z.strictObject({ booking_id: idSchema });

const reservationSchema = z
  .strictObject({
    room_id: idSchema.optional(),
    room_type_id: idSchema.optional().meta({ description: "Instead of room_id: any free room of this type." }),
    guest_id: idSchema.optional().meta({ description: "Instead of guest: one who has stayed before." }),
    guest: guestSchema.optional(),
    room_locked: z.boolean().default(false).meta({ description: "It stays in its room." }),
    adults: z.number().int().min(1).max(100).default(1),
    children: z.number().int().min(0).max(100).default(0),
    check_in_at: dayOrInstantSchema,
    expected_check_out_at: dayOrInstantSchema,
    terms_accepted_at: instantSchema.optional(),
    notes: textSchema(4000, { lines: true }).nullish(),
    agreed_price: agreedPriceSchema.optional().meta({
      description:
        "Instead of the rates: for a manager, or for a receptionist within the policy's percentage (/policies).",
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
  room_type_id: idSchema.optional().meta({ description: "Another type: a free room of it, and its prices." }),
  room_id: idSchema.optional().meta({
    description:
      "Another room, from tonight on. For a guest who has slept all booked nights and stays on: from the first added night. " +
      "Booked nights keep their prices. Not beside room_type_id.",
  }),
  accept_dirty_room: z.boolean().optional().meta({
    description:
      "With room_id, of a guest in the house: the room is dirty, and the guest gets it all the same (policy `warn`).",
  }),
  guest: guestSchema.partial().optional().meta({
    description: "Another name makes it another guest; another spelling of the name corrects the guest's profile.",
  }),
  adults: z.number().int().min(1).max(100).optional(),
  children: z.number().int().min(0).max(100).optional(),
  room_locked: z.boolean().optional(),
  notes: textSchema(4000, { lines: true }).nullish(),
  agreed_price: newAgreedPriceSchema.optional().meta({
    description:
      "For the nights from the business date on, instead of their rates. The policy's percentage (/policies) limits a receptionist.",
  }),
  override_restrictions: overrideSchema.optional(),
});

const amendmentSchema = amendmentFields.refine(
  ({ room_id: room, room_type_id: type }) => room === undefined || type === undefined,
  { message: "name a room_id or a room_type_id, not both", path: ["room_id"] },
);

export function bookingRoutes({ countDaily, env }: Pick<PmsContext, "countDaily" | "env">): Route[] {
  return [
    route({
      id: "createBooking",
      method: "POST",
      path: "/bookings/",
      summary: "Reserve a room",
      description:
        "Prices are fixed night by night when the booking is made; the total is their sum. With `agreed_price` the nights cost what was agreed, and `rack_rate` and `rack_amount` keep the rates. " +
        "A stay that begins on the business date does not get a room that is out of service: a named one answers `ROOM_NOT_READY`.",
      access: staff,
      transaction: "tenant",
      body: reservationSchema,
      status: 201,
      result: bookingSchema,
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
        return { body: bookingView(booking), etag: booking.version, headers };
      },
    }),
    route({
      id: "listBookings",
      method: "GET",
      path: "/bookings/",
      summary: "The bookings, by arrival",
      access: staff,
      transaction: "tenant",
      query: z.strictObject({
        ...pageQuery,
        status: z.enum(bookingStatuses).optional(),
        arrival_from: daySchema.optional(),
        arrival_to: daySchema.optional().meta({ description: "This day included." }),
        departure_from: daySchema.optional(),
        departure_to: daySchema.optional().meta({ description: "This day included." }),
        room_id: idSchema.optional(),
        guest: textSchema(100, { lines: true }).optional().meta({ description: searchDescription }),
      }),
      status: 200,
      result: pageOf(bookingSchema),
      handler: async ({ actor, query, trx }) => {
        const after = decodeCursor(query.cursor, z.tuple([daySchema, idSchema]));
        const found = query.guest === undefined ? undefined : await findGuests(trx, actor.tenantId, query.guest);
        const { departure_from: leavesFrom, departure_to: leavesTo } = query;
        const hotelId = actor.tenantId;
        const part =
          found?.ids === undefined
            ? leaving(hotelId, leavesFrom, leavesTo)
            : foundFirst(hotelId, "guest_id = ANY(?::uuid[])", [found.ids]);
        const list = bookingRows(trx, hotelId, part);
        if (after !== undefined) void list.whereRaw("(b.arrival, b.booking_id) > (?, ?)", after);
        if (query.status !== undefined) void list.where("b.status", query.status);
        if (query.arrival_from !== undefined) void list.where("b.arrival", ">=", query.arrival_from);
        if (query.arrival_to !== undefined) void list.where("b.arrival", "<=", query.arrival_to);
        if (leavesFrom !== undefined) void list.where("b.departure", ">=", leavesFrom);
        if (leavesTo !== undefined) void list.where("b.departure", "<=", leavesTo);
        if (query.room_id !== undefined) void list.where("b.room_id", query.room_id);
        // Where half of the hotel is called so, the page is full soon.
        if (found !== undefined && found.ids === undefined) {
          const { sql, values } = manyMatch(profileText, "b", found);
          void list.whereRaw(sql, values);
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
        "Nights that were booked keep their prices; an extension prices the nights that it adds. Another room type prices all nights anew. " +
        "A night that the booking had before, in the same room type, comes back at the price that it had. " +
        "Agreed nights that are exchanged for others pass their price on, first to first; another room type ends it, and the history says so. " +
        "To another room of any type without a new price: /operations/move, or room_id here. A guest who stays on while the own " +
        "room is sold gets another room by expected_check_out_at and room_id together: nights that were slept stay where they were.",
      access: staff,
      transaction: "tenant",
      params,
      body: amendmentSchema,
      status: 200,
      result: bookingSchema,
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
        await amend(trx, changeContextOf(actor, request), id, body);
        return readChanged(trx, actor.tenantId, id);
      },
    }),
    route({
      id: "readBookingHistory",
      method: "GET",
      path: "/bookings/{booking_id}/history",
      summary: "Who did what when, with before and after",
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
          reasons: z.record(z.string(), z.string().nullable()).nullable().meta({
            description:
              "Why the change differs from the rates or the rules: `agreed_price`, `closed_to_arrival`, `minimum_stay`, `waiver`. A reason is null where its guest was forgotten.",
          }),
        }),
      ),
      handler: async ({ actor, params: { booking_id: id }, query: { limit, cursor }, trx }) => {
        const after = decodeCursor(cursor, z.tuple([idSchema]));
        const entries = trx("pms.booking_history").where({ hotel_id: actor.tenantId, booking_id: id });
        if (after !== undefined) void entries.where("entry_id", ">", after[0]);
        const rows = (await entries
          .orderBy("entry_id")
          .limit(limit + 1)
          .select("entry_id", "at", "by_user", "action", "before", "after", "reasons")) as HistoryRow[];
        // Each booking has a first line; after the last one there is an empty page.
        if (rows.length === 0 && after === undefined) throw noSuchBooking();
        const view = ({ at, by_user, action, before, after: became, reasons }: HistoryRow) => ({
          at: at.toISOString(),
          by_user,
          action,
          before,
          after: became,
          reasons,
        });
        return { body: toPage(rows, limit, view, (row) => [row.entry_id]) };
      },
    }),
  ];
}

/** Few bookings are longer. */
const shortNights = 31;

/** Among whom those are who leave in a range of days, where it has a beginning. */
function leaving(hotelId: string, from: Day | undefined, to: Day | undefined): BookingsPart | undefined {
  if (from === undefined) return undefined;
  if (to !== undefined && daysBetween(from, to) <= shortNights)
    return foundFirst(hotelId, "departure BETWEEN ? AND ?", [from, to]);
  // Who is there for a month at most has arrived since then. RequestedStay in one, it would be the arrivals of a year.
  return {
    sql: `SELECT * FROM pms.bookings WHERE hotel_id = ? AND departure - arrival <= ${shortNights} AND arrival >= ?::date
      UNION ALL SELECT * FROM pms.bookings WHERE hotel_id = ? AND departure - arrival > ${shortNights} AND arrival >= ?::date`,
    values: [hotelId, addDays(from, -shortNights), hotelId, addDays(from, -mostNights)],
  };
}

/** As guests are searched, in the same text, for rows of `bookings b`: looked up row by row, in the order of the list. */
const profileText =
  "(SELECT g.search_text FROM pms.guests g WHERE g.hotel_id = b.hotel_id AND g.guest_id = b.guest_id)";

interface HistoryRow {
  readonly entry_id: string;
  readonly at: Date;
  readonly by_user: string;
  readonly action: string;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown>;
  readonly reasons: Record<string, string | null> | null;
}

import * as z from "zod";

import {
  type Actor,
  changedFields,
  currencySchema,
  daySchema,
  decodeCursor,
  defined,
  idSchema,
  instantOutSchema,
  pageOf,
  pageQuery,
  problems,
  requireMatch,
  type Route,
  route,
  sumSchema,
  timeOfDaySchema,
  toPage,
  type Trx,
} from "../../../core/mod.ts";
import { isManager, managers, readHotel, staff } from "../../identity/port.ts";
import { changeContextOf } from "../booking_record/change.ts";
import type { PmsContext } from "../context.ts";
import { bookingStatuses } from "../port.ts";
import { roomFields } from "../inventory/views.ts";
import { readBoard } from "./board.ts";
import { closeDay, type DailyFigures, figuresColumns, figuresView } from "./close_day.ts";
import {
  dirtyRoomPolicies,
  lockPolicies,
  noShowCharges,
  overstayPolicies,
  type Policies,
  readPolicies,
  writePolicies,
} from "../policies/policies.ts";

const entrySchema = z
  .strictObject({
    booking_id: idSchema,
    guest_name: z.string(),
    room_id: idSchema,
    room_number: z.string(),
    room_status: roomFields.status,
    housekeeping: roomFields.housekeeping,
    status: z.enum(bookingStatuses),
    arrival: daySchema,
    departure: daySchema,
    adults: z.number().int(),
    children: z.number().int(),
  })
  .meta({ id: "BoardEntry" });

const count = z.number().int();

const figuresSchema = z
  .strictObject({
    business_date: daySchema,
    rooms: count,
    out_of_order: count.meta({ description: "Rooms that could not be sold: out of order, or closed that night." }),
    sold: count.meta({ description: "Rooms that were slept in, each once." }),
    guests: count,
    arrivals: count,
    departures: count,
    no_shows: count,
    cancellations: count,
    overdue: count.meta({
      description: "Bookings in the house whose guests should have left by that day, and got no night by its close.",
    }),
    overstays: count.meta({ description: "Of such bookings, those that got the night by the close of the day." }),
    room_revenue: sumSchema,
    no_show_revenue: sumSchema,
    currency: currencySchema,
    closed_at: instantOutSchema,
    closed_by: z.string(),
  })
  .meta({ id: "DailyFigures" });

const policiesSchema = z
  .strictObject({
    no_show_charge: z.enum(noShowCharges).meta({ description: "What a guest pays who does not come." }),
    overstays: z.enum(overstayPolicies).meta({
      description:
        "What the close of the day does with guests who should have left and are still in the house: `extend` gives them the " +
        "nights up to it, priced like an extension at the desk, wherever their room has them; `leave` leaves them overdue.",
    }),
    day_closes_at: timeOfDaySchema.nullable().meta({
      description:
        "When the clock closes a day that nobody closed, on the day after; null: never. A hotel that signs up has `04:00`.",
      examples: ["04:00"],
    }),
    day_closes_from: timeOfDaySchema.nullable().meta({
      description:
        "From when on its own date a business day may be closed, in the hotel's time zone. Before that, a close needs " +
        "`early: true`. null: at any time of that date. When the date is past, the day can be closed at any time.",
      examples: ["18:00"],
    }),
    receptionists_close_day: z.boolean().meta({
      description: "Whether receptionists may close the day; false: managers and the clock alone.",
    }),
    receptionist_discount_percent: z.number().int().min(0).max(100).meta({
      description:
        "By how many percent of the rate a receptionist may agree a price below or above it; 0: not at all. A manager may agree any price.",
    }),
    dirty_room_check_in: z.enum(dirtyRoomPolicies).meta({
      description:
        "Whether a guest may be put into a room that is dirty, by check-in or by a move: `allow`; `warn` refuses with the " +
        "rooms that are ready until the call says accept_dirty_room; `refuse`.",
    }),
  })
  .meta({ id: "Policies" });

const policiesView = (policies: Policies): z.input<typeof policiesSchema> => ({
  no_show_charge: policies.no_show_charge,
  overstays: policies.overstays,
  day_closes_at: policies.day_closes_at?.slice(0, 5) ?? null,
  day_closes_from: policies.day_closes_from?.slice(0, 5) ?? null,
  receptionists_close_day: policies.receptionists_close_day,
  receptionist_discount_percent: policies.receptionist_discount_percent,
  dirty_room_check_in: policies.dirty_room_check_in,
});

/** @throws Problem FORBIDDEN for a receptionist, where only managers close the day */
async function requireCanCloseDay(trx: Trx, { tenantId, role }: Actor): Promise<void> {
  if (isManager(role) || (await readPolicies(trx, tenantId)).receptionists_close_day) return;
  throw problems.FORBIDDEN("Only a manager closes the day in this hotel (policy receptionists_close_day).");
}

export function deskRoutes({ audit }: Pick<PmsContext, "audit">): Route[] {
  return [
    route({
      id: "readBoard",
      method: "GET",
      path: "/operations/today",
      summary: "The desk's board: who comes, who goes, who is here, what is late, which rooms are dirty",
      access: staff,
      transaction: "tenant",
      status: 200,
      result: z.strictObject({
        business_date: daySchema,
        arrivals: z.array(entrySchema).meta({ description: "Expected today, and not here yet." }),
        departures: z.array(entrySchema).meta({ description: "In the house, and leaving today." }),
        in_house: z.array(entrySchema),
        overdue: z.array(entrySchema).meta({ description: "Should have come or gone on an earlier day." }),
        dirty_rooms: z.array(z.strictObject({ room_id: idSchema, room_number: z.string() })),
      }),
      handler: async ({ actor, trx }) => {
        const { business_date } = await readHotel(trx, actor.tenantId);
        const board = await readBoard(trx, actor.tenantId, business_date);
        return { body: { business_date, ...board } };
      },
    }),
    route({
      id: "closeDay",
      method: "POST",
      path: "/operations/close-day",
      summary: "Close the business day: no-shows are marked, its figures are written for good, the next day begins",
      description:
        "Guests who should have left and are still in the house get the night, where that is the hotel's policy (/policies). " +
        "Safe to repeat: a day that is closed gives back the figures that it was closed with. " +
        "Before `day_closes_from` (/policies) on its own date, the day is not over and the answer is `DAY_NOT_OVER`: with " +
        "`closable_from`, the moment from which it can be closed; up to 50 bookings that the close would make `no_shows` and " +
        "their `no_shows_count`; up to 50 `overstays`, guests due out and still in the house to whom the close would charge the night, " +
        "and their `overstays_count`; and `last_close`, which says when and by whom the day before was closed, or null. " +
        "`early` closes the day all the same. " +
        "A receptionist may close the day unless the policy `receptionists_close_day` is false.",
      access: staff,
      transaction: "tenant",
      body: z.strictObject({
        business_date: daySchema.meta({ description: "The day to be closed." }),
        early: z.boolean().default(false).meta({ description: "Close the day before it is over at the hotel." }),
      }),
      status: 200,
      result: figuresSchema,
      problems: ["WRONG_DAY", "DAY_NOT_OVER"],
      handler: async ({ actor, body: { business_date: day, early }, trx, request }) => {
        await requireCanCloseDay(trx, actor);
        return { body: figuresView(await closeDay(trx, changeContextOf(actor, request), day, { early })) };
      },
    }),
    route({
      id: "listDailyFigures",
      method: "GET",
      path: "/operations/closed-days",
      summary: "The figures of the days that were closed, the latest first",
      access: managers,
      transaction: "tenant",
      query: z.strictObject(pageQuery),
      status: 200,
      result: pageOf(figuresSchema),
      handler: async ({ actor, query: { limit, cursor }, trx }) => {
        const before = decodeCursor(cursor, z.tuple([daySchema]))?.[0] ?? null;
        const days = (await trx("pms.daily_figures")
          .where({ hotel_id: actor.tenantId })
          .whereRaw("(?::date IS NULL OR business_date < ?::date)", [before, before])
          .orderBy("business_date", "desc")
          .limit(limit + 1)
          .select(figuresColumns)) as DailyFigures[];
        return { body: toPage(days, limit, figuresView, (day) => [day.business_date]) };
      },
    }),
    route({
      id: "readPolicies",
      method: "GET",
      path: "/policies",
      summary: "How the hotel runs its desk",
      access: staff,
      transaction: "tenant",
      status: 200,
      result: policiesSchema,
      handler: async ({ actor, trx }) => {
        const policies = await readPolicies(trx, actor.tenantId);
        return { body: policiesView(policies), etag: policies.version };
      },
    }),
    route({
      id: "changePolicies",
      method: "PATCH",
      path: "/policies",
      summary: "Change how the hotel runs its desk",
      access: managers,
      transaction: "tenant",
      body: policiesSchema.partial(),
      status: 200,
      result: policiesSchema,
      problems: ["PRECONDITION_FAILED"],
      handler: async ({ actor, body, trx, request }) => {
        const policies = await lockPolicies(trx, actor.tenantId);
        requireMatch(request.ifMatch, policies.version);
        const changed = { ...policies, ...defined(body), version: policies.version + 1 };
        await writePolicies(trx, actor.tenantId, changed, changed.version);
        const details = changedFields(policiesView(policies), policiesView(changed));
        audit.record(trx, { kind: "policies_changed", actor, request, details });
        return { body: policiesView(changed), etag: changed.version };
      },
    }),
  ];
}

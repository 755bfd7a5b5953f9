import * as z from "zod";

import {
  type Actor,
  changedFields,
  currencySchema,
  daySchema,
  decodeCursor,
  defined,
  instantOutSchema,
  pageOf,
  pageQuery,
  pick,
  problems,
  requireMatch,
  route,
  sumSchema,
  timeOfDaySchema,
  toPage,
  type Trx,
} from "../../../core/mod.ts";
import { isManager, managers, staff } from "../../identity/port.ts";
import { changeContextOf } from "../booking_record/change.ts";
import type { PmsContext } from "../context.ts";
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

const count = z.number().int();

export const figuresSchema = z
  .strictObject({
    business_date: daySchema,
    rooms: count,
    out_of_order: count.meta({ description: "Rooms that could not be sold: out of order, or closed that night." }),
    sold: count.meta({ description: "Rooms that were slept in, each counted once." }),
    guests: count,
    arrivals: count,
    departures: count,
    no_shows: count,
    cancellations: count,
    overdue: count.meta({
      description: "Bookings in house that were due out by that day, and did not get the night by its close.",
    }),
    overstays: count.meta({
      description: "Bookings in house that were due out by that day, and got the night by its close.",
    }),
    room_revenue: sumSchema,
    no_show_revenue: sumSchema,
    currency: currencySchema,
    closed_at: instantOutSchema,
    closed_by: z.string(),
  })
  .meta({ id: "DailyFigures" });

const policiesSchema = z
  .strictObject({
    no_show_charge: z.enum(noShowCharges).meta({ description: "The charge of a no-show." }),
    overstays: z.enum(overstayPolicies).meta({
      description:
        "The effect of the close of the day on guests that are due out and still in house. " +
        "`extend` gives them the nights up to it, at the prices of an extension at the desk, if their room is free. " +
        "`leave` leaves them overdue.",
    }),
    day_closes_at: timeOfDaySchema.nullable().meta({
      description:
        "The time on the next date at which a schedule closes a day that is still open. Null: never. " +
        "The default is `04:00`.",
      examples: ["04:00"],
    }),
    day_closes_from: timeOfDaySchema.nullable().meta({
      description:
        "The earliest time on its own date at which a day can be closed, in the hotel's time zone. " +
        "Before that, a close needs `early: true`. " +
        "Null: at any time of that date. After that date, the day can be closed at any time.",
      examples: ["18:00"],
    }),
    receptionists_close_day: z.boolean().meta({
      description: "Whether receptionists can close the day. If false, only managers and the schedule can.",
    }),
    receptionist_discount_percent: z
      .number()
      .int()
      .min(0)
      .max(100)
      .meta({
        description:
          "By how many percent an agreed price of a receptionist can differ from the rate. " +
          "With 0, receptionists can't agree prices. A manager can agree any price.",
      }),
    dirty_room_check_in: z.enum(dirtyRoomPolicies).meta({
      description:
        "Whether a guest can get a dirty room by a check-in or a move: `allow`, `warn` or `refuse`. " +
        "`warn` refuses and names the rooms that are ready, unless the request has accept_dirty_room.",
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

/** @throws Problem FORBIDDEN for a receptionist, if the policy allows only managers */
export async function requireCanCloseDay(trx: Trx, { tenantId, role }: Actor): Promise<void> {
  if (isManager(role) || (await readPolicies(trx, tenantId)).receptionists_close_day) return;
  throw problems.FORBIDDEN("Only a manager can close the day in this hotel (policy receptionists_close_day).");
}

export function deskRoutes({ audit }: Pick<PmsContext, "audit">) {
  return [
    route({
      id: "closeDay",
      method: "POST",
      path: "/operations/close-day",
      summary: "Close the business date: marks no-shows, writes the final figures, begins the next day",
      description:
        "Guests that are due out and still in house get the night, if the hotel's policy (/policies) says so. " +
        "A repeated call for a closed day returns its figures. " +
        "Before `day_closes_from` (/policies) on its own date, the answer is `DAY_NOT_OVER`. It has these members. " +
        "`closable_from` is the earliest time of the close. " +
        "`no_shows` lists up to 50 bookings that the close would mark, and `no_shows_count` counts all of them. " +
        "`overstays` lists up to 50 bookings that the close would charge the night, " +
        "and `overstays_count` counts all of them. " +
        "`last_close` has the time and the user of the close before, or null. " +
        "`early` closes the day before that time. " +
        "A receptionist can close the day unless the policy `receptionists_close_day` is false.",
      access: staff,
      transaction: "tenant",
      changes: ["operations", "bookings", "rooms"],
      body: z.strictObject({
        business_date: daySchema.meta({ description: "The day to close." }),
        early: z.boolean().default(false).meta({ description: "Closes the day before it is over at the hotel." }),
      }),
      status: 200,
      result: figuresSchema,
      undo: { none: "A closed day stays closed, because its figures are final." },
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
      summary: "List the figures of closed days, the latest first",
      access: managers,
      transaction: "tenant",
      query: z.strictObject(pageQuery),
      status: 200,
      result: pageOf(figuresSchema),
      handler: async ({ actor, query: { limit, cursor }, trx }) => {
        const before = decodeCursor(cursor, z.tuple([daySchema]))?.[0] ?? null;
        const days = await trx("pms.daily_figures")
          .where({ hotel_id: actor.tenantId })
          .whereRaw("(?::date IS NULL OR business_date < ?::date)", [before, before])
          .orderBy("business_date", "desc")
          .limit(limit + 1)
          .select<DailyFigures[]>(figuresColumns);
        return { body: toPage(days, limit, figuresView, (day) => [day.business_date]) };
      },
    }),
    route({
      id: "readPolicies",
      method: "GET",
      path: "/policies",
      summary: "Read the policies of the hotel",
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
      summary: "Change the policies of the hotel",
      access: managers,
      transaction: "tenant",
      body: policiesSchema.partial(),
      status: 200,
      result: policiesSchema,
      undo: ["changePolicies"],
      problems: ["PRECONDITION_FAILED"],
      handler: async ({ actor, body, trx, request }) => {
        const policies = await lockPolicies(trx, actor.tenantId);
        requireMatch(request.ifMatch, policies.version);
        const changed = { ...policies, ...defined(body), version: policies.version + 1 };
        await writePolicies(trx, actor.tenantId, changed, changed.version);
        const details = changedFields(policiesView(policies), policiesView(changed));
        audit.record(trx, { kind: "policies_changed", actor, request, details });
        const undo = { operation: "changePolicies", body: pick(policiesView(policies), Object.keys(body)) };
        return { body: policiesView(changed), etag: changed.version, undo };
      },
    }),
  ];
}

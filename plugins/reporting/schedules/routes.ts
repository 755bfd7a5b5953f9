import * as z from "zod";

import {
  decodeCursor,
  type FieldError,
  fieldErrorsOf,
  idSchema,
  instantOutSchema,
  newId,
  pageOf,
  pageQuery,
  problems,
  requireMatch,
  route,
  timeOfDaySchema,
  toPage,
} from "../../../core/mod.ts";
import { managers, readHotel, requireQuota } from "../../identity/port.ts";
import type { ReportingContext } from "../context.ts";
import { noSuchSchedule, reportingProblems } from "../errors.ts";
import { kindOf, kinds } from "../kinds/mod.ts";
import { ReportSchedule, rhythms } from "../models/report_schedule.ts";
import { daysOf, nextRun } from "./timetable.ts";

/** Most schedules of one hotel. */
const mostSchedules = 20;

const fields = {
  kind: z.enum(kinds.map(({ name }) => name)),
  every: z.enum(rhythms).meta({
    description: "`night` reports the day before, each night. `month` reports the month before, on its first day.",
  }),
  at: timeOfDaySchema.meta({ description: "The time in the hotel's time zone.", examples: ["05:00"] }),
};

const scheduleSchema = z
  .strictObject({
    schedule_id: idSchema,
    ...fields,
    options: z.record(z.string(), z.unknown()),
    next_run_at: instantOutSchema,
    last_report_id: idSchema.nullable(),
    created_by: z.string(),
    created_at: instantOutSchema,
  })
  .meta({ id: "ReportSchedule" });

const params = z.strictObject({ schedule_id: idSchema });

export function scheduleRoutes({ env }: ReportingContext) {
  return [
    route({
      id: "scheduleReport",
      method: "POST",
      path: "/reports/schedules",
      summary: "Schedule a report every night or month, in the hotel's time zone",
      access: managers,
      transaction: "tenant",
      body: z.strictObject({
        ...fields,
        at: fields.at.default("05:00"),
        options: z.record(z.string(), z.unknown()).default({}).meta({
          description: "Fields of the kind's own request without its days, such as `status` of the bookings.",
        }),
      }),
      // The options' own schema depends on the kind. The largest needs less than this.
      bodyLimit: 8 * 1024,
      status: 201,
      result: scheduleSchema,
      problems: ["TOO_MANY_SCHEDULES", "TRIAL_QUOTA_REACHED"],
      handler: async ({ actor, body: { kind, every, at, options }, trx }) => {
        const hotel = await readHotel(trx, actor.tenantId);
        const timing = { every, at };
        const next = nextRun(timing, hotel.time_zone, new Date());
        checkOptions(kind, { ...options, ...daysOf(timing, hotel.time_zone, next) }, options);
        // Serializes the hotel's requests, so that the count is valid until the commit.
        await trx.raw("SELECT pg_advisory_xact_lock(hashtextextended('reporting schedules ' || ?, 0))", [
          actor.tenantId,
        ]);
        const count = await ReportSchedule.query(trx).where({ hotel_id: actor.tenantId }).resultSize();
        const ofTrial = { of: "schedules", most: env.TRIAL_SCHEDULES };
        await requireQuota(trx, hotel, ofTrial, () => Promise.resolve(count));
        if (count >= mostSchedules) {
          throw reportingProblems.TOO_MANY_SCHEDULES(`A hotel has ${mostSchedules} schedules at most. Delete one.`);
        }
        const schedule = await ReportSchedule.query(trx).insertAndFetch({
          hotel_id: actor.tenantId,
          schedule_id: newId(),
          kind,
          options,
          ...timing,
          next_run_at: next,
          created_by: actor.name,
        });
        return { body: scheduleView(schedule), etag: schedule.version };
      },
    }),
    route({
      id: "listReportSchedules",
      method: "GET",
      path: "/reports/schedules",
      summary: "List the hotel's scheduled reports",
      access: managers,
      transaction: "tenant",
      query: z.strictObject(pageQuery),
      status: 200,
      result: pageOf(scheduleSchema),
      handler: async ({ actor, query: { limit, cursor }, trx }) => {
        const after = decodeCursor(cursor, z.tuple([idSchema]))?.[0] ?? null;
        const schedules = await ReportSchedule.query(trx)
          .where({ hotel_id: actor.tenantId })
          .whereRaw("(?::uuid IS NULL OR schedule_id > ?)", [after, after])
          .orderBy("schedule_id")
          .limit(limit + 1);
        return { body: toPage(schedules, limit, scheduleView, (schedule) => [schedule.schedule_id]) };
      },
    }),
    route({
      id: "deleteReportSchedule",
      method: "DELETE",
      path: "/reports/schedules/{schedule_id}",
      summary: "Delete a schedule, but not the reports that it has created",
      access: managers,
      transaction: "tenant",
      params,
      status: 204,
      problems: ["PRECONDITION_FAILED"],
      handler: async ({ actor, params: { schedule_id: id }, trx, request }) => {
        const schedule = await ReportSchedule.query(trx).findById([actor.tenantId, id]).forUpdate();
        if (schedule === undefined) throw noSuchSchedule();
        requireMatch(request.ifMatch, schedule.version);
        await schedule.$query(trx).delete();
        return {};
      },
    }),
  ];
}

/** Checks that the options and the days of a run make a valid request of the kind. @throws Problem VALIDATION_FAILED */
function checkOptions(kind: string, body: unknown, options: Readonly<Record<string, unknown>>): void {
  const { error } = kindOf(kind).body.safeParse(body);
  const days = ["from", "to"].filter((name) => name in options);
  const errors: FieldError[] = [
    ...days.map((name) => ({
      in: "body" as const,
      pointer: `/options/${name}`,
      detail: "must be left out: each run computes it",
    })),
    ...(error === undefined ? [] : fieldErrorsOf(error, "body", ["options"])),
  ];
  if (errors.length > 0) throw problems.VALIDATION_FAILED("/options must be valid for the kind of report.", { errors });
}

function scheduleView(schedule: ReportSchedule): z.input<typeof scheduleSchema> {
  const { schedule_id, kind, every, at, options, next_run_at, last_report_id, created_by, created_at } = schedule;
  return {
    schedule_id,
    kind,
    every,
    at: at.slice(0, 5),
    options,
    next_run_at: next_run_at.toISOString(),
    last_report_id,
    created_by,
    created_at: created_at.toISOString(),
  };
}

/**
 * Asks for the reports that are due. BullMQ's scheduler wakes this once a minute; what is due stands in PostgreSQL, so a
 * queue that was emptied or nights without a worker make reports late and not lost: each run that was missed is made up for,
 * one at a time, with the days of its own time. Only what was missed for long is left out.
 */
import { Problem, type Schedule, type Trx } from "../../../core/mod.ts";
import { readHotel } from "../../identity/port.ts";
import { askFor } from "../ask.ts";
import type { ReportingContext } from "../context.ts";
import { kindOf } from "../kinds/mod.ts";
import { ReportSchedule, type Rhythm } from "../models/report_schedule.ts";
import { daysOf, nextRun } from "./timetable.ts";

const everyMs = 60_000;
const batch = 200;

/** What was to run longer ago than this is not made up for. */
const behindMs: Readonly<Record<Rhythm, number>> = { night: 7 * 86_400_000, month: 92 * 86_400_000 };

export function dueReportsSchedule(ctx: ReportingContext): Schedule {
  return { name: "ask-due-reports", everyMs, run: (signal) => askDueReports(ctx, signal, new Date()) };
}

/** @param now the moment that is looked at */
export async function askDueReports(ctx: ReportingContext, signal: AbortSignal, now: Date): Promise<void> {
  const due = await ctx.db.platform((trx) =>
    ReportSchedule.query(trx)
      .where("next_run_at", "<=", now)
      .orderBy("next_run_at")
      .limit(batch)
      .select("hotel_id", "schedule_id"),
  );
  for (const { hotel_id: hotelId, schedule_id: scheduleId } of due) {
    if (signal.aborted) return;
    try {
      await ctx.db.tenant(hotelId, (trx) => askOne(ctx, trx, hotelId, scheduleId, now));
    } catch (error) {
      // Too many reports on their way: it is asked for again in a minute. Anything else is this schedule's trouble alone.
      if (!(error instanceof Problem && error.retryable)) {
        ctx.log.error(
          { err: error, hotel_id: hotelId, schedule_id: scheduleId },
          "a scheduled report was not asked for",
        );
      }
    }
  }
}

async function askOne(ctx: ReportingContext, trx: Trx, hotelId: string, scheduleId: string, now: Date): Promise<void> {
  const schedule = await ReportSchedule.query(trx).findById([hotelId, scheduleId]).forUpdate().skipLocked();
  // Another worker has it in hand, or has done it.
  if (schedule === undefined || schedule.next_run_at > now) return;
  const hotel = await readHotel(trx, hotelId);
  const kind = kindOf(schedule.kind);
  const since = new Date(now.getTime() - behindMs[schedule.every]);
  const due = schedule.next_run_at < since ? nextRun(schedule, hotel.time_zone, since) : schedule.next_run_at;
  const days = daysOf(schedule, hotel.time_zone, due);
  const body = kind.body.parse({ ...schedule.options, ...days });
  const request = kind.normalise(body, hotel.business_date);
  const report = await askFor(ctx, trx, { tenantId: hotelId, name: schedule.created_by }, { kind: kind.name, request });
  await ReportSchedule.query(trx)
    .findById([hotelId, scheduleId])
    .patch({
      last_report_id: report.report_id,
      next_run_at: nextRun(schedule, hotel.time_zone, due),
      version: schedule.version + 1,
    });
}

/**
 * Requests the due reports, once a minute by BullMQ's scheduler. PostgreSQL stores the next run of each schedule. So an
 * emptied queue or a stopped worker makes reports late, but loses none. Each round makes up for one missed run of a
 * schedule, with the days of that run. Runs that were missed too long ago are left out.
 *
 * A failed schedule is postponed by growing waits. The others run in the same round, however many fail.
 */
import { Problem, type Schedule, type Trx } from "../../../core/mod.ts";
import { readHotel } from "../../identity/port.ts";
import { requestReport } from "../requests/request_report.ts";
import type { ReportingContext } from "../context.ts";
import { requestOf } from "../kinds/kind.ts";
import { kindOf } from "../kinds/mod.ts";
import { ReportSchedule, type Rhythm } from "../models/report_schedule.ts";
import { daysOf, nextRun } from "./timetable.ts";

const everyMs = 60_000;
const pageSize = 200;

/** The first wait after a failure. Each further one is twice as long, up to the longest. */
const firstWaitMs = 60_000;
const longestWaitMs = 60 * 60_000;
/** The longest wait if the hotel had too many unfinished reports, because one of them soon ends. */
const longestBusyWaitMs = 8 * 60_000;

/** Runs that were missed longer ago than this are left out. */
const behindMs: Readonly<Record<Rhythm, number>> = { night: 7 * 86_400_000, month: 92 * 86_400_000 };

export function dueReportsSchedule(ctx: ReportingContext): Schedule {
  return { name: "ask-due-reports", everyMs, run: (signal) => requestDueReports(ctx, signal, new Date()) };
}

interface DueSchedule {
  readonly hotel_id: string;
  readonly schedule_id: string;
  readonly failures: number;
  /** The text of PostgreSQL. A Date has no microseconds, and a page that began at a Date would repeat rows. */
  readonly due: string;
}

/** Requests the reports that are due. @param now the time of this round */
async function requestDueReports(ctx: ReportingContext, signal: AbortSignal, now: Date): Promise<void> {
  let after: DueSchedule | undefined;
  do {
    const page = await readDue(ctx, now, after);
    for (const schedule of page) {
      if (signal.aborted) return;
      try {
        await ctx.db.tenant(schedule.hotel_id, (trx) =>
          requestDueReport(ctx, trx, schedule.hotel_id, schedule.schedule_id, now),
        );
      } catch (error) {
        await postpone(ctx, schedule, error, now);
      }
    }
    after = page.length < pageSize ? undefined : page.at(-1);
  } while (after !== undefined);
}

async function readDue(
  { db }: ReportingContext,
  now: Date,
  after: DueSchedule | undefined,
): Promise<readonly DueSchedule[]> {
  const next = "(next_run_at, hotel_id, schedule_id) > (:due::timestamptz, :hotel_id, :schedule_id)";
  const { rows } = await db.crossTenant(
    (trx) =>
      trx.raw<{ rows: DueSchedule[] }>(
        `SELECT hotel_id, schedule_id, failures, next_run_at::text AS due FROM reporting.schedules
         WHERE next_run_at <= :now AND (retry_at IS NULL OR retry_at <= :now)
         ${after === undefined ? "" : `AND ${next}`} ORDER BY next_run_at, hotel_id, schedule_id LIMIT :limit`,
        { now, limit: pageSize, ...after },
      ),
    { readOnly: true },
  );
  return rows;
}

/** Writes the time of the next attempt. A fault here is only logged, so that the next schedule still runs. */
async function postpone(
  { db, log }: ReportingContext,
  schedule: DueSchedule,
  reason: unknown,
  now: Date,
): Promise<void> {
  const { hotel_id: hotelId, schedule_id: scheduleId, failures } = schedule;
  const ids = { hotel_id: hotelId, schedule_id: scheduleId };
  // Too many unfinished reports are normal. Anything else is a fault of this schedule.
  const busy = reason instanceof Problem && reason.retryable;
  if (!busy) log.error({ err: reason, ...ids }, "a scheduled report could not be requested");
  const waitMs = Math.min(firstWaitMs * 2 ** failures, busy ? longestBusyWaitMs : longestWaitMs);
  try {
    await db.tenant(hotelId, (trx) =>
      ReportSchedule.query(trx)
        .findById([hotelId, scheduleId])
        .patch({ failures: failures + 1, retry_at: new Date(now.getTime() + waitMs) }),
    );
  } catch (error) {
    log.error({ err: error, ...ids }, "a scheduled report could not be postponed, the next round tries again");
  }
}

async function requestDueReport(
  ctx: ReportingContext,
  trx: Trx,
  hotelId: string,
  scheduleId: string,
  now: Date,
): Promise<void> {
  const schedule = await ReportSchedule.query(trx).findById([hotelId, scheduleId]).forUpdate().skipLocked();
  // Another worker has locked the schedule, or has already run it.
  if (schedule === undefined || schedule.next_run_at > now) return;
  if (schedule.retry_at !== null && schedule.retry_at > now) return;
  const hotel = await readHotel(trx, hotelId);
  const kind = kindOf(schedule.kind);
  const since = new Date(now.getTime() - behindMs[schedule.every]);
  const due = schedule.next_run_at < since ? nextRun(schedule, hotel.time_zone, since) : schedule.next_run_at;
  const days = daysOf(schedule, hotel.time_zone, due);
  const body = kind.body.parse({ ...schedule.options, ...days });
  const request = requestOf(kind, body, hotel);
  const report = await requestReport(
    ctx,
    trx,
    { tenantId: hotelId, name: schedule.created_by },
    { kind: kind.name, request },
  );
  await ReportSchedule.query(trx)
    .findById([hotelId, scheduleId])
    .patch({
      last_report_id: report.report_id,
      next_run_at: nextRun(schedule, hotel.time_zone, due),
      failures: 0,
      retry_at: null,
      version: schedule.version + 1,
    });
}

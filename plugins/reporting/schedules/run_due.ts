/**
 * Asks for the reports that are due. BullMQ's scheduler wakes this once a minute; what is due stands in PostgreSQL, so a
 * queue that was emptied or nights without a worker make reports late and not lost: each run that was missed is made up for,
 * one at a time, with the days of its own time. Only what was missed for long is left out.
 *
 * A schedule that fails is put off by waits that grow, and the round goes on past it: however many fail, the others run.
 */
import { Problem, type Schedule, type Trx } from "../../../core/mod.ts";
import { readHotel } from "../../identity/port.ts";
import { askFor } from "../requests/request_report.ts";
import type { ReportingContext } from "../context.ts";
import { requestOf } from "../kinds/kind.ts";
import { kindOf } from "../kinds/mod.ts";
import { ReportSchedule, type Rhythm } from "../models/report_schedule.ts";
import { daysOf, nextRun } from "./timetable.ts";

const everyMs = 60_000;
const pageSize = 200;

/** The first wait after a failure; each one after it is twice as long, up to the longest. */
const firstWaitMs = 60_000;
const longestWaitMs = 60 * 60_000;
/** Where only too many reports were on their way, the place for one more comes sooner. */
const longestBusyWaitMs = 8 * 60_000;

/** What was to run longer ago than this is not made up for. */
const behindMs: Readonly<Record<Rhythm, number>> = { night: 7 * 86_400_000, month: 92 * 86_400_000 };

export function dueReportsSchedule(ctx: ReportingContext): Schedule {
  return { name: "ask-due-reports", everyMs, run: (signal) => askDueReports(ctx, signal, new Date()) };
}

interface Due {
  readonly hotel_id: string;
  readonly schedule_id: string;
  readonly failures: number;
  /** As PostgreSQL writes it: a Date has no microseconds, and a page that began at one would repeat rows. */
  readonly due: string;
}

/** @param now the moment that is looked at */
async function askDueReports(ctx: ReportingContext, signal: AbortSignal, now: Date): Promise<void> {
  let after: Due | undefined;
  do {
    const page = await readDue(ctx, now, after);
    for (const schedule of page) {
      if (signal.aborted) return;
      try {
        await ctx.db.tenant(schedule.hotel_id, (trx) => askOne(ctx, trx, schedule.hotel_id, schedule.schedule_id, now));
      } catch (error) {
        await putOff(ctx, schedule, error, now);
      }
    }
    after = page.length < pageSize ? undefined : page.at(-1);
  } while (after !== undefined);
}

async function readDue({ db }: ReportingContext, now: Date, after: Due | undefined): Promise<Due[]> {
  return db.crossTenant(
    async (trx) => {
      const { rows } = (await trx.raw(
        `SELECT hotel_id, schedule_id, failures, next_run_at::text AS due FROM reporting.schedules
         WHERE next_run_at <= :now AND (retry_at IS NULL OR retry_at <= :now)
         ${after === undefined ? "" : "AND (next_run_at, hotel_id, schedule_id) > (:due::timestamptz, :hotel_id, :schedule_id)"}
         ORDER BY next_run_at, hotel_id, schedule_id LIMIT :limit`,
        { now, limit: pageSize, ...after },
      )) as { rows: Due[] };
      return rows;
    },
    { readOnly: true },
  );
}

/** Writes when the schedule is tried again. Whatever fails here is logged: the next schedule has its turn all the same. */
async function putOff({ db, log }: ReportingContext, schedule: Due, reason: unknown, now: Date): Promise<void> {
  const { hotel_id: hotelId, schedule_id: scheduleId, failures } = schedule;
  const ids = { hotel_id: hotelId, schedule_id: scheduleId };
  // Too many reports on their way are nobody's fault. Anything else is this schedule's trouble alone.
  const busy = reason instanceof Problem && reason.retryable;
  if (!busy) log.error({ err: reason, ...ids }, "a scheduled report was not asked for");
  const waitMs = Math.min(firstWaitMs * 2 ** failures, busy ? longestBusyWaitMs : longestWaitMs);
  try {
    await db.tenant(hotelId, (trx) =>
      ReportSchedule.query(trx)
        .findById([hotelId, scheduleId])
        .patch({ failures: failures + 1, retry_at: new Date(now.getTime() + waitMs) }),
    );
  } catch (error) {
    log.error({ err: error, ...ids }, "a scheduled report was not put off; it is tried again in the next round");
  }
}

async function askOne(ctx: ReportingContext, trx: Trx, hotelId: string, scheduleId: string, now: Date): Promise<void> {
  const schedule = await ReportSchedule.query(trx).findById([hotelId, scheduleId]).forUpdate().skipLocked();
  // Another worker has it in hand, or has done it.
  if (schedule === undefined || schedule.next_run_at > now) return;
  if (schedule.retry_at !== null && schedule.retry_at > now) return;
  const hotel = await readHotel(trx, hotelId);
  const kind = kindOf(schedule.kind);
  const since = new Date(now.getTime() - behindMs[schedule.every]);
  const due = schedule.next_run_at < since ? nextRun(schedule, hotel.time_zone, since) : schedule.next_run_at;
  const days = daysOf(schedule, hotel.time_zone, due);
  const body = kind.body.parse({ ...schedule.options, ...days });
  const request = requestOf(kind, body, hotel);
  const report = await askFor(ctx, trx, { tenantId: hotelId, name: schedule.created_by }, { kind: kind.name, request });
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

import type { QueryBuilder } from "objection";

import { forEachTenant, type Schedule, type Trx } from "../../core/mod.ts";
import type { ReportingContext } from "./context.ts";
import { nextVersion, Report } from "./models/report.ts";

const everyMs = 10 * 60_000;
const batch = 200;

/** After this many failed removals of reports' files a round ends. The log names at most this many orphans. */
const mostFaults = 5;

/** Sorts before the id of every report. */
const beforeFirst = "00000000-0000-0000-0000-000000000000";

/** A file without a row is an orphan after this time (ms). No build takes as long. */
const orphanAgeMs = 24 * 3_600_000;

/**
 * Matches the name of a report's file. By a mistake in `REPORT_STORE`, a store can contain files of other programs.
 * The expiry must not remove those.
 */
const ownName = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-\d+\./;

/**
 * Removes the files of expired reports, and their rows after a second `REPORT_TTL_HOURS`. Until then the list still
 * shows the report, without its file. A deleted report whose file could not be removed by the call goes at once.
 */
export function expirySchedule({
  db,
  files,
  env,
  log,
}: Pick<ReportingContext, "db" | "files" | "env" | "log">): Schedule {
  const start: RoundStart = { after: beforeFirst };
  return {
    name: "expire",
    everyMs,
    run: async (signal) => {
      await inEachHotel({ db, log }, signal, (trx) => {
        const due = Report.query(trx).where({ status: "succeeded" }).where("expires_at", "<=", trx.fn.now());
        return { due, change: (rows) => rows.patch({ status: "expired", version: nextVersion }) };
      });
      const removed = await removeDue({ db, files, log }, signal, start);
      await inEachHotel({ db, log }, signal, (trx) => {
        const age = "(deleted_at IS NOT NULL OR expires_at < now() - make_interval(hours => ?))";
        const due = Report.query(trx).whereNull("file").whereRaw(age, [env.REPORT_TTL_HOURS]);
        return { due, change: (rows) => rows.delete() };
      });
      await files.sweep(orphanAgeMs);
      const orphans = await removeOrphans({ db, files, log }, signal);
      if (removed + orphans > 0) log.info({ files: removed, orphans }, "files of reports removed");
    },
  };
}

type Reports = QueryBuilder<Report>;

/** Changes the due reports of each hotel in its own transaction. A failure in one hotel does not stop the others. */
async function inEachHotel(
  { db, log }: Pick<ReportingContext, "db" | "log">,
  signal: AbortSignal,
  work: (trx: Trx) => { readonly due: Reports; readonly change: (due: Reports) => PromiseLike<number> },
): Promise<void> {
  const hotels = await db.crossTenant((trx) => work(trx).due.distinct("hotel_id"), { readOnly: true });
  const hotelIds = hotels.map(({ hotel_id }) => hotel_id);
  await forEachTenant(hotelIds, { log, what: "the expiry of reports", signal }, (hotelId) =>
    db.tenant(hotelId, (trx) => {
      const { due, change } = work(trx);
      return change(due.where({ hotel_id: hotelId }));
    }),
  );
}

/** A round begins after the report that ended the last one, so that the same few faults do not end each round. */
interface RoundStart {
  after: string;
}

/** Removes the files of expired and deleted reports. A file that can't be removed does not stop the next. */
async function removeDue(
  { db, files, log }: Pick<ReportingContext, "db" | "files" | "log">,
  signal: AbortSignal,
  start: RoundStart,
): Promise<number> {
  let removed = 0;
  let faults = 0;
  let last = start.after;
  start.after = beforeFirst;
  for (;;) {
    const due = await db.crossTenant((trx) =>
      Report.query(trx)
        .whereNotNull("file")
        .whereRaw("(expires_at <= now() OR deleted_at IS NOT NULL)")
        .where("report_id", ">", last)
        .orderBy("report_id")
        .limit(batch),
    );
    for (const report of due) {
      if (signal.aborted) return removed;
      last = report.report_id;
      try {
        // The file first: the next round repairs a row that names a missing file. A file without a row takes a day.
        if (report.file !== null) await files.remove(report.file);
        await db.crossTenant((trx) => forgetFile(trx, report));
        removed += 1;
      } catch (error) {
        log.error(
          { err: error, report_id: last },
          "the file of a report could not be removed, the next round tries again",
        );
        faults += 1;
        // The store is probably unreachable for all files.
        if (faults === mostFaults) {
          start.after = last;
          throw error;
        }
      }
    }
    if (due.length < batch) return removed;
  }
}

async function forgetFile(trx: Trx, report: Report): Promise<void> {
  const row = Report.query(trx).findById([report.hotel_id, report.report_id]).where({ file: report.file });
  if (report.deleted_at !== null) await row.delete();
  // This report expired after the round began, so its status is still `succeeded`.
  else if (report.status === "succeeded") await row.patch({ status: "expired", file: null, version: nextVersion });
  else await row.patch({ file: null, version: nextVersion });
}

/**
 * Removes old files that no row names. Their rows are gone, or their worker was killed and the job never ran again.
 * A build stores the file's name before it writes the file, so a file in progress always has a row. A file that can't
 * be removed does not stop the next.
 */
async function removeOrphans(
  { db, files, log }: Pick<ReportingContext, "db" | "files" | "log">,
  signal: AbortSignal,
): Promise<number> {
  let removed = 0;
  let faults = 0;
  const removeUnnamed = async (names: readonly string[]): Promise<void> => {
    const rows = await db.crossTenant((trx) => Report.query(trx).select("file").whereIn("file", names));
    const named = new Set(rows.map(({ file }) => file));
    for (const name of names) {
      if (named.has(name)) continue;
      try {
        await files.remove(name);
        removed += 1;
      } catch (error) {
        faults += 1;
        if (faults <= mostFaults)
          log.error({ err: error, name }, "a file could not be removed, the next round tries again");
      }
    }
  };
  let old: string[] = [];
  for await (const { name, modifiedAt } of files.list()) {
    if (signal.aborted) return removed;
    if (!ownName.test(name) || modifiedAt.getTime() > Date.now() - orphanAgeMs) continue;
    old.push(name);
    if (old.length < batch) continue;
    await removeUnnamed(old);
    old = [];
  }
  if (old.length > 0) await removeUnnamed(old);
  return removed;
}

import type { QueryBuilder } from "objection";

import { forEachTenant, type Schedule, type Trx } from "../../core/mod.ts";
import type { ReportingContext } from "./context.ts";
import { nextVersion, Report } from "./models/report.ts";

const everyMs = 10 * 60_000;
const batch = 200;

/** So many files of reports that can't be removed end a round, and so many of others are named in the log. */
const mostFaults = 5;

/** Before every report. */
const nobody = "00000000-0000-0000-0000-000000000000";

/** What a build that was killed has left; none takes so long. */
const leftMs = 24 * 3_600_000;

/** What we call a report's file. A store may hold other things, by a mistake in `REPORT_STORE`, and they are not ours to remove. */
const ownName = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-\d+\./;

/**
 * Takes the files of reports whose time is up, and later their rows: an expired report stays to be seen, without its
 * file, for as long again as it was there with it. A deleted one whose file outlived the call goes at once.
 */
export function expirySchedule({
  db,
  files,
  env,
  log,
}: Pick<ReportingContext, "db" | "files" | "env" | "log">): Schedule {
  const place: Place = { after: nobody };
  return {
    name: "expire",
    everyMs,
    run: async (signal) => {
      await inEachHotel({ db, log }, signal, (trx) => {
        const due = Report.query(trx).where({ status: "succeeded" }).where("expires_at", "<=", trx.fn.now());
        return { due, change: (rows) => rows.patch({ status: "expired", version: nextVersion }) };
      });
      const removed = await removeDue({ db, files, log }, signal, place);
      await inEachHotel({ db, log }, signal, (trx) => {
        const age = "(deleted_at IS NOT NULL OR expires_at < now() - make_interval(hours => ?))";
        const due = Report.query(trx).whereNull("file").whereRaw(age, [env.REPORT_TTL_HOURS]);
        return { due, change: (rows) => rows.delete() };
      });
      await files.sweep(leftMs);
      const orphans = await removeOrphans({ db, files, log }, signal);
      if (removed + orphans > 0) log.info({ files: removed, orphans }, "files of reports removed");
    },
  };
}

type Reports = QueryBuilder<Report>;

/** Changes the reports that are due, hotel by hotel: a row of one that can't be changed stops no other's. */
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

/** Where a round begins: after the report that ended the last one, so that the same few faults do not end each round. */
interface Place {
  after: string;
}

/** The files of reports whose time is up or that were deleted. What can't be removed now does not keep the next from it. */
async function removeDue(
  { db, files, log }: Pick<ReportingContext, "db" | "files" | "log">,
  signal: AbortSignal,
  place: Place,
): Promise<number> {
  let [removed, faults, last] = [0, 0, place.after];
  place.after = nobody;
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
        // The file first: a row that still names a file which is gone is mended by the next round, the reverse never.
        if (report.file !== null) await files.remove(report.file);
        await db.crossTenant((trx) => forgetFile(trx, report));
        removed += 1;
      } catch (error) {
        log.error({ err: error, report_id: last }, "the file of a report could not be removed; it is tried again");
        faults += 1;
        // A store that is away is away for all of them.
        if (faults === mostFaults) {
          place.after = last;
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
  // One whose time came after the round began is not called expired yet.
  else if (report.status === "succeeded") await row.patch({ status: "expired", file: null, version: nextVersion });
  else await row.patch({ file: null, version: nextVersion });
}

/**
 * Removes old files that no row names: of a build that was killed after the file was whole and whose job was never taken
 * up again, or of rows that are gone. A build names its file before it writes it, so none of these is in the making. What can't be removed now does not keep the next from it.
 */
async function removeOrphans(
  { db, files, log }: Pick<ReportingContext, "db" | "files" | "log">,
  signal: AbortSignal,
): Promise<number> {
  let [removed, faults] = [0, 0];
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
        if (faults <= mostFaults) log.error({ err: error, name }, "a file could not be removed; it is tried again");
      }
    }
  };
  let old: string[] = [];
  for await (const { name, modifiedAt } of files.list()) {
    if (signal.aborted) return removed;
    if (!ownName.test(name) || modifiedAt.getTime() > Date.now() - leftMs) continue;
    old.push(name);
    if (old.length < batch) continue;
    await removeUnnamed(old);
    old = [];
  }
  if (old.length > 0) await removeUnnamed(old);
  return removed;
}

/** What every report that is over has. */
export function endOf({ env }: Pick<ReportingContext, "env">) {
  const now = new Date();
  return {
    finished_at: now,
    expires_at: new Date(now.getTime() + env.REPORT_TTL_HOURS * 3_600_000),
    version: nextVersion,
  };
}

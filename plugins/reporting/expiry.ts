import type { Schedule } from "../../core/mod.ts";
import type { ReportingContext } from "./context.ts";
import { nextVersion, Report } from "./models/report.ts";

const everyMs = 10 * 60_000;
const batch = 200;

/** A draft of a build that was killed; none takes so long. */
const draftsMs = 24 * 3_600_000;

/**
 * Takes the files of reports whose time is up, and later their rows: an expired report stays to be seen, without its
 * file, for as long again as it was there with it. A deleted one whose file outlived the call goes at once.
 */
export function expirySchedule({ db, files, env, log }: ReportingContext): Schedule {
  return {
    name: "expire",
    everyMs,
    run: async (signal) => {
      await db.platform((trx) =>
        Report.query(trx)
          .where({ status: "succeeded" })
          .where("expires_at", "<=", trx.fn.now())
          .patch({ status: "expired", version: nextVersion }),
      );
      let removed = 0;
      for (;;) {
        const due = await db.platform((trx) =>
          Report.query(trx)
            .whereNotNull("file")
            .whereRaw("(expires_at <= now() OR deleted_at IS NOT NULL)")
            .limit(batch),
        );
        if (due.length === 0 || signal.aborted) break;
        for (const report of due) {
          // The file first: a row that still names a file which is gone is mended by the next round, the reverse never.
          if (report.file !== null) await files.remove(report.file);
          await db.platform((trx) =>
            Report.query(trx)
              .findById([report.hotel_id, report.report_id])
              .where({ file: report.file })
              .patch({ file: null, version: nextVersion }),
          );
          removed += 1;
        }
      }
      await db.platform((trx) =>
        Report.query(trx)
          .whereNull("file")
          .whereRaw("(deleted_at IS NOT NULL OR expires_at < now() - make_interval(hours => ?))", [
            env.REPORT_TTL_HOURS,
          ])
          .delete(),
      );
      await files.sweep(draftsMs);
      if (removed > 0) log.info({ files: removed }, "files of reports removed");
    },
  };
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

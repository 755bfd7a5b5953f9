import type { Trx } from "../../../core/mod.ts";
import type { ReportingContext } from "../context.ts";
import { noSuchReport } from "../errors.ts";
import { finishedFields, nextVersion, openStatuses, Report } from "../models/report.ts";

/** Finds a report of the hotel. @throws Problem NOT_FOUND */
export async function findReport(trx: Trx, hotelId: string, reportId: string): Promise<Report> {
  const report = await Report.query(trx).findById([hotelId, reportId]).whereNull("deleted_at");
  if (report === undefined) throw noSuchReport();
  return report;
}

/**
 * Cancels an unfinished report, which its worker notices. Deletes a finished one with its file.
 * @param check throws to refuse
 * @throws Problem NOT_FOUND
 */
export async function removeReport(
  { db, files, env, log }: Pick<ReportingContext, "db" | "files" | "env" | "log">,
  hotelId: string,
  reportId: string,
  check: (report: Report) => void,
): Promise<void> {
  const deleted = await db.tenant(hotelId, async (trx) => {
    const report = await Report.query(trx).findById([hotelId, reportId]).whereNull("deleted_at").forUpdate();
    if (report === undefined) throw noSuchReport();
    check(report);
    const canceled = openStatuses.includes(report.status);
    await report
      .$query(trx)
      .patch(
        canceled
          ? { status: "canceled", ...finishedFields(env.REPORT_TTL_HOURS) }
          : { deleted_at: new Date(), version: nextVersion },
      );
    return canceled ? undefined : report;
  });
  if (deleted === undefined) return;
  // The mark, then the file, then the row. If a step fails, the report is already hidden and the expiry does the rest.
  try {
    if (deleted.file !== null) await files.remove(deleted.file);
  } catch (error) {
    log.warn(
      { err: error, report_id: reportId },
      "the file of a deleted report could not be removed, the expiry tries again",
    );
    return;
  }
  await db.tenant(hotelId, (trx) => Report.query(trx).deleteById([hotelId, reportId]));
}

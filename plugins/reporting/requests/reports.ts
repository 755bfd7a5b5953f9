import type { Trx } from "../../../core/mod.ts";
import type { ReportingContext } from "../context.ts";
import { noSuchReport } from "../errors.ts";
import { endOf } from "../expiry.ts";
import { nextVersion, openStatuses, Report } from "../models/report.ts";

/** @throws Problem NOT_FOUND */
export async function findReport(trx: Trx, hotelId: string, reportId: string): Promise<Report> {
  const report = await Report.query(trx).findById([hotelId, reportId]).whereNull("deleted_at");
  if (report === undefined) throw noSuchReport();
  return report;
}

/**
 * Cancels a report that is still to come, which its worker notices; deletes one that is over.
 * @param check may refuse, by throwing
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
      .patch(canceled ? { status: "canceled", ...endOf({ env }) } : { deleted_at: new Date(), version: nextVersion });
    return canceled ? undefined : report;
  });
  if (deleted === undefined) return;
  // Marked, file, row: wherever this breaks off, nobody sees the report any more and the sweep does the rest.
  try {
    if (deleted.file !== null) await files.remove(deleted.file);
  } catch (error) {
    log.warn({ err: error, report_id: reportId }, "the file of a deleted report is left to the sweep");
    return;
  }
  await db.tenant(hotelId, (trx) => Report.query(trx).deleteById([hotelId, reportId]));
}

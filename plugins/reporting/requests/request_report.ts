import { createHash } from "node:crypto";

import { type Actor, newId, type Trx } from "../../../core/mod.ts";
import { readHotel } from "../../identity/port.ts";
import type { ReportingContext } from "../context.ts";
import { reportingProblems } from "../errors.ts";
import { buildReport } from "../jobs.ts";
import { kindOf } from "../kinds/mod.ts";
import { openStatuses, Report } from "../models/report.ts";
import type { Asked } from "../build/snapshot.ts";

/** Reports of one hotel that may be queued or running at a time. */
export const mostOpenReports = 10;

/**
 * Asks for a report: the row and its job are made in this transaction. The same request, while one is queued or running,
 * is that same report.
 * @throws Problem TOO_MANY_REPORTS
 */
export async function askFor(
  { enqueue }: Pick<ReportingContext, "enqueue">,
  trx: Trx,
  { tenantId: hotelId, name }: Pick<Actor, "tenantId" | "name">,
  { kind, request }: Asked,
): Promise<Report> {
  const hash = createHash("sha256")
    .update(JSON.stringify([kind, request]))
    .digest();
  // The requests of one hotel pass one by one, so that the search and the count below hold until the commit.
  await trx.raw("SELECT pg_advisory_xact_lock(hashtextextended('reporting ' || ?, 0))", [hotelId]);
  const open = await Report.query(trx).where({ hotel_id: hotelId }).whereIn("status", openStatuses);
  const same = open.find((report) => report.kind === kind && report.request_hash.equals(hash));
  if (same !== undefined) return same;
  if (open.length >= mostOpenReports) {
    throw reportingProblems.TOO_MANY_REPORTS(`${open.length} reports are on their way. Wait for one, or cancel one.`, {
      headers: { "Retry-After": "10" },
    });
  }
  const reportId = newId();
  const hotel = await readHotel(trx, hotelId);
  const report = await Report.query(trx).insertAndFetch({
    hotel_id: hotelId,
    report_id: reportId,
    kind,
    request: request as Record<string, unknown>,
    request_hash: hash,
    file_name: kindOf(kind).fileName(request, hotel.business_date),
    created_by: name,
  });
  await enqueue(trx, buildReport, { report_id: reportId });
  return report;
}

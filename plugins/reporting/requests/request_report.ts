import { createHash } from "node:crypto";

import { type Actor, newId, type Trx } from "../../../core/mod.ts";
import { readHotel } from "../../identity/port.ts";
import type { ReportingContext } from "../context.ts";
import { reportingProblems } from "../errors.ts";
import { buildReport } from "../jobs.ts";
import { kindOf } from "../kinds/mod.ts";
import { openStatuses, Report } from "../models/report.ts";
import type { ReportRequest } from "../build/snapshot.ts";

/** Reports of one hotel that can be queued or running at a time. */
export const mostOpenReports = 10;

/**
 * Stores a report and its job in this transaction. The same request gets the same report while that one is unfinished.
 * @throws Problem TOO_MANY_REPORTS
 */
export async function requestReport(
  { enqueue }: Pick<ReportingContext, "enqueue">,
  trx: Trx,
  { tenantId: hotelId, name }: Pick<Actor, "tenantId" | "name">,
  { kind, request }: ReportRequest,
): Promise<Report> {
  const hash = createHash("sha256")
    .update(JSON.stringify([kind, request]))
    .digest();
  // Serializes the requests of one hotel, so that the search and the count below are valid until the commit.
  await trx.raw("SELECT pg_advisory_xact_lock(hashtextextended('reporting ' || ?, 0))", [hotelId]);
  const open = await Report.query(trx).where({ hotel_id: hotelId }).whereIn("status", openStatuses);
  const same = open.find((report) => report.kind === kind && report.request_hash.equals(hash));
  if (same !== undefined) return same;
  if (open.length >= mostOpenReports) {
    throw reportingProblems.TOO_MANY_REPORTS(`${open.length} reports are unfinished. Wait for one, or cancel one.`, {
      headers: { "Retry-After": "10" },
    });
  }
  const reportId = newId();
  const hotel = await readHotel(trx, hotelId);
  const report = await Report.query(trx).insertAndFetch({
    hotel_id: hotelId,
    report_id: reportId,
    kind,
    // The schema of the kind has parsed the request as an object.
    request: request as Record<string, unknown>,
    request_hash: hash,
    file_name: kindOf(kind).fileName(request, hotel.business_date),
    created_by: name,
  });
  await enqueue(trx, buildReport, { report_id: reportId });
  return report;
}

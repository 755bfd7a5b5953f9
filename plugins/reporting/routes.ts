import * as z from "zod";

import { decodeCursor, idSchema, pageOf, pageQuery, requireMatch, type Route, route, toPage } from "../../core/mod.ts";
import { managers } from "../identity/port.ts";
import { askForBookings } from "./ask.ts";
import { bookingsRequestSchema, normaliseRequest } from "./bookings_report.ts";
import type { ReportingContext } from "./context.ts";
import { csvOpener } from "./csv_now.ts";
import { findReport, removeReport } from "./reports.ts";
import { openStatuses, Report } from "./models/report.ts";
import { reportSchema, reportView } from "./views.ts";

export const params = z.strictObject({ report_id: idSchema });

export function reportRoutes(ctx: ReportingContext): Route[] {
  const openCsv = csvOpener(ctx);
  return [
    route({
      id: "askForBookingsReport",
      method: "POST",
      path: "/reports/bookings",
      summary: "Ask for the hotel's bookings as CSV",
      description:
        "Answers with a report to poll at `Location`. The same request, while one is queued or running, is the same " +
        "report. With `Accept: text/csv` the CSV is streamed at once instead, with status 200, and no report is made.",
      access: managers,
      unit: "tenant",
      body: bookingsRequestSchema,
      status: 202,
      result: reportSchema,
      problems: ["TOO_MANY_REPORTS"],
      handler: async ({ actor, body, trx, request: { context } }) => {
        const wanted = normaliseRequest(body);
        if (context.accepts("application/json", "text/csv") === "text/csv") {
          return {
            status: 200,
            stream: await openCsv(actor.tenantId, wanted),
            headers: { "Content-Type": "text/csv; charset=utf-8; header=present" },
          };
        }
        const report = await askForBookings(ctx, trx, actor, wanted);
        return {
          body: reportView(report),
          headers: { Location: `/reports/${report.report_id}`, "Retry-After": "1" },
        };
      },
    }),
    route({
      id: "listReports",
      method: "GET",
      path: "/reports/",
      summary: "The hotel's reports, the latest first",
      access: managers,
      unit: "tenant",
      query: z.strictObject(pageQuery),
      status: 200,
      result: pageOf(reportSchema),
      handler: async ({ actor, query: { limit, cursor }, trx }) => {
        const before = decodeCursor(cursor, z.tuple([idSchema]));
        // A v7 UUID sorts by the time of its making.
        const reports = await Report.query(trx)
          .where({ hotel_id: actor.tenantId })
          .whereNull("deleted_at")
          .whereRaw("(?::uuid IS NULL OR report_id < ?)", [before?.[0] ?? null, before?.[0] ?? null])
          .orderBy("report_id", "desc")
          .limit(limit + 1);
        return { body: toPage(reports, limit, reportView, (report) => [report.report_id]) };
      },
    }),
    route({
      id: "readReport",
      method: "GET",
      path: "/reports/{report_id}",
      summary: "How far a report is",
      access: managers,
      unit: "tenant",
      params,
      status: 200,
      result: reportSchema,
      handler: async ({ actor, params: { report_id: reportId }, trx }) => {
        const report = await findReport(trx, actor.tenantId, reportId);
        const open = openStatuses.includes(report.status);
        return { body: reportView(report), etag: report.version, headers: open ? { "Retry-After": "1" } : {} };
      },
    }),
    route({
      id: "deleteReport",
      method: "DELETE",
      path: "/reports/{report_id}",
      summary: "Cancel a report that is queued or running; delete one that is over, and its file",
      access: managers,
      unit: "none",
      params,
      status: 204,
      problems: ["PRECONDITION_FAILED"],
      handler: async ({ actor, params: { report_id: reportId }, request: { ifMatch } }) => {
        await removeReport(ctx, actor.tenantId, reportId, (report) => requireMatch(ifMatch, report.version));
        return {};
      },
    }),
  ];
}

import { createGzip } from "node:zlib";

import { FileMissing, type Route, route } from "../../core/mod.ts";
import { managers } from "../identity/port.ts";
import type { ReportingContext } from "./context.ts";
import { reportingProblems } from "./errors.ts";
import type { Report } from "./models/report.ts";
import { findReport } from "./reports.ts";
import { params } from "./routes.ts";
import { statusOf } from "./views.ts";

export function downloadRoute({ db, files }: ReportingContext): Route {
  return route({
    id: "downloadReport",
    method: "GET",
    path: "/reports/{report_id}/download",
    summary: "The file of a report",
    description: "RFC 4180 in UTF-8, with a header row. The ETag is the SHA-256 of the content.",
    access: managers,
    // The file is sent for as long as the client reads; no transaction waits for that.
    unit: "none",
    params,
    status: 200,
    mediaType: "text/csv",
    problems: ["REPORT_NOT_READY", "REPORT_EXPIRED"],
    handler: async ({ actor, params: { report_id: reportId }, request: { context } }) => {
      const report = await db.tenant(actor.tenantId, (trx) => findReport(trx, actor.tenantId, reportId), {
        readOnly: true,
      });
      const file = requireFile(report);
      const stream = await files.read(file).catch((error: unknown) => {
        if (error instanceof FileMissing) throw expired();
        throw error;
      });
      const headers = {
        "Content-Type": "text/csv; charset=utf-8; header=present",
        "Content-Disposition": `attachment; filename="${report.file_name}"`,
        // What is sent is what the ETag and the length were made for: nothing on the way may compress it (again).
        "Cache-Control": "no-store, no-transform",
      };
      if (context.acceptsEncodings("gzip", "identity") === "gzip") {
        // Another representation, so another strong tag (RFC 9110, 8.8.3).
        const gzip = createGzip({ level: 1 });
        stream.once("error", (error) => gzip.destroy(error));
        gzip.once("close", () => stream.destroy());
        return {
          stream: stream.pipe(gzip),
          etag: `${report.sha256}-gzip`,
          headers: { ...headers, "Content-Encoding": "gzip" },
        };
      }
      return {
        stream,
        etag: report.sha256 as string,
        headers: { ...headers, "Content-Length": report.bytes as string },
      };
    },
  });
}

const expired = () => reportingProblems.REPORT_EXPIRED("The file is gone. Ask for the report again.");

function requireFile(report: Report): string {
  const status = statusOf(report);
  if (status === "expired") throw expired();
  if (status !== "succeeded" || report.file === null) {
    const open = status === "queued" || status === "running";
    throw reportingProblems.REPORT_NOT_READY(`The report is ${status}.`, {
      members: { report_status: status },
      headers: open ? { "Retry-After": "1" } : {},
    });
  }
  return report.file;
}

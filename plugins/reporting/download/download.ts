/**
 * Sends the file of a report. The store has gzip. A client that does not accept gzip gets the file decompressed. These
 * are two representations, each with its own strong ETag and length (RFC 9110, 8.8.3), and both can be resumed.
 */
import fresh from "fresh";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";

import { type ByteRange, FileMissing, type FileStore, type Route, route } from "../../../core/mod.ts";
import { managers } from "../../identity/port.ts";
import type { ReportingContext } from "../context.ts";
import { csvContentType } from "../csv/form.ts";
import { Slice } from "./slice.ts";
import { reportingProblems } from "../errors.ts";
import type { Report } from "../models/report.ts";
import { readRange } from "./ranges.ts";
import { findReport } from "../requests/reports.ts";
import { reportParams, statusOf } from "../requests/views.ts";

export function downloadRoute({ db, files }: ReportingContext): Route {
  return route({
    id: "downloadReport",
    method: "GET",
    path: "/reports/{report_id}/download",
    summary: "Download the file of a report",
    description:
      "RFC 4180 in UTF-8, with a header row. The ETag is the SHA-256 of the content. " +
      "`Range` with `If-Range` resumes an interrupted download.",
    access: managers,
    // No transaction may wait while a client reads the file.
    transaction: "none",
    params: reportParams,
    status: 200,
    mediaType: "text/csv",
    problems: ["REPORT_NOT_READY", "REPORT_EXPIRED", "RANGE_NOT_SATISFIABLE"],
    handler: async ({ actor, params: { report_id: reportId }, request: { context, headers: sent } }) => {
      const found = await db.tenant(actor.tenantId, (trx) => findReport(trx, actor.tenantId, reportId), {
        readOnly: true,
      });
      const report = requireFile(found);
      const form = representationOf(report, context.acceptsEncodings("gzip", "identity") === "gzip");
      const headers = {
        "Content-Type": csvContentType,
        "Content-Disposition": `attachment; filename="${report.file_name}"`,
        // The ETag and the length belong to these bytes, so no proxy may compress them (again).
        "Cache-Control": "no-store, no-transform",
        "Accept-Ranges": "bytes",
        Vary: "Accept-Encoding",
        ...(form.gzip ? { "Content-Encoding": "gzip" } : {}),
      };
      const tag = `"${form.etag}"`;
      // Compares this header only, so that a client that resumes with `no-cache` gets a 304 too.
      const isKnown = fresh({ "if-none-match": sent["if-none-match"] }, { etag: tag });
      if (isKnown) return { status: 304, etag: form.etag, headers };
      // HEAD ignores `Range` (RFC 9110, 14.2).
      const isHead = context.method === "HEAD";
      const requested = isHead ? "whole" : readRange(sent, form.length, tag);
      if (requested === "unsatisfiable") {
        throw reportingProblems.RANGE_NOT_SATISFIABLE(`The file has ${form.length} bytes.`, {
          headers: { "Content-Range": `bytes */${form.length}` },
        });
      }
      const range = requested === "whole" ? undefined : requested;
      const part = range === undefined ? {} : { "Content-Range": `bytes ${range.start}-${range.end}/${form.length}` };
      const length = range === undefined ? form.length : range.end - range.start + 1;
      return {
        status: range === undefined ? 200 : 206,
        // HEAD does not open the file.
        stream: isHead ? Readable.from([]) : await open(files, report, form, range),
        etag: form.etag,
        headers: { ...headers, ...part, "Content-Length": String(length) },
      };
    },
  });
}

/** A report whose file is complete. */
type CompletedReport = Report & { readonly file: string; readonly sha256: string };

interface Representation {
  readonly gzip: boolean;
  readonly etag: string;
  readonly length: number;
}

function representationOf(report: CompletedReport, acceptsGzip: boolean): Representation {
  const gzip = acceptsGzip && report.stored_bytes !== null;
  return {
    gzip,
    etag: gzip ? `${report.sha256}-gzip` : report.sha256,
    length: Number(gzip ? report.stored_bytes : report.bytes),
  };
}

async function open(
  files: FileStore,
  report: CompletedReport,
  { gzip }: Representation,
  range: ByteRange | undefined,
): Promise<Readable> {
  const asStored = gzip || report.stored_bytes === null;
  const stored = await files.read(report.file, asStored ? range : undefined).catch((error: unknown) => {
    if (error instanceof FileMissing) throw expired();
    throw error;
  });
  if (asStored) return stored;
  const csv = createGunzip();
  // A client that disconnects or has its range ends the pipeline. That error needs no handling.
  pipeline(stored, csv, () => undefined);
  if (range === undefined) return csv;
  const slice = new Slice(range);
  slice.once("close", () => csv.destroy());
  csv.on("error", (error) => slice.destroy(error));
  return csv.pipe(slice);
}

const expired = () => reportingProblems.REPORT_EXPIRED("The file is gone. Request the report again.");

/** @throws Problem REPORT_NOT_READY, REPORT_EXPIRED */
function requireFile(report: Report): CompletedReport {
  const status = statusOf(report);
  if (status === "expired") throw expired();
  if (status === "succeeded" && isCompleted(report)) return report;
  const open = status === "queued" || status === "running";
  throw reportingProblems.REPORT_NOT_READY(`The report is ${status}.`, {
    members: { report_status: status },
    headers: open ? { "Retry-After": "1" } : {},
  });
}

const isCompleted = (report: Report): report is CompletedReport => report.file !== null && report.sha256 !== null;

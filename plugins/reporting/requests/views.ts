import * as z from "zod";

import { idSchema, instantOutSchema } from "../../../core/mod.ts";
import { kinds } from "../kinds/mod.ts";
import { type Report, type ReportStatus, reportStatuses } from "../models/report.ts";

/** The path parameters of the routes of one report. */
export const reportParams = z.strictObject({ report_id: idSchema });

export const reportSchema = z
  .strictObject({
    report_id: idSchema,
    kind: z.enum(kinds.map(({ name }) => name)),
    status: z.enum(reportStatuses),
    request: z
      .union(kinds.map(({ request }) => request))
      .meta({ description: "The complete request. It is equal for all bodies that mean the same." }),
    progress: z.strictObject({
      rows_done: z.number().int(),
      rows_total: z.number().int().nullable().meta({ description: "Counted in the report's snapshot. Null before." }),
    }),
    data_as_of: instantOutSchema.nullable().meta({
      description: "The file has every change that was committed before this instant. Null until the rows are counted.",
    }),
    file_name: z.string().meta({ examples: ["bookings-2026-01-01-2026-01-31-asked-2026-02-01.csv"] }),
    bytes: z.number().int().nullable(),
    sha256: z.string().nullable().meta({ description: "The file's SHA-256 in hex, which is its ETag." }),
    download_url: z.string().nullable().meta({ description: "Null without a file." }),
    error: z.string().nullable(),
    created_by: z.string(),
    created_at: instantOutSchema,
    started_at: instantOutSchema.nullable(),
    finished_at: instantOutSchema.nullable(),
    expires_at: instantOutSchema.nullable().meta({ description: "When the file is deleted." }),
  })
  .meta({ id: "Report" });

/** Returns the current status. A report expires at its time, even if the expiry has not removed its file yet. */
export function statusOf(report: Report, now = new Date()): ReportStatus {
  const expired = report.status === "succeeded" && report.expires_at !== null && report.expires_at <= now;
  return expired ? "expired" : report.status;
}

export function reportView(report: Report): z.input<typeof reportSchema> {
  const status = statusOf(report);
  const iso = (instant: Date | null): string | null => instant?.toISOString() ?? null;
  return {
    report_id: report.report_id,
    kind: report.kind,
    status,
    request: report.request,
    progress: { rows_done: report.rows_done, rows_total: report.rows_total },
    data_as_of: iso(report.data_as_of),
    file_name: report.file_name,
    bytes: report.bytes === null ? null : Number(report.bytes),
    sha256: report.sha256,
    download_url: status === "succeeded" ? `/reports/${report.report_id}/download` : null,
    error: report.error,
    created_by: report.created_by,
    created_at: report.created_at.toISOString(),
    started_at: iso(report.started_at),
    finished_at: iso(report.finished_at),
    expires_at: iso(report.expires_at),
  };
}

import type { Readable } from "node:stream";
import * as z from "zod";

import {
  type Actor,
  type Day,
  dayAt,
  daysBetween,
  decodeCursor,
  idSchema,
  pageOf,
  pageQuery,
  problems,
  type RequestFacts,
  requireMatch,
  type Route,
  route,
  toPage,
  type Trx,
} from "../../../core/mod.ts";
import {
  type HotelSettings,
  managers,
  readHotel,
  requireDailyQuota,
  requireDailyQuotaLeft,
  staff,
} from "../../identity/port.ts";
import { askFor } from "./request_report.ts";
import type { ReportingContext } from "../context.ts";
import { csvOpener, type OpenCsv } from "../download/stream_report.ts";
import { type ReportKind, requestOf } from "../kinds/kind.ts";
import { kinds } from "../kinds/mod.ts";
import { findReport, removeReport } from "./reports.ts";
import { openStatuses, Report } from "../models/report.ts";
import { reportSchema, reportView } from "./views.ts";

export const params = z.strictObject({ report_id: idSchema });

export function reportRoutes(ctx: ReportingContext): Route[] {
  const openCsv = csvOpener(ctx);
  return [
    ...kinds.map((kind) => askRoute(ctx, openCsv, kind)),
    route({
      id: "listReports",
      method: "GET",
      path: "/reports/",
      summary: "The hotel's reports, the latest first",
      access: managers,
      transaction: "tenant",
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
      transaction: "tenant",
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
      transaction: "none",
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

/** `POST /reports/{kind}`. */
function askRoute(ctx: ReportingContext, openCsv: OpenCsv, kind: ReportKind): Route {
  const { name, title, columns, deskDays } = kind;
  const meanings = Object.entries(columns).map(([column, meaning]) => `- \`${column}\`${meaning && `: ${meaning}`}`);
  return route({
    id: `create${name.charAt(0).toUpperCase()}${name.slice(1)}Report`,
    method: "POST",
    path: `/reports/${name}`,
    summary: `Ask for ${title} as CSV`,
    description: [
      "Answers with a report to poll at `Location`. The same request, while one is queued or running, is the same report. " +
        "With `Accept: text/csv` the CSV is streamed at once instead, with status 200, and no report is made" +
        (deskDays === undefined ? "." : `; to a receptionist it always is, and is of ${deskDays} days at most.`),
      `Columns:\n\n${meanings.join("\n")}`,
    ].join("\n\n"),
    access: deskDays === undefined ? managers : staff,
    transaction: "tenant",
    body: kind.body,
    status: 202,
    result: reportSchema,
    problems: ["TOO_MANY_REPORTS", "TRIAL_QUOTA_REACHED"],
    // Before the unit of work: a stream has a connection of its own, and must not wait for it with another in hand.
    prepare: ({ actor, body, request }) => openNow(ctx, openCsv, kind, actor, body, request),
    handler: async ({ actor, body, trx, prepared: stream }) => {
      const hotel = await readHotel(trx, actor.tenantId);
      // A stored zone that is not known is refused here, in words, and not by the job.
      dayAt(new Date(), hotel.time_zone);
      if (stream !== undefined) {
        await requireDailyQuota(trx, hotel, quotaOf(ctx), ctx.countDaily);
        return { status: 200, stream, headers: { "Content-Type": "text/csv; charset=utf-8; header=present" } };
      }
      const report = await askFor(ctx, trx, actor, { kind: name, request: requestOf(kind, body, hotel) });
      await requireDailyQuota(trx, hotel, quotaOf(ctx), ctx.countDaily);
      return {
        body: reportView(report),
        headers: { Location: `/reports/${report.report_id}`, "Retry-After": "1" },
      };
    },
  });
}

const quotaOf = ({ env }: ReportingContext) => ({ of: "reports", most: env.TRIAL_REPORTS_PER_DAY });

/** The rows, where they are wanted at once; undefined where a report is. The list of reports is a manager's. */
async function openNow(
  ctx: ReportingContext,
  openCsv: OpenCsv,
  kind: ReportKind,
  { tenantId, role }: Actor,
  body: unknown,
  { context, signal }: RequestFacts,
): Promise<Readable | undefined> {
  const { name, deskDays } = kind;
  const isDesk = role === "receptionist";
  const accepted = context.accepts("application/json", "text/csv", "text/csv;charset=utf-8");
  if (!isDesk && (accepted === false || accepted === "application/json")) return undefined;
  const read = async (trx: Trx): Promise<HotelSettings> => {
    const settings = await readHotel(trx, tenantId);
    // The handler counts a stream once it is open. Without this, each one beyond the quota would be opened first.
    await requireDailyQuotaLeft(trx, settings, quotaOf(ctx), ctx.countDaily);
    return settings;
  };
  const hotel = await ctx.db.tenant(tenantId, read, { readOnly: true });
  const request = requestOf(kind, body, hotel);
  if (isDesk && deskDays !== undefined) {
    const { from, to } = request as { readonly from: Day; readonly to: Day };
    if (daysBetween(from, to) >= deskDays)
      throw problems.FORBIDDEN(
        `A receptionist's lists are of ${deskDays} days at most; longer ones are the manager's.`,
      );
  }
  const stream = await openCsv(tenantId, { kind: name, request });
  // However the call ends, and though nobody may have read.
  context.res.once("close", () => stream.destroy());
  if (signal.aborted) stream.destroy();
  return stream;
}

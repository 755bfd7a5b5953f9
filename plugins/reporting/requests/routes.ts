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
import { requestReport } from "./request_report.ts";
import type { ReportingContext } from "../context.ts";
import { csvContentType } from "../csv/form.ts";
import { csvOpener, type OpenCsv, type OpenedCsv } from "./stream_report.ts";
import { type ReportKind, requestOf } from "../kinds/kind.ts";
import { kinds } from "../kinds/mod.ts";
import { findReport, removeReport } from "./reports.ts";
import { openStatuses, Report } from "../models/report.ts";
import { reportParams, reportSchema, reportView } from "./views.ts";

/** `POST /reports/{kind}` for each kind. */
export function createReportRoutes(ctx: ReportingContext): readonly Route[] {
  const openCsv = csvOpener(ctx);
  return kinds.map((kind) => createReportRoute(ctx, openCsv, kind));
}

export function reportRoutes(ctx: ReportingContext) {
  return [
    route({
      id: "listReports",
      method: "GET",
      path: "/reports/",
      summary: "List the hotel's reports, the latest first",
      access: managers,
      transaction: "tenant",
      query: z.strictObject(pageQuery),
      status: 200,
      result: pageOf(reportSchema),
      handler: async ({ actor, query: { limit, cursor }, trx }) => {
        const before = decodeCursor(cursor, z.tuple([idSchema]));
        // A v7 UUID sorts by its time of creation.
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
      summary: "Read a report and its progress",
      access: managers,
      transaction: "tenant",
      params: reportParams,
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
      summary: "Cancel an unfinished report, or delete a finished one with its file",
      access: managers,
      transaction: "none",
      params: reportParams,
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
function createReportRoute(ctx: ReportingContext, openCsv: OpenCsv, kind: ReportKind): Route {
  const { name, title, columns, deskDays } = kind;
  const meanings = Object.entries(columns).map(([column, meaning]) => `- \`${column}\`${meaning && `: ${meaning}`}`);
  return route({
    id: `create${name.charAt(0).toUpperCase()}${name.slice(1)}Report`,
    method: "POST",
    path: `/reports/${name}`,
    summary: `Create a report of ${title} as CSV`,
    description: [
      "Answers with a report to poll at `Location`. The same request gets the same report while that is unfinished. " +
        "With `Accept: text/csv` the answer is the CSV itself, with status 200, and no report is created. " +
        "Its header `Data-As-Of` is the instant before which every change is in it." +
        (deskDays === undefined ? "" : ` A receptionist always gets the CSV, of at most ${deskDays} days.`),
      `Columns:\n\n${meanings.join("\n")}`,
    ].join("\n\n"),
    access: deskDays === undefined ? managers : staff,
    transaction: "tenant",
    body: kind.body,
    status: 202,
    result: reportSchema,
    problems: ["TOO_MANY_REPORTS", "TRIAL_QUOTA_REACHED"],
    // Before the transaction: the stream needs its own connection, and must not wait for it while it has another one.
    prepare: ({ actor, body, request }) => openStream(ctx, openCsv, kind, actor, body, request),
    handler: async ({ actor, body, trx, prepared: opened }) => {
      const hotel = await readHotel(trx, actor.tenantId);
      // Refuses a stored time zone that is unknown here, with a message, instead of in the job.
      dayAt(new Date(), hotel.time_zone);
      if (opened !== undefined) {
        await requireDailyQuota(trx, hotel, quotaOf(ctx), ctx.countDaily);
        const { stream, dataAsOf } = opened;
        const age = dataAsOf === null ? {} : { "Data-As-Of": dataAsOf.toISOString() };
        return { status: 200, stream, headers: { "Content-Type": csvContentType, ...age } };
      }
      const report = await requestReport(ctx, trx, actor, { kind: name, request: requestOf(kind, body, hotel) });
      await requireDailyQuota(trx, hotel, quotaOf(ctx), ctx.countDaily);
      return {
        body: reportView(report),
        headers: { Location: `/reports/${report.report_id}`, "Retry-After": "1" },
      };
    },
  });
}

const quotaOf = ({ env }: ReportingContext) => ({ of: "reports", most: env.TRIAL_REPORTS_PER_DAY });

/**
 * Opens the CSV if the client accepts `text/csv`, or if a receptionist asks: only managers can read stored reports.
 * @returns undefined if a report must be created
 */
async function openStream(
  ctx: ReportingContext,
  openCsv: OpenCsv,
  kind: ReportKind,
  { tenantId, role }: Actor,
  body: unknown,
  { context, signal }: RequestFacts,
): Promise<OpenedCsv | undefined> {
  const { name, deskDays } = kind;
  const isDesk = role === "receptionist";
  const accepted = context.accepts("application/json", "text/csv", "text/csv;charset=utf-8");
  if (!isDesk && (accepted === false || accepted === "application/json")) return undefined;
  const read = async (trx: Trx): Promise<HotelSettings> => {
    const settings = await readHotel(trx, tenantId);
    // The handler counts a stream after it is open. Without this check, streams beyond the quota would be opened too.
    await requireDailyQuotaLeft(trx, settings, quotaOf(ctx), ctx.countDaily);
    return settings;
  };
  const hotel = await ctx.db.tenant(tenantId, read, { readOnly: true });
  const request = requestOf(kind, body, hotel);
  if (isDesk && deskDays !== undefined) {
    // Every kind with `deskDays` has a request with both days.
    const { from, to } = request as { readonly from: Day; readonly to: Day };
    if (daysBetween(from, to) >= deskDays)
      throw problems.FORBIDDEN(
        `A receptionist can list at most ${deskDays} days. A manager can create longer reports.`,
      );
  }
  const opened = await openCsv(tenantId, { kind: name, request });
  // Runs at every end of the request, also if the client read nothing.
  context.res.once("close", () => opened.stream.destroy());
  if (signal.aborted) opened.stream.destroy();
  return opened;
}

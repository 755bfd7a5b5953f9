/** Pushes a report's progress as server-sent events, so that clients need not poll. */
import { LRUCache } from "lru-cache";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import { type Route, route } from "../../../core/mod.ts";
import { managers } from "../../identity/port.ts";
import type { ReportingContext } from "../context.ts";
import { reportingProblems } from "../errors.ts";
import { openStatuses, type Report } from "../models/report.ts";
import { findReport } from "../requests/reports.ts";
import { reportParams, reportView } from "../requests/views.ts";

const readEveryMs = 500;
/** Streams of the same report share a read that is at most this old (ms). */
const sharedMs = 300;
/** Cached reports, more than can be watched. */
const mostCached = 1000;
/** Sends a comment after this silence (ms), because proxies close silent connections. */
const silentMs = 15_000;
/** Ends a stream after this time (ms). The client connects again by itself. */
const longestMs = 5 * 60_000;
/** Most streams of one process. */
const mostStreams = 100;
/** Most streams of one hotel in one process. */
const mostOfHotel = 20;

export function eventsRoute({ db }: ReportingContext): Route {
  const streams = new Map<string, number>();
  const openInAll = (): number => [...streams.values()].reduce((sum, count) => sum + count, 0);
  // Reads a report once for all streams that watch it. Errors are not cached: the answer for another hotel's report
  // must always take as long as the answer for a missing one.
  const reports = new LRUCache<string, Report, readonly [hotelId: string, reportId: string]>({
    max: mostCached,
    ttl: sharedMs,
    // A running read still answers its callers if its entry is evicted.
    ignoreFetchAbort: true,
    fetchMethod: (_key, _stale, { context: [hotelId, reportId] }) =>
      db.tenant(hotelId, (trx) => findReport(trx, hotelId, reportId), { readOnly: true }),
  });
  const readReport = (hotelId: string, reportId: string): Promise<Report> =>
    reports.forceFetch(`${hotelId} ${reportId}`, { context: [hotelId, reportId] });
  return route({
    id: "watchReport",
    method: "GET",
    path: "/reports/{report_id}/events",
    summary: "Watch the progress of a report",
    description:
      "Sends server-sent events named `report`, with the report as data: one at once, and one at each change until " +
      "the report is finished. Browsers connect again by themselves.",
    access: managers,
    transaction: "none",
    params: reportParams,
    status: 200,
    mediaType: "text/event-stream",
    problems: ["TOO_MANY_REPORTS"],
    handler: async ({ actor, params: { report_id: reportId }, request: { signal } }) => {
      const { tenantId } = actor;
      const read = () => readReport(tenantId, reportId);
      const first = await read();
      const ofHotel = streams.get(tenantId) ?? 0;
      if (ofHotel >= mostOfHotel || openInAll() >= mostStreams) {
        throw reportingProblems.TOO_MANY_REPORTS(
          "Too many clients watch reports. Poll GET /reports/{report_id} instead.",
          {
            headers: { "Retry-After": "5" },
          },
        );
      }
      streams.set(tenantId, ofHotel + 1);
      async function* events(): AsyncGenerator<string> {
        yield "retry: 2000\n\n";
        const end = Date.now() + longestMs;
        let report = first;
        let version = 0;
        let sentAt = Date.now();
        while (Date.now() < end && !signal.aborted) {
          if (report.version !== version) {
            ({ version } = report);
            sentAt = Date.now();
            yield ["event: report", `id: ${version}`, `data: ${JSON.stringify(reportView(report))}`, "\n"].join("\n");
            if (!openStatuses.includes(report.status)) return;
          } else if (Date.now() - sentAt > silentMs) {
            sentAt = Date.now();
            yield ": still here\n\n";
          }
          await sleep(readEveryMs, undefined, { signal }).catch(() => undefined);
          const current = await read().catch(() => undefined);
          // The report was deleted meanwhile.
          if (current === undefined) return;
          report = current;
        }
      }
      const stream = Readable.from(events());
      // Runs at every end, also if the client read nothing.
      stream.once("close", () => {
        const left = (streams.get(tenantId) ?? 1) - 1;
        if (left > 0) streams.set(tenantId, left);
        else streams.delete(tenantId);
      });
      return { stream, headers: { "Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no" } };
    },
  });
}

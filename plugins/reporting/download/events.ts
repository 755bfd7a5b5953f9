/** Pushes how far a report is, for those who would rather not poll (server-sent events). */
import { LRUCache } from "lru-cache";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import { type Route, route } from "../../../core/mod.ts";
import { managers } from "../../identity/port.ts";
import type { ReportingContext } from "../context.ts";
import { reportingProblems } from "../errors.ts";
import { openStatuses, type Report } from "../models/report.ts";
import { findReport } from "../requests/reports.ts";
import { params } from "../requests/routes.ts";
import { reportView } from "../requests/views.ts";

const lookEveryMs = 500;
/** So old a look may be for another who watches the same report. */
const sharedMs = 300;
/** Reports that are kept at a time: more than are watched. */
const mostKept = 1000;
/** Proxies cut what is silent; a comment keeps it open. */
const silentMs = 15_000;
/** Then the client connects again, by itself. */
const longestMs = 5 * 60_000;
/** Of one process at a time, and of one hotel there. */
const [mostStreams, mostOfHotel] = [100, 20];

export function eventsRoute({ db }: ReportingContext): Route {
  const streams = new Map<string, number>();
  const openInAll = (): number => [...streams.values()].reduce((sum, count) => sum + count, 0);
  // Reads a report once for all streams that watch it. An error is not kept: a report of another hotel must take as long
  // as one that does not exist, however often it is asked for.
  const reports = new LRUCache<string, Report, readonly [hotelId: string, reportId: string]>({
    max: mostKept,
    ttl: sharedMs,
    // A read that is under way still ends for its callers when its entry gives place to another.
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
    summary: "How far a report is, pushed as it changes",
    description:
      "Server-sent events: `event: report` with the report as data at once and at each change, until it is over. Browsers connect again by themselves.",
    access: managers,
    transaction: "none",
    params,
    status: 200,
    mediaType: "text/event-stream",
    problems: ["TOO_MANY_REPORTS"],
    handler: async ({ actor, params: { report_id: reportId }, request: { signal } }) => {
      const { tenantId } = actor;
      const look = () => readReport(tenantId, reportId);
      const first = await look();
      const ofHotel = streams.get(tenantId) ?? 0;
      if (ofHotel >= mostOfHotel || openInAll() >= mostStreams) {
        throw reportingProblems.TOO_MANY_REPORTS(
          "Too many watch at this moment. Poll GET /reports/{report_id} instead.",
          {
            headers: { "Retry-After": "5" },
          },
        );
      }
      streams.set(tenantId, ofHotel + 1);
      async function* events(): AsyncGenerator<string> {
        yield "retry: 2000\n\n";
        let [report, version, told] = [first, 0, Date.now()];
        for (const until = Date.now() + longestMs; Date.now() < until && !signal.aborted;) {
          if (report.version !== version) {
            ({ version } = report);
            told = Date.now();
            yield `event: report\nid: ${version}\ndata: ${JSON.stringify(reportView(report))}\n\n`;
            if (!openStatuses.includes(report.status)) return;
          } else if (Date.now() - told > silentMs) {
            told = Date.now();
            yield ": still here\n\n";
          }
          await sleep(lookEveryMs, undefined, { signal }).catch(() => undefined);
          // Deleted meanwhile: there is nothing more to say.
          const now = await look().catch(() => undefined);
          if (now === undefined) return;
          report = now;
        }
      }
      const stream = Readable.from(events());
      // However it ends, and though nobody may have read from it.
      stream.once("close", () => {
        const left = (streams.get(tenantId) ?? 1) - 1;
        if (left > 0) streams.set(tenantId, left);
        else streams.delete(tenantId);
      });
      return { stream, headers: { "Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no" } };
    },
  });
}

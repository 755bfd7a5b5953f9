import type { ReportingContext } from "../context.ts";
import { nextVersion, Report } from "../models/report.ts";

/** How often progress is written, which is also how soon a cancellation is noticed. */
const everyMs = 400;

/** Which build of which report: another attempt's progress is not ours to write. */
export interface Build {
  readonly hotel_id: string;
  readonly report_id: string;
  readonly attempt: number;
}

export interface ProgressWriter {
  /** Aborts when the report is not ours to build any more: canceled, deleted, or built by another attempt. */
  readonly stopped: AbortSignal;
  /** Writes how many rows there are in all. */
  begin(rowsTotal: number): Promise<void>;
  end(): Promise<void>;
}

/**
 * Writes from time to time how far a build has come, on another connection than the snapshot's: what a snapshot writes
 * nobody sees before its end.
 */
export function writeProgress(
  { db, log }: Pick<ReportingContext, "db" | "log">,
  build: Build,
  rowsDone: () => number,
): ProgressWriter {
  const stopped = new AbortController();
  const write = async (more: { rows_total?: number } = {}): Promise<void> => {
    const changed = await db.tenant(build.hotel_id, (trx) =>
      Report.query(trx)
        .where({ ...build, status: "running" })
        .patch({ ...more, rows_done: rowsDone(), version: nextVersion }),
    );
    if (changed === 0) stopped.abort(new Error("The report is not wanted any more."));
  };
  let last: Promise<void> = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    last = write()
      .catch((error: unknown) => log.warn({ err: error, ...build }, "the progress of a report could not be written"))
      .finally(() => {
        busy = false;
      });
  }, everyMs);
  return {
    stopped: stopped.signal,
    begin: (rowsTotal) => write({ rows_total: rowsTotal }),
    end: async () => {
      clearInterval(timer);
      await last;
    },
  };
}

import type { ReportingContext } from "../context.ts";
import { nextVersion, Report } from "../models/report.ts";

/** Milliseconds between two writes of the progress, and so until a cancellation is noticed. */
const everyMs = 400;

/** One attempt to build one report. It must not write the progress of another attempt. */
export interface Build {
  readonly hotel_id: string;
  readonly report_id: string;
  readonly attempt: number;
}

/** Counts the records that have been written. */
export interface RecordCount {
  readonly records: number;
}

export interface ProgressWriter {
  /** Aborts when this attempt must stop: the report was canceled or deleted, or another attempt builds it. */
  readonly stopped: AbortSignal;
  /** Writes the total number of rows, and the age of the snapshot that they are in. */
  begin(rowsTotal: number, dataAsOf: Date | null): Promise<void>;
  /** Takes the number of finished rows from this count. It is 0 before. */
  follow(count: RecordCount): void;
  end(): Promise<void>;
}

/**
 * Writes the progress of a build every 0.4 s. It uses another connection than the snapshot: other transactions can't
 * see the snapshot's writes before its commit.
 */
export function writeProgress({ db, log }: Pick<ReportingContext, "db" | "log">, build: Build): ProgressWriter {
  const stopped = new AbortController();
  let count: RecordCount = { records: 0 };
  const write = async (more: { rows_total?: number; data_as_of?: Date | null } = {}): Promise<void> => {
    const changed = await db.tenant(build.hotel_id, (trx) =>
      Report.query(trx)
        .where({ ...build, status: "running" })
        .patch({ ...more, rows_done: count.records, version: nextVersion }),
    );
    if (changed === 0) stopped.abort(new Error("The report was canceled or deleted, or another attempt builds it."));
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
    begin: (rowsTotal, dataAsOf) => write({ rows_total: rowsTotal, data_as_of: dataAsOf }),
    follow: (next) => {
      count = next;
    },
    end: async () => {
      clearInterval(timer);
      await last;
    },
  };
}

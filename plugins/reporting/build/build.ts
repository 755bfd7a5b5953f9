/**
 * Builds a report's file.
 *
 * Each attempt writes a file of its own name. One transaction makes the file the report's and ends the job (`finish`).
 * Only the attempt that has the job can commit it. A killed worker leaves a file that no finished report names, and the
 * next attempt removes it. So a half file can't be downloaded.
 *
 * Three things end a build early:
 * - The worker stops or loses the job (`signal`). The next worker takes the job at once.
 * - The report is canceled or deleted. The progress writer notices it, and the job ends.
 * - A fault. The job is tried again. If only the replica can't be reached, the attempt does not count.
 */
import { pipeline } from "node:stream";
import { constants, createGzip } from "node:zlib";

import { handleLongJob, DeferJob, ReportsDatabaseFault, type Trx } from "../../../core/mod.ts";
import type { ReportingContext } from "../context.ts";
import { Digest } from "../csv/digest.ts";
import { buildReport } from "../jobs.ts";
import { finishedFields, nextVersion, openStatuses, Report } from "../models/report.ts";
import { type Build, type ProgressWriter, writeProgress } from "./progress.ts";
import { inSnapshot } from "./snapshot.ts";

type Services = Pick<ReportingContext, "db" | "files" | "log" | "env">;
type Finish = (trx: Trx) => Promise<void>;

interface WrittenFile {
  /** The size of the CSV. */
  readonly bytes: number;
  readonly sha256: string;
  readonly storedBytes: number;
  readonly rows: number;
}

export function buildHandler(services: Services) {
  return handleLongJob(
    buildReport,
    async ({ payload, tenantId, attempt, signal, finish }) => {
      if (tenantId === undefined) throw new Error("A report belongs to a hotel.");
      const build: Build = { hotel_id: tenantId, report_id: payload.report_id, attempt };
      const report = await startBuild(services, build, finish);
      if (report === undefined) return;
      await runBuild(services, build, report, signal, finish);
    },
    async ({ payload, trx }) => {
      await Report.query(trx)
        .where({ report_id: payload.report_id })
        .whereIn("status", openStatuses)
        .patch({
          status: "failed",
          error:
            "The report could not be built. Request it again. If it fails again, the operator's log has the reason.",
          ...finishedFields(services.env.REPORT_TTL_HOURS),
        });
    },
  );
}

/** Assigns the report to this attempt. Ends the job if the report was canceled or deleted. */
async function startBuild({ db, files }: Services, build: Build, finish: Finish): Promise<Report | undefined> {
  const { hotel_id: hotelId, report_id: reportId, attempt } = build;
  const found = await db.tenant(hotelId, async (trx) => {
    const report = await Report.query(trx).findById([hotelId, reportId]).forUpdate();
    if (report === undefined || !openStatuses.includes(report.status)) {
      await finish(trx);
      return undefined;
    }
    await waitForTurn(trx, build);
    // If two attempts race, the later attempt wins.
    if (report.attempt >= attempt) return undefined;
    await Report.query(trx)
      .findById([hotelId, reportId])
      .patch({
        status: "running",
        attempt,
        file: fileOf(build),
        rows_done: 0,
        rows_total: null,
        data_as_of: null,
        started_at: report.started_at ?? new Date(),
        version: nextVersion,
      });
    return report;
  });
  // An earlier attempt may have written the whole file without publishing it.
  if (found !== undefined && found.file !== null) await files.remove(found.file);
  return found;
}

/** Milliseconds until a build that waits for another one of its hotel tries again. */
const turnMs = 1000;

/**
 * Allows one build of a hotel at a time, so that a hotel with ten reports does not delay all other hotels.
 * @throws DeferJob if another report of the hotel is being built
 */
async function waitForTurn(trx: Trx, { hotel_id: hotelId, report_id: reportId }: Build): Promise<void> {
  // Serializes the builds of one hotel, so that two can't both see that none runs.
  await trx.raw("SELECT pg_advisory_xact_lock(hashtextextended('reporting ' || ?, 0))", [hotelId]);
  const other = await Report.query(trx)
    .findOne({ hotel_id: hotelId, status: "running" })
    .whereNot({ report_id: reportId });
  if (other !== undefined) throw new DeferJob(turnMs);
}

async function runBuild(
  services: Services,
  build: Build,
  report: Report,
  signal: AbortSignal,
  finish: Finish,
): Promise<void> {
  const progress = writeProgress(services, build);
  let written: WrittenFile;
  try {
    written = await writeFile(services, build, report, progress, signal);
  } catch (error) {
    await progress.end();
    if (progress.stopped.aborted && !signal.aborted) return finishCanceled(services, build, finish);
    await requeueReport(services, build);
    throw deferredBy(error, services, build) ?? error;
  }
  await progress.end();
  if (await publish(services, build, written, finish)) return;
  await services.files.remove(fileOf(build));
}

/** Milliseconds until a build tries again to reach the replica. */
const replicaMs = 5000;

/** A replica that restarts must not use up the attempts of all reports. They wait for it in the queue. */
function deferredBy(error: unknown, { log }: Services, build: Build): DeferJob | undefined {
  if (!(error instanceof ReportsDatabaseFault) || !error.retryable) return undefined;
  log.warn({ err: error, ...build }, "a report waits for its database");
  return new DeferJob(replicaMs);
}

/** Opens a snapshot, counts its rows, and copies them into the store at the store's pace. */
async function writeFile(
  { db, files }: Services,
  build: Build,
  report: Report,
  progress: ProgressWriter,
  signal: AbortSignal,
): Promise<WrittenFile> {
  const stop = AbortSignal.any([signal, progress.stopped]);
  return inSnapshot({ db }, build.hotel_id, report, async (snapshot) => {
    await progress.begin(await snapshot.count(), snapshot.dataAsOf);
    stop.throwIfAborted();
    const csv = await snapshot.csv();
    progress.follow(csv);
    const digest = new Digest();
    // gzip at its lowest level has a thread of its own and is faster than PostgreSQL, so it does not slow the build.
    const packed = pipeline(csv, digest, createGzip({ level: constants.Z_BEST_SPEED }), () => undefined);
    const stored = await files.write(fileOf(build), packed, stop);
    return { bytes: digest.bytes, sha256: digest.sha256(), storedBytes: stored.bytes, rows: csv.records };
  });
}

/** Makes the file the report's and ends the job. @returns false if the report was canceled or deleted meanwhile */
function publish(services: Services, build: Build, written: WrittenFile, finish: Finish): Promise<boolean> {
  return services.db.tenant(build.hotel_id, async (trx) => {
    const published = await Report.query(trx)
      .where({ ...build, status: "running" })
      .patch({
        status: "succeeded",
        bytes: String(written.bytes),
        stored_bytes: String(written.storedBytes),
        sha256: written.sha256,
        rows_done: written.rows,
        rows_total: written.rows,
        ...finishedFields(services.env.REPORT_TTL_HOURS),
      });
    await finish(trx);
    return published === 1;
  });
}

/** Ends the job of a canceled report. Leaves it alone if another attempt has taken the job over. */
async function finishCanceled({ db }: Services, build: Build, finish: Finish): Promise<void> {
  await db.tenant(build.hotel_id, async (trx) => {
    const report = await Report.query(trx).findById([build.hotel_id, build.report_id]);
    if (report === undefined || report.attempt === build.attempt) await finish(trx);
  });
}

/** Marks the report as queued until the next attempt. A failure is only logged: the next attempt sets the status. */
async function requeueReport({ db, log }: Services, build: Build): Promise<void> {
  try {
    await db.tenant(build.hotel_id, (trx) =>
      Report.query(trx)
        .where({ ...build, status: "running" })
        .patch({ status: "queued", rows_done: 0, rows_total: null, data_as_of: null, version: nextVersion }),
    );
  } catch (error) {
    log.warn({ err: error, ...build }, "a report could not be marked as queued again");
  }
}

const fileOf = ({ report_id: reportId, attempt }: Build): string => `${reportId}-${attempt}.csv.gz`;

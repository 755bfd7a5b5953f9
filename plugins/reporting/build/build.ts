/**
 * Builds a report's file.
 *
 * The file is written under a name of this attempt's own and becomes the report's in one transaction with the end of the
 * job (`finish`, which lets only the attempt that holds the job pass). So a worker that is killed leaves a file that no
 * row calls whole, the next attempt removes it, and no half of a file can be downloaded.
 *
 * Three things end a build early: its worker stops or loses the job (`signal`; the next one takes it up at once), the
 * report is canceled or deleted (seen by the progress writer; the job is over), or a fault (the job is tried again).
 */
import { pipeline } from "node:stream";
import { constants, createGzip } from "node:zlib";

import { handleLongJob, DeferJob, type Trx } from "../../../core/mod.ts";
import type { ReportingContext } from "../context.ts";
import { Measure } from "../csv/digest.ts";
import { endOf } from "../expiry.ts";
import { buildReport } from "../jobs.ts";
import { nextVersion, openStatuses, Report } from "../models/report.ts";
import { type Build, type ProgressWriter, writeProgress } from "./progress.ts";
import { inSnapshot } from "./snapshot.ts";

type Services = Pick<ReportingContext, "db" | "files" | "log" | "env">;
type Finish = (trx: Trx) => Promise<void>;

interface Written {
  /** Of the CSV. */
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
          error: "The report could not be built. Ask for it again; if it fails again, the operator's log says why.",
          ...endOf(services),
        });
    },
  );
}

/** Makes the report this attempt's, or ends the job where nobody wants it any more. */
async function startBuild({ db, files }: Services, build: Build, finish: Finish): Promise<Report | undefined> {
  const { hotel_id: hotelId, report_id: reportId, attempt } = build;
  const found = await db.tenant(hotelId, async (trx) => {
    const report = await Report.query(trx).findById([hotelId, reportId]).forUpdate();
    if (report === undefined || !openStatuses.includes(report.status)) {
      await finish(trx);
      return undefined;
    }
    await waitForTurn(trx, build);
    // Two attempts in a race: the later one wins, whichever comes first.
    if (report.attempt >= attempt) return undefined;
    await Report.query(trx)
      .findById([hotelId, reportId])
      .patch({
        status: "running",
        attempt,
        file: fileOf(build),
        rows_done: 0,
        rows_total: null,
        started_at: report.started_at ?? new Date(),
        version: nextVersion,
      });
    return report;
  });
  // What an earlier attempt may have written whole and not published.
  if (found !== undefined && found.file !== null) await files.remove(found.file);
  return found;
}

/** How long a build waits for those of its hotel before it asks again. */
const turnMs = 1000;

/**
 * One build of a hotel at a time, so that who asks for ten reports does not keep all other hotels waiting.
 * @throws DeferJob
 */
async function waitForTurn(trx: Trx, { hotel_id: hotelId, report_id: reportId }: Build): Promise<void> {
  // Those of one hotel look one by one.
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
  let rowsDone = (): number => 0;
  const progress = writeProgress(services, build, () => rowsDone());
  let written: Written;
  try {
    written = await writeFile(services, build, report, progress, signal, (count) => {
      rowsDone = count;
    });
  } catch (error) {
    await progress.end();
    if (progress.stopped.aborted && !signal.aborted) return endUnwanted(services, build, finish);
    await standBack(services, build);
    throw error;
  }
  await progress.end();
  if (await publish(services, build, written, finish)) return;
  await services.files.remove(fileOf(build));
}

/** One snapshot, counted and then copied into the store as fast as the store takes it. */
async function writeFile(
  { db, files }: Services,
  build: Build,
  report: Report,
  progress: ProgressWriter,
  signal: AbortSignal,
  countWith: (rowsDone: () => number) => void,
): Promise<Written> {
  const stop = AbortSignal.any([signal, progress.stopped]);
  return inSnapshot({ db }, build.hotel_id, report, async (snapshot) => {
    await progress.begin(await snapshot.count());
    stop.throwIfAborted();
    const csv = await snapshot.csv();
    countWith(() => csv.records);
    const measure = new Measure();
    // Stored small: PostgreSQL is slower than gzip at its lowest level, which has a thread of its own.
    const packed = pipeline(csv, measure, createGzip({ level: constants.Z_BEST_SPEED }), () => undefined);
    const stored = await files.write(fileOf(build), packed, stop);
    return { bytes: measure.bytes, sha256: measure.sha256(), storedBytes: stored.bytes, rows: csv.records };
  });
}

/** @returns whether the report was still wanted */
function publish(services: Services, build: Build, written: Written, finish: Finish): Promise<boolean> {
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
        ...endOf(services),
      });
    await finish(trx);
    return published === 1;
  });
}

/** Ends the job of a report that was canceled; a job that another attempt has taken over is not ours to end. */
async function endUnwanted({ db }: Services, build: Build, finish: Finish): Promise<void> {
  await db.tenant(build.hotel_id, async (trx) => {
    const report = await Report.query(trx).findById([build.hotel_id, build.report_id]);
    if (report === undefined || report.attempt === build.attempt) await finish(trx);
  });
}

/** Until the next attempt, the report waits again; that it does is told as well as may be, and no more than that. */
async function standBack({ db, log }: Services, build: Build): Promise<void> {
  try {
    await db.tenant(build.hotel_id, (trx) =>
      Report.query(trx)
        .where({ ...build, status: "running" })
        .patch({ status: "queued", rows_done: 0, rows_total: null, version: nextVersion }),
    );
  } catch (error) {
    log.warn({ err: error, ...build }, "a report that waits again could not be marked so");
  }
}

const fileOf = ({ report_id: reportId, attempt }: Build): string => `${reportId}-${attempt}.csv.gz`;

/**
 * Streams a report's CSV without storing a report or a file.
 *
 * The CSV comes from a snapshot, which uses a connection. A small CSV, such as a desk's list, is read whole first. So a
 * slow client does not keep the snapshot open. A larger CSV is sent as it is read. A process sends two of them at a
 * time, one per hotel, and only to clients that read fast enough.
 */
import { once } from "node:events";
import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import pLimit from "p-limit";

import type { ReportingContext } from "../context.ts";
import { reportingProblems } from "../errors.ts";
import { type ReportRequest, inSnapshot } from "../build/snapshot.ts";

/** A CSV of at most this size is small. */
const smallBytes = 256 * 1024;
/** Snapshots that one process opens at a time. */
const mostOpening = 3;
/** Requests of one process that wait for a snapshot. */
const mostWaiting = 100;
/** Large CSVs that one process sends at a time. */
const mostLarge = 2;
/** A large CSV ends after this time (ms): an open snapshot stops PostgreSQL from removing dead rows. */
const longestMs = 15 * 60_000;
/** A client that reads less than this does not read at all, or attacks the process. */
const leastPace: Pace = { bytes: 64 * 1024, everyMs: 30_000 };

interface Pace {
  readonly bytes: number;
  readonly everyMs: number;
}

export interface OpenedCsv {
  readonly stream: Readable;
  /** The rows have every change that was committed before this instant. Null if the replica can't say. */
  readonly dataAsOf: Date | null;
}

/** Opens a report's CSV as soon as its first bytes are read. @throws Problem TOO_MANY_REPORTS */
export type OpenCsv = (hotelId: string, report: ReportRequest) => Promise<OpenedCsv>;

export function csvOpener({ db, log }: Pick<ReportingContext, "db" | "log">, pace = leastPace): OpenCsv {
  const openings = pLimit(mostOpening);
  const large = new Set<string>();
  /** Sends a large CSV until its client has read it. @param onOpen gets the stream, while the snapshot is still open */
  const sendLarge = async (
    hotelId: string,
    csv: Readable,
    first: readonly Buffer[],
    onOpen: (stream: Readable) => void,
  ): Promise<void> => {
    if (large.has(hotelId) || large.size >= mostLarge) throw tooMany();
    large.add(hotelId);
    try {
      await send(csv, first, pace, onOpen);
    } finally {
      large.delete(hotelId);
    }
  };
  /** Reads a report in a snapshot, and returns at its end. @param onOpen gets the stream as soon as it can be read */
  const readReport = async (
    hotelId: string,
    report: ReportRequest,
    onOpen: (opened: OpenedCsv) => void,
  ): Promise<void> => {
    const small = await inSnapshot({ db }, hotelId, report, async (snapshot) => {
      const { dataAsOf } = snapshot;
      const csv = await snapshot.csv();
      // Waits for the first bytes: a fault before them can still become a problem answer.
      const first = await readUpTo(csv, smallBytes);
      if (csv.readableEnded) return { stream: Readable.from(first, { objectMode: false }), dataAsOf };
      await sendLarge(hotelId, csv, first, (stream) => onOpen({ stream, dataAsOf }));
      return undefined;
    });
    if (small !== undefined) onOpen(small);
  };
  /** Resolves as soon as the stream can be read. The snapshot of a large report is still open then. */
  const open = (hotelId: string, report: ReportRequest): Promise<OpenedCsv> =>
    new Promise((resolve, reject) => {
      readReport(hotelId, report, resolve).catch((error: unknown) => {
        log.debug({ err: error }, "a report's stream was aborted");
        reject(error);
      });
    });
  return async (hotelId, report) => {
    if (openings.activeCount + openings.pendingCount >= mostOpening + mostWaiting) throw tooMany();
    return openings(open, hotelId, report);
  };
}

const tooMany = () =>
  reportingProblems.TOO_MANY_REPORTS(
    "Too many reports are being streamed. Retry in 10 s, or omit `Accept: text/csv`.",
    { headers: { "Retry-After": "10" } },
  );

/** Reads to the end, or at least this many bytes. */
async function readUpTo(csv: Readable, most: number): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  const ended = finished(csv, { writable: false });
  // The race below throws a fault, and so does a later read.
  ended.catch(() => undefined);
  let bytes = 0;
  while (bytes < most && !csv.readableEnded) {
    // `read` returns any: without an encoding or an object mode it is a Buffer.
    const chunk: Buffer | null = csv.read();
    if (chunk === null) await Promise.race([once(csv, "readable"), ended]);
    else {
      chunks.push(chunk);
      bytes += chunk.length;
    }
  }
  return chunks;
}

/** Passes a stream to `onOpen`, and returns when the client has read all of it. @throws Error if the client does not */
async function send(
  csv: Readable,
  first: readonly Buffer[],
  pace: Pace,
  onOpen: (stream: Readable) => void,
): Promise<void> {
  let bytesRead = 0;
  const out = Readable.from(
    (async function* () {
      yield* first;
      for await (const chunk of csv) {
        bytesRead += chunk.length;
        yield chunk;
      }
    })(),
    { objectMode: false },
  );
  // Ends the CSV at once. The generator alone would notice the end with the next bytes.
  out.once("close", () => csv.destroy());
  // The client's response gets the error too.
  out.on("error", () => undefined);
  const deadline = setTimeout(() => csv.destroy(new Error("The client read for too long.")), longestMs);
  let bytesBefore = 0;
  const paceCheck = setInterval(() => {
    if (bytesRead - bytesBefore < pace.bytes) csv.destroy(new Error("The client does not read."));
    bytesBefore = bytesRead;
  }, pace.everyMs);
  try {
    onOpen(out);
    await finished(csv, { writable: false });
  } finally {
    clearTimeout(deadline);
    clearInterval(paceCheck);
  }
}

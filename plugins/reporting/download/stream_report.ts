/**
 * A report's CSV, read at once without a row or a file.
 *
 * It is read in a snapshot, which holds a connection. What is small is read whole before it is sent, so that its reader's
 * pace holds nothing: such are a desk's lists. What is larger is sent as it is read; a process does that for few at a time,
 * for each hotel once, and only for those who do read.
 */
import { once } from "node:events";
import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import pLimit from "p-limit";

import type { ReportingContext } from "../context.ts";
import { reportingProblems } from "../errors.ts";
import { type Asked, inSnapshot } from "../build/snapshot.ts";

/** Until here a report is small. */
const smallBytes = 256 * 1024;
/** Snapshots of one process that are opened at a time, and how many may wait for that. */
const [mostOpening, mostWaiting] = [3, 100];
/** Larger ones that are being read in one process. */
const mostLarge = 2;
/** A client that reads so slowly holds a snapshot open, and with it everything that PostgreSQL would like to tidy. */
const longestMs = 15 * 60_000;
/** One that takes less than this in such a time does not read at all, or means no good. */
const leastPace: Pace = { bytes: 64 * 1024, everyMs: 30_000 };

interface Pace {
  readonly bytes: number;
  readonly everyMs: number;
}

/** Opens a report's CSV. @throws Problem TOO_MANY_REPORTS */
export type OpenCsv = (hotelId: string, asked: Asked) => Promise<Readable>;

export function csvOpener({ db, log }: Pick<ReportingContext, "db" | "log">, pace = leastPace): OpenCsv {
  const openings = pLimit(mostOpening);
  const large = new Set<string>();
  /** Resolves as soon as the stream can be read: the snapshot of a large report is still open then. */
  const open = (hotelId: string, asked: Asked): Promise<Readable> =>
    new Promise((resolve, reject) => {
      let isLarge = false;
      inSnapshot({ db }, hotelId, asked, async (snapshot) => {
        const csv = await snapshot.csv();
        // Only when there is something to send: a fault before that is still a proper answer.
        const first = await readUpTo(csv, smallBytes);
        if (csv.readableEnded) return Readable.from(first, { objectMode: false });
        if (large.has(hotelId) || large.size >= mostLarge) throw tooMany();
        large.add(hotelId);
        isLarge = true;
        await handOut(csv, first, pace, resolve);
        return undefined;
      })
        .then((small) => {
          if (small !== undefined) resolve(small);
        })
        .catch((error: unknown) => {
          log.debug({ err: error }, "a stream of a report was broken off");
          reject(error);
        })
        .finally(() => {
          if (isLarge) large.delete(hotelId);
        });
    });
  return async (hotelId, asked) => {
    if (openings.activeCount + openings.pendingCount >= mostOpening + mostWaiting) throw tooMany();
    return openings(open, hotelId, asked);
  };
}

const tooMany = () =>
  reportingProblems.TOO_MANY_REPORTS("Others are reading reports at once. Ask without Accept: text/csv.", {
    headers: { "Retry-After": "10" },
  });

/** Reads to the end, or until there is so much. */
async function readUpTo(csv: Readable, most: number): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  const ended = finished(csv, { writable: false });
  // Who waits for it hears of a fault; so does who reads on afterwards.
  ended.catch(() => undefined);
  for (let bytes = 0; bytes < most && !csv.readableEnded;) {
    const chunk = csv.read() as Buffer | null;
    if (chunk === null) await Promise.race([once(csv, "readable"), ended]);
    else {
      chunks.push(chunk);
      bytes += chunk.length;
    }
  }
  return chunks;
}

/** Gives a stream to its reader, and comes back when all of it was read. @throws where it was not */
async function handOut(
  csv: Readable,
  first: readonly Buffer[],
  pace: Pace,
  give: (stream: Readable) => void,
): Promise<void> {
  let taken = 0;
  const out = Readable.from(
    (async function* () {
      yield* first;
      for await (const chunk of csv as AsyncIterable<Buffer>) {
        taken += chunk.length;
        yield chunk;
      }
    })(),
    { objectMode: false },
  );
  // At once, also while nothing comes: the generator alone would hear of it with the next bytes.
  out.once("close", () => csv.destroy());
  // Who reads gets the error too.
  out.on("error", () => undefined);
  const late = setTimeout(() => csv.destroy(new Error("The client read for too long.")), longestMs);
  let seen = 0;
  const look = setInterval(() => {
    if (taken - seen < pace.bytes) csv.destroy(new Error("The client does not read."));
    seen = taken;
  }, pace.everyMs);
  try {
    give(out);
    await finished(csv, { writable: false });
  } finally {
    clearTimeout(late);
    clearInterval(look);
  }
}

import { once } from "node:events";
import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";

import type { ReportingContext } from "../context.ts";
import { reportingProblems } from "../errors.ts";
import { type Asked, inSnapshot } from "../snapshot.ts";

/** Streams of one process at a time: each holds a connection for as long as its client takes to read. */
const mostStreams = 2;
/** A client that reads so slowly holds a snapshot open, and with it everything that PostgreSQL would like to tidy. */
const longestMs = 15 * 60_000;

/** Opens a report's CSV to be read at once, without a row or a file. @throws Problem TOO_MANY_REPORTS */
export type OpenCsv = (hotelId: string, asked: Asked) => Promise<Readable>;

export function csvOpener({ db, log }: Pick<ReportingContext, "db" | "log">): OpenCsv {
  let streams = 0;
  return async (hotelId, asked) => {
    if (streams >= mostStreams) {
      throw reportingProblems.TOO_MANY_REPORTS("Others are reading reports at once. Ask without Accept: text/csv.", {
        headers: { "Retry-After": "10" },
      });
    }
    streams += 1;
    return new Promise<Readable>((resolve, reject) => {
      inSnapshot({ db }, hotelId, asked, async (snapshot) => {
        const csv = await snapshot.csv();
        const late = setTimeout(() => csv.destroy(new Error("The client read for too long.")), longestMs);
        const ended = finished(csv, { writable: false });
        try {
          // Only when there is something to send: a fault before that is still a proper answer.
          await Promise.race([once(csv, "readable"), ended]);
          resolve(csv);
          await ended;
        } finally {
          clearTimeout(late);
        }
      })
        .catch((error: unknown) => {
          log.debug({ err: error }, "a stream of a report was broken off");
          reject(error);
        })
        .finally(() => {
          streams -= 1;
        });
    });
  };
}

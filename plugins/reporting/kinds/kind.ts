/**
 * A kind of report: what may be asked, and the rows that answer it. Everything else (the job, the file, the download, the
 * schedule) is the same for all kinds and knows none of them.
 */
import type { Knex } from "knex";
import type * as z from "zod";

import type { Day, Trx } from "../../../core/mod.ts";
import type { HotelSettings } from "../../identity/port.ts";
import type { CellWriter } from "../csv/cells.ts";
import { normalizeForm } from "../csv/form.ts";
import type { CsvCell } from "../csv/stringify.ts";

export interface ReportKind<Body extends z.ZodType = z.ZodType, Request = unknown> {
  /** The last word of `POST /reports/{name}`. */
  readonly name: string;
  /** What it is of, after "Ask for". */
  readonly title: string;
  /** What the file's columns mean; shown in the OpenAPI document. */
  readonly columns: Readonly<Record<string, string>>;
  /** Where the desk may have it too: of how many days at most. */
  readonly deskDays?: number;
  /** What is sent. */
  readonly body: Body;
  /** The one form of all requests that mean the same: what is stored, hashed and shown. */
  readonly request: z.ZodType<Request>;
  readonly normalise: (body: z.output<Body>, today: Day) => Request;
  /** Made of checked days and fixed words alone. */
  readonly fileName: (request: Request, today: Day) => string;
  readonly rows: Source<Request>;
}

/** Where rows come from: PostgreSQL's COPY of a query, at any size; or code that works them out, one by one. */
export type Source<Request> =
  | {
      readonly by: "copy";
      /** Strings alone are bound: COPY's values are quoted. */
      readonly select: (trx: Trx, request: Request, hotel: HotelSettings, cells: CellWriter) => Knex.Raw;
      /** How many rows `select` has in the same snapshot. */
      readonly count: (trx: Trx, request: Request, hotel: HotelSettings) => Promise<number>;
    }
  | {
      readonly by: "code";
      readonly compute: (
        trx: Trx,
        request: Request,
        hotel: HotelSettings,
        cells: CellWriter,
      ) => Promise<readonly (readonly CsvCell[])[]>;
    };

/** The request that a body means, with the form of its file: what is stored, hashed and shown. @param body as parsed */
export function requestOf({ normalise }: ReportKind, body: unknown, hotel: HotelSettings): unknown {
  // A plain file's request has no form in it, so that it is the same request as it was before there were others.
  return { ...(normalise(body, hotel.business_date) as object), ...normalizeForm(body, hotel) };
}

/** Ties a kind's schemas to its functions. */
export function defineKind<Body extends z.ZodType, Request>(kind: ReportKind<Body, Request>): ReportKind {
  // Bodies are parsed by `body` and stored requests by `request` before they come here, which makes the folding sound.
  return kind as unknown as ReportKind;
}

/**
 * A kind of report: the requests that it accepts, and its rows. The job, the file, the download and the schedule are
 * the same for all kinds.
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
  /** The contents, after "Create a report of". */
  readonly title: string;
  /** The meaning of each column, for the OpenAPI document. */
  readonly columns: Readonly<Record<string, string>>;
  /** Most days of a receptionist's report. Undefined if only managers can create it. */
  readonly deskDays?: number;
  /** The body of the request. */
  readonly body: Body;
  /** The form that is stored, hashed and shown. It is equal for all bodies that mean the same. */
  readonly request: z.ZodType<Request>;
  readonly normalize: (body: z.output<Body>, today: Day) => Request;
  /** Builds the name from checked days and fixed words only. */
  readonly fileName: (request: Request, today: Day) => string;
  readonly rows: Source<Request>;
}

/** The source of rows: PostgreSQL's COPY of a query for any size, or code that computes them one by one. */
export type Source<Request> =
  | {
      readonly by: "copy";
      /** Binds strings only, because COPY quotes values. */
      readonly select: (trx: Trx, request: Request, hotel: HotelSettings, cells: CellWriter) => Knex.Raw;
      /** Counts the rows of `select` in the same snapshot. */
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

/** Returns the request that is stored, hashed and shown, with the form of its file. @param body as parsed */
export function requestOf({ normalize }: ReportKind, body: unknown, hotel: HotelSettings): unknown {
  // The request of a plain file has no form, so that it equals the same request of an earlier version.
  // Every kind's `request` schema is an object, which its type does not say.
  return { ...(normalize(body, hotel.business_date) as object), ...normalizeForm(body, hotel) };
}

/** Checks that a kind's functions accept the types of its schemas. */
export function defineKind<Body extends z.ZodType, Request>(kind: ReportKind<Body, Request>): ReportKind {
  // Safe: a kind's functions only get bodies that `body` has parsed, and requests that `normalize` has made of them.
  return kind as unknown as ReportKind;
}

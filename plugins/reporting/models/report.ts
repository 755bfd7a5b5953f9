import { Model, raw } from "objection";

export const reportStatuses = ["queued", "running", "succeeded", "failed", "canceled", "expired"] as const;
export type ReportStatus = (typeof reportStatuses)[number];

/** The statuses of an unfinished report. */
export const openStatuses: readonly ReportStatus[] = ["queued", "running"];

/** Increments the version in a patch, without a read before. */
export const nextVersion = raw("version + 1");

/** The fields that every report gets when it succeeds, fails or is canceled. @param ttlHours `REPORT_TTL_HOURS` */
export function finishedFields(ttlHours: number) {
  const now = new Date();
  return {
    finished_at: now,
    expires_at: new Date(now.getTime() + ttlHours * 3_600_000),
    version: nextVersion,
  };
}

/** A requested report, and its file once it is built. */
export class Report extends Model {
  static override tableName = "reporting.reports";
  static override idColumn = ["hotel_id", "report_id"];
  static override jsonAttributes = ["request"];
  declare hotel_id: string;
  declare report_id: string;
  /** The name of one of `kinds/mod.ts`. */
  declare kind: string;
  declare status: ReportStatus;
  /** In the kind's own form. */
  declare request: Record<string, unknown>;
  /** SHA-256 of the kind and the request. It finds an unfinished report of the same request. */
  declare request_hash: Buffer;
  declare rows_done: number;
  /** Null until they are counted. */
  declare rows_total: number | null;
  /** The file has every change that was committed before this instant. Null until its snapshot is open. */
  declare data_as_of: Date | null;
  /** The name of the downloaded file. */
  declare file_name: string;
  /** The file's name in the store. Each attempt writes a file of its own. */
  declare file: string | null;
  /** The size of the CSV. pg returns an int8 as a string. */
  declare bytes: string | null;
  /** The size of the gzip file in the store. Null if the store has the plain CSV. */
  declare stored_bytes: string | null;
  declare sha256: string | null;
  /** The job's attempt that builds or has built it. */
  declare attempt: number;
  declare error: string | null;
  declare created_by: string;
  declare created_at: Date;
  declare started_at: Date | null;
  declare finished_at: Date | null;
  declare expires_at: Date | null;
  /** Set when the report is deleted. Its file can still be in the store. */
  declare deleted_at: Date | null;
  declare version: number;
}

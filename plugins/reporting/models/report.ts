import { Model, raw } from "objection";

export const reportStatuses = ["queued", "running", "succeeded", "failed", "canceled", "expired"] as const;
export type ReportStatus = (typeof reportStatuses)[number];

/** The statuses of a report that is still to come. */
export const openStatuses: readonly ReportStatus[] = ["queued", "running"];

/** For patches that count up without having read. */
export const nextVersion = raw("version + 1");

/** A report that somebody asked for, and once it is built, its file. */
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
  /** Of the request, so that the same one is found again. */
  declare request_hash: Buffer;
  declare rows_done: number;
  /** Null until they are counted. */
  declare rows_total: number | null;
  /** What the download is called. */
  declare file_name: string;
  /** Its name in the store; each attempt writes one of its own. */
  declare file: string | null;
  /** Of the CSV. int8: pg gives it as a string. */
  declare bytes: string | null;
  /** Of the file in the store, which is gzip; null: it is the CSV itself. */
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
  /** Set where it is deleted and its file may not be gone yet. */
  declare deleted_at: Date | null;
  declare version: number;
}

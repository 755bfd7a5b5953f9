import { Model } from "objection";

export const rhythms = ["night", "month"] as const;
export type Rhythm = (typeof rhythms)[number];

/** A report that the scheduler requests every night or every month. */
export class ReportSchedule extends Model {
  static override tableName = "reporting.schedules";
  static override idColumn = ["hotel_id", "schedule_id"];
  static override jsonAttributes = ["options"];
  declare hotel_id: string;
  declare schedule_id: string;
  declare kind: string;
  /** The kind's body without its days, as it was sent. */
  declare options: Record<string, unknown>;
  declare every: Rhythm;
  /** `HH:MM:SS` by the hotel's clock. */
  declare at: string;
  declare next_run_at: Date;
  /** Consecutive failures since the last report was requested. */
  declare failures: number;
  /** The earliest time of the next attempt. Null if the schedule runs as soon as it is due. */
  declare retry_at: Date | null;
  declare last_report_id: string | null;
  declare created_by: string;
  declare created_at: Date;
  declare version: number;
}

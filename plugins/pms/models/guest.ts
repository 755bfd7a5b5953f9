import { Model } from "objection";

/** A person who stays. Each booking has its own copy of the contact, as the desk entered it. */
export class Guest extends Model {
  static override tableName = "pms.guests";
  static override idColumn = ["hotel_id", "guest_id"];
  declare hotel_id: string;
  declare guest_id: string;
  declare name: string;
  declare email: string | null;
  declare phone: string | null;
  declare anonymized_at: Date | null;
  /** The guest that got its bookings in a merge. */
  declare merged_into: string | null;
  declare created_at: Date;
  declare version: number;
}

import { Model } from "objection";

/** A person who stays. A booking keeps a copy of the name and ways to reach them, as they were told at its desk. */
export class Guest extends Model {
  static override tableName = "pms.guests";
  static override idColumn = ["hotel_id", "guest_id"];
  declare hotel_id: string;
  declare guest_id: string;
  declare name: string;
  declare email: string | null;
  declare phone: string | null;
  declare anonymised_at: Date | null;
  /** The guest who has its bookings now. */
  declare merged_into: string | null;
  declare created_at: Date;
  declare version: number;
}

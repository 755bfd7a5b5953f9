import { Model } from "objection";

/** A tenant of the platform. */
export class Hotel extends Model {
  static override tableName = "identity.hotels";
  static override idColumn = "hotel_id";
  declare hotel_id: string;
  declare name: string;
  declare terms_and_conditions: string | null;
  declare time_zone: string;
  declare currency: string;
  declare check_in_time: string;
  declare check_out_time: string;
  declare desk_locks_after_minutes: number;
  declare business_date: string;
  declare subscription_valid: boolean;
  declare trial_ends_at: Date;
  declare valid_to: Date;
  declare created_at: Date;
  declare version: number;
}

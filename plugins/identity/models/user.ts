import { Model } from "objection";

import type { Role } from "../port.ts";

/** A member of staff. Users are deactivated and never deleted, because bookings and the security log name them. */
export class User extends Model {
  static override tableName = "identity.users";
  static override idColumn = ["hotel_id", "user_id"];
  declare hotel_id: string;
  declare user_id: string;
  declare username: string;
  /** The form by which usernames are compared (`usernames.ts`). */
  declare folded_username: string;
  declare password_hash: string;
  /** True if a manager has set the password and the user has not changed it since. */
  declare must_change_password: boolean;
  /** Null if the user has no PIN. */
  declare pin_hash: string | null;
  declare role: Role;
  declare active: boolean;
  declare created_at: Date;
  declare version: number;
}

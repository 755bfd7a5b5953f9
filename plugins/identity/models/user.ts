import { Model } from "objection";

import type { Role } from "../port.ts";

/** A member of staff. Deactivated, never erased: bookings and audit trails name them. */
export class User extends Model {
  static override tableName = "identity.users";
  static override idColumn = ["hotel_id", "user_id"];
  declare hotel_id: string;
  declare user_id: string;
  declare username: string;
  /** What the username is compared by: `usernames.ts`. */
  declare folded_username: string;
  declare password_hash: string;
  /** Set by a manager, and not changed by its user since. */
  declare must_change_password: boolean;
  declare role: Role;
  declare active: boolean;
  declare created_at: Date;
  declare version: number;
}

/**
 * Limits the passwords that are set, because each costs a hash. PostgreSQL counts for all processes, as for logins. A
 * hotel's count also stops its manager from trying which usernames exist on the platform.
 */
import { type Counts, tooMany } from "../../../core/mod.ts";

/** Passwords per minute. A script that adds a whole staff has to wait for a minute sometimes. */
export const settingsPerMinute = 60;

export interface PasswordLimit {
  /** Counts a password that a manager sets. @throws Problem RATE_LIMITED */
  ofHotel(hotelId: string): Promise<void>;
  /** Counts a password that a user sets for the own account. @throws Problem RATE_LIMITED */
  ofUser(userId: string): Promise<void>;
}

export function createPasswordLimit(limit: Counts): PasswordLimit {
  const count = async (kind: string, key: string): Promise<void> => {
    const [standing] = await limit.add([{ kind, key, seconds: 60 }]);
    if ((standing?.points ?? 0) > settingsPerMinute)
      throw tooMany(`At most ${settingsPerMinute} passwords in a minute.`, standing?.msLeft ?? 0);
  };
  return {
    ofHotel: (hotelId) => count("passwords-of-hotel", hotelId),
    ofUser: (userId) => count("passwords-of-user", userId),
  };
}

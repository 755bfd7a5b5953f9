/**
 * Setting a password costs a hash, so it is counted as a login is: in PostgreSQL, for all processes. A hotel's count also
 * keeps its manager from asking for every name on the platform whether it is taken.
 */
import { type Counts, tooMany } from "../../../core/mod.ts";

/** A hotel that brings its whole staff along by a script waits for a minute now and then. */
export const settingsPerMinute = 60;

export interface PasswordLimit {
  /** Counts one that a manager sets. @throws Problem RATE_LIMITED */
  ofHotel(hotelId: string): Promise<void>;
  /** Counts one that a user sets for the own account. @throws Problem RATE_LIMITED */
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

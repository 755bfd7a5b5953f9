/**
 * Checks whether a username is taken, before a hash is computed. Names are unique over all hotels, and can be e-mail
 * addresses. So the answer "taken" reveals another hotel's staff, and 20 of these answers are allowed in an hour.
 */
import { type Count, prepare, tooMany } from "../../../core/mod.ts";
import type { IdentityContext } from "../context.ts";
import { foldUsername } from "./usernames.ts";

/** Answers "taken" that one hotel, and one address, can get in an hour. */
export const takenPerHour = 20;

const takenStatement = prepare("identity_is_username_taken", "SELECT FROM identity.users WHERE folded_username = $1");

export interface TakenNames {
  /**
   * Returns whether a username is taken, and does not refuse it. The insert refuses it, after the check of stored
   * answers: a repeated request with its Idempotency-Key has taken the name itself. A taken name stays taken.
   * @param askers the keys of the counts: the hotel, and the network of the address
   * @throws Problem RATE_LIMITED if one of them has got too many answers "taken". Free names are refused then too
   */
  isTaken(username: string, askers: readonly string[]): Promise<boolean>;
}

export function createTakenNames({ db, counters }: Pick<IdentityContext, "db" | "counters">): TakenNames {
  return {
    isTaken: async (username, askers) => {
      const counts: Count[] = askers.map((key) => ({ kind: "taken-names", key, seconds: 3600 }));
      const full = (await counters.read(counts)).filter(({ points }) => points >= takenPerHour);
      if (full.length > 0) throw tooMany("Too many taken usernames.", Math.max(...full.map(({ msLeft }) => msLeft)));
      const found = await db.crossTenant((trx) => takenStatement.run(trx, [foldUsername(username)]), {
        readOnly: true,
      });
      if (found.length === 0) return false;
      await counters.add(counts);
      return true;
    },
  };
}

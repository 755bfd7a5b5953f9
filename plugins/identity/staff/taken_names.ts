/**
 * A look whether a username is taken, before a hash is paid for. Names are unique over all hotels, and may be e-mail addresses;
 * so each answer "taken" tells of another hotel's staff, and only so many are given in an hour.
 */
import { type Count, prepare, tooMany } from "../../../core/mod.ts";
import type { IdentityContext } from "../context.ts";
import { foldUsername } from "./usernames.ts";

/** Taken names that one hotel, and one address, may come upon in an hour. */
export const takenPerHour = 20;

const takenStatement = prepare("identity_is_username_taken", "SELECT FROM identity.users WHERE folded_username = $1");

export interface TakenNames {
  /**
   * It does not refuse a taken name: that is for the insert to do, behind the answers that are kept for an Idempotency-Key, one
   * of which may say that the name was taken by this very request. A name once taken stays so.
   * @param askers whose counts stand for this one: the hotel, and the network of the address
   * @throws Problem RATE_LIMITED where one of them has come upon too many taken names; free names are not answered then either
   */
  isTaken(username: string, askers: readonly string[]): Promise<boolean>;
}

export function createTakenNames({ db, counters }: Pick<IdentityContext, "db" | "counters">): TakenNames {
  return {
    isTaken: async (username, askers) => {
      const counts: Count[] = askers.map((key) => ({ kind: "taken-names", key, seconds: 3600 }));
      const full = (await counters.read(counts)).filter(({ points }) => points >= takenPerHour);
      if (full.length > 0)
        throw tooMany("Too many usernames that were taken.", Math.max(...full.map(({ msLeft }) => msLeft)));
      const found = await db.crossTenant((trx) => takenStatement.run(trx, [foldUsername(username)]), {
        readOnly: true,
      });
      if (found.length === 0) return false;
      await counters.add(counts);
      return true;
    },
  };
}

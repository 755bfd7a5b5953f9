/** A login by username and password: throttled, checked, and told the same whoever it is not. */
import { prepare } from "../../core/mod.ts";
import type { IdentityContext } from "./context.ts";
import { checkPassword } from "./hashing.ts";
import { createLoginThrottle, type LoginThrottle } from "./throttle.ts";

/** Whose login holds, with the password's hash that it was checked against. */
export interface KnownUser {
  readonly hotel_id: string;
  readonly user_id: string;
  readonly password_hash: string;
}

type Found = { readonly account: string } & (
  | (KnownUser & { readonly active: boolean })
  | { readonly hotel_id: null; readonly user_id: null; readonly password_hash: null; readonly active: null }
);

// PostgreSQL folds the name of an unknown user as it folds the others: there is one account to every way of writing it.
const findStatement = prepare<Found>(
  "identity_find_login",
  `SELECT lower($1) AS account, u.hotel_id, u.user_id, u.password_hash, u.active
   FROM (VALUES (1)) AS one LEFT JOIN identity.users u ON lower(u.username) = lower($1)`,
);

export interface Logins {
  /**
   * Undefined where the username or the password is wrong, or the user is not active.
   * @throws Problem RATE_LIMITED, SERVICE_UNAVAILABLE
   */
  check(username: string, password: string, address: string): Promise<KnownUser | undefined>;
  readonly throttle: LoginThrottle;
}

export function createLogins({ db, limit, env }: IdentityContext): Logins {
  const throttle = createLoginThrottle(limit, { failures: env.FAILED_LOGINS, calls: env.LOGINS_PER_MINUTE });
  return {
    throttle,
    check: async (username, password, address) => {
      const [found] = await db.platform((trx) => findStatement.run(trx, [username]), { readOnly: true });
      if (found === undefined) throw new Error("A statement that gives one row gave none.");
      const attempt = throttle.attempt(found.account, address);
      try {
        await attempt.begin();
        // The hash is always paid for, outside of any transaction; an inactive user is told what an unknown one is told.
        const holds = await checkPassword(password, found.active === true ? found.password_hash : undefined);
        if (!holds || found.user_id === null) {
          await attempt.failed();
          return undefined;
        }
        await attempt.succeeded();
        return found;
      } finally {
        attempt.end();
      }
    },
  };
}

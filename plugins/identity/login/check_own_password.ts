/** Checks the password of a caller who is logged in. */
import { type Actor, prepare, type RequestFacts } from "../../../core/mod.ts";
import type { IdentityContext } from "../context.ts";
import { identityProblems } from "../errors.ts";
import type { LoginThrottle } from "./throttle.ts";
import { checkPassword, turnOfLogin } from "../passwords/hashing.ts";

interface PasswordOwner {
  readonly hotel_name: string;
  readonly username: string;
  readonly folded_username: string;
  readonly password_hash: string;
}

const readStatement = prepare<PasswordOwner>(
  "identity_read_own_password",
  `SELECT h.name AS hotel_name, u.username, u.folded_username, u.password_hash
   FROM identity.users u JOIN identity.hotels h ON h.hotel_id = u.hotel_id WHERE u.hotel_id = $1 AND u.user_id = $2`,
);

export interface OwnPasswordCheck {
  readonly db: IdentityContext["db"];
  readonly throttle: LoginThrottle;
}

/**
 * Checks the caller's password. Wrong ones are counted for the session. So the finder of an open screen can't try them
 * all, and strangers who guess at the login do not block the user.
 * @returns the user as it was checked
 * @throws Problem INVALID_CREDENTIALS, RATE_LIMITED, SERVICE_UNAVAILABLE
 */
export async function checkOwnPassword(
  { db, throttle }: OwnPasswordCheck,
  { tenantId, userId, sessionId }: Actor,
  { address }: Pick<RequestFacts, "address">,
  password: string,
  wrong = "The password is wrong.",
): Promise<PasswordOwner> {
  const [user] = await db.tenant(tenantId, (trx) => readStatement.run(trx, [tenantId, userId]), { readOnly: true });
  if (user === undefined) throw new Error("The logged-in user has no row.");
  const attempt = throttle.attempt(user.folded_username, address, user.password_hash, { key: sessionId, only: true });
  try {
    await attempt.begin();
    if (!(await checkPassword(password, user.password_hash, turnOfLogin(address, true)))) {
      await attempt.failed();
      throw identityProblems.INVALID_CREDENTIALS(wrong);
    }
    await attempt.succeeded();
  } finally {
    attempt.end();
  }
  return user;
}

/** Changes the caller's own password. */
import { type Actor, prepare, problems, type RequestFacts } from "../../../core/mod.ts";
import type { IdentityContext } from "../context.ts";
import { identityProblems } from "../errors.ts";
import { checkPassword, turnOfLogin, turnOfHotel } from "../passwords/hashing.ts";
import type { PasswordLimit } from "../passwords/limit.ts";
import { hashPassword } from "../passwords/passwords.ts";
import { staff } from "../port.ts";
import { revokeSessions, type Sessions } from "../sessions/sessions.ts";
import { requireStillAuthorized, lockAuthority } from "../rights/still_authorized.ts";
import type { LoginThrottle } from "../login/throttle.ts";

const readStatement = prepare<{ hotel_name: string; username: string; folded_username: string; password_hash: string }>(
  "identity_read_own_password",
  `SELECT h.name AS hotel_name, u.username, u.folded_username, u.password_hash
   FROM identity.users u JOIN identity.hotels h ON h.hotel_id = u.hotel_id WHERE u.hotel_id = $1 AND u.user_id = $2`,
);
// Replaces only the password that was checked, so the second of two concurrent changes is refused.
const changeStatement = prepare<{ user_id: string }>(
  "identity_change_own_password",
  `UPDATE identity.users SET password_hash = $3, must_change_password = false, version = version + 1
   WHERE hotel_id = $1 AND user_id = $2 AND password_hash = $4 RETURNING user_id`,
);

export interface OwnPasswordChange {
  readonly actor: Actor;
  readonly request: RequestFacts;
  readonly old_password: string;
  readonly new_password: string;
}

export interface OwnPasswordServices {
  readonly db: IdentityContext["db"];
  readonly audit: IdentityContext["audit"];
  readonly throttle: LoginThrottle;
  readonly limit: PasswordLimit;
  readonly sessions: Sessions;
}

/**
 * Sets a new password and ends the other sessions. Wrong old passwords are counted for the session. So the finder of an
 * open screen can't try them all, and strangers who guess at the login do not block the user.
 * @throws Problem UNAUTHENTICATED, INVALID_CREDENTIALS, VALIDATION_FAILED, PASSWORD_TOO_WEAK (at `/new_password`),
 * RATE_LIMITED, SERVICE_UNAVAILABLE
 */
export async function changeOwnPassword(
  { audit, db, throttle, limit, sessions }: OwnPasswordServices,
  { actor, request, old_password: oldPassword, new_password: newPassword }: OwnPasswordChange,
): Promise<void> {
  const { tenantId, userId, sessionId } = actor;
  const { address } = request;
  const [user] = await db.tenant(tenantId, (trx) => readStatement.run(trx, [tenantId, userId]), { readOnly: true });
  if (user === undefined) throw new Error("The logged-in user has no row.");
  const refused = identityProblems.INVALID_CREDENTIALS("The old password is wrong.");
  const attempt = throttle.attempt(user.folded_username, address, user.password_hash, {
    key: sessionId,
    only: true,
  });
  try {
    await attempt.begin();
    if (!(await checkPassword(oldPassword, user.password_hash, turnOfLogin(address, true)))) {
      await attempt.failed();
      throw refused;
    }
    await attempt.succeeded();
  } finally {
    attempt.end();
  }
  await limit.ofUser(userId);
  if (newPassword === oldPassword.normalize("NFC")) {
    const detail = "must differ from the old password";
    throw problems.VALIDATION_FAILED(`/new_password ${detail}`, {
      errors: [{ in: "body", pointer: "/new_password", detail }],
    });
  }
  const next = {
    password: newPassword,
    username: user.username,
    hotelName: user.hotel_name,
    pointer: "/new_password",
  };
  const newHash = await hashPassword(next, turnOfHotel(tenantId));
  await db.tenant(tenantId, async (trx) => {
    await lockAuthority(trx, userId);
    const changed = await changeStatement.run(trx, [tenantId, userId, newHash, user.password_hash]);
    if (changed.length === 0) throw refused;
    // After the change, which has locked the row. So two concurrent changes can't deadlock.
    await requireStillAuthorized(trx, actor, staff);
    audit.record(trx, { kind: "own_password_changed", actor, request });
    await revokeSessions(trx, { hotel_id: tenantId, user_id: userId }, sessionId);
  });
  sessions.forget(tenantId, userId);
}

/** Changes the caller's own password. */
import { type Actor, prepare, problems, type RequestFacts } from "../../../core/mod.ts";
import type { IdentityContext } from "../context.ts";
import { identityProblems } from "../errors.ts";
import { checkOwnPassword } from "../login/check_own_password.ts";
import { turnOfHotel } from "../passwords/hashing.ts";
import type { PasswordLimit } from "../passwords/limit.ts";
import { hashPassword } from "../passwords/passwords.ts";
import { roles } from "../port.ts";
import { revokeSessions, type Sessions } from "../sessions/sessions.ts";
import { requireStillAuthorized, lockAuthority } from "../rights/still_authorized.ts";
import type { LoginThrottle } from "../login/throttle.ts";

const wrongPassword = "The old password is wrong.";

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
 * Sets a new password and ends the other sessions.
 * @throws Problem UNAUTHENTICATED, INVALID_CREDENTIALS, VALIDATION_FAILED, PASSWORD_TOO_WEAK (at `/new_password`),
 * RATE_LIMITED, SERVICE_UNAVAILABLE
 */
export async function changeOwnPassword(
  { audit, db, throttle, limit, sessions }: OwnPasswordServices,
  { actor, request, old_password: oldPassword, new_password: newPassword }: OwnPasswordChange,
): Promise<void> {
  const { tenantId, userId, sessionId } = actor;
  const services = { db, throttle };
  const user = await checkOwnPassword(services, actor, request, oldPassword, wrongPassword);
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
    if (changed.length === 0) throw identityProblems.INVALID_CREDENTIALS(wrongPassword);
    // After the change, which has locked the row. So two concurrent changes can't deadlock.
    await requireStillAuthorized(trx, actor, roles);
    audit.record(trx, { kind: "own_password_changed", actor, request });
    await revokeSessions(trx, { hotel_id: tenantId, user_id: userId }, sessionId);
  });
  sessions.forget(tenantId, userId);
}

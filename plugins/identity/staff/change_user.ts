/** Changes a member of staff for a manager. */
import { type Actor, type AuditEvent, requireMatch, type RequestFacts } from "../../../core/mod.ts";
import type { IdentityContext } from "../context.ts";
import { identityProblems, noSuchUser } from "../errors.ts";
import { turnOfHotel } from "../passwords/hashing.ts";
import { User } from "../models/user.ts";
import type { PasswordLimit } from "../passwords/limit.ts";
import { hashPassword } from "../passwords/passwords.ts";
import { revokeSessions, type Sessions } from "../sessions/sessions.ts";
import { readHotelName } from "./staff.ts";
import { lockStaff } from "../rights/lock_staff.ts";
import { lockAuthority } from "../rights/still_authorized.ts";

export interface StaffServices {
  readonly db: IdentityContext["db"];
  readonly audit: IdentityContext["audit"];
  readonly limit: PasswordLimit;
  readonly sessions: Sessions;
}

export interface UserChange {
  readonly actor: Actor;
  readonly userId: string;
  readonly request: RequestFacts;
  readonly role?: User["role"] | undefined;
  readonly active?: boolean | undefined;
  readonly password?: string | undefined;
  /** Default: true with a password, and unchanged without one. */
  readonly must_change_password?: boolean | undefined;
}

/**
 * Changes a role, the activation or the password.
 * @throws Problem NOT_FOUND, PRECONDITION_FAILED, or LAST_MANAGER if the hotel would have no manager
 * @throws Problem UNAUTHENTICATED or FORBIDDEN if the caller lost the rights of a manager
 * @throws Problem OWN_PASSWORD, PASSWORD_TOO_WEAK, RATE_LIMITED, SERVICE_UNAVAILABLE for the password
 */
export async function changeUser(services: StaffServices, change: UserChange): Promise<User> {
  const { audit, db, sessions } = services;
  const { actor, userId, request } = change;
  const passwordHash = change.password === undefined ? undefined : await hashFor(services, change, change.password);
  const changed = await db.tenant(actor.tenantId, async (trx) => {
    await lockAuthority(trx, userId);
    const { user, isLast } = await lockStaff(trx, actor, userId);
    requireMatch(request.ifMatch, user.version);
    const { role = user.role, active = user.active } = change;
    const mustChange = change.must_change_password ?? (passwordHash !== undefined || user.must_change_password);
    if (isLast && !(role === "manager" && active)) {
      throw identityProblems.LAST_MANAGER(
        `${user.username} is the hotel's only active manager. Make another one first.`,
      );
    }
    if (!active || passwordHash !== undefined) {
      await revokeSessions(trx, { hotel_id: user.hotel_id, user_id: user.user_id });
    }
    for (const event of eventsOf(user, change)) audit.record(trx, event);
    return user.$query(trx).patchAndFetch({
      role,
      active,
      must_change_password: mustChange,
      // The new password can mean that a stranger knew the old one, and has set the PIN with it.
      ...(passwordHash === undefined ? {} : { password_hash: passwordHash, pin_hash: null }),
      version: user.version + 1,
    });
  });
  sessions.forget(actor.tenantId, userId);
  return changed;
}

/** Returns the events of a change for the security log. */
function eventsOf(before: User, change: UserChange): AuditEvent[] {
  const { actor, request, role, active, password, must_change_password: mustChange } = change;
  const subject = { type: "user", id: before.user_id, name: before.username };
  const details = {
    ...(role === undefined || role === before.role ? {} : { role: [before.role, role] }),
    ...(active === undefined || active === before.active ? {} : { active: [before.active, active] }),
    ...(mustChange === undefined || (password === undefined && mustChange === before.must_change_password)
      ? {}
      : { change_required: [before.must_change_password, mustChange] }),
  };
  return [
    ...(Object.keys(details).length === 0 ? [] : [{ kind: "user_changed", actor, request, subject, details }]),
    ...(password === undefined ? [] : [{ kind: "password_set", actor, request, subject }]),
  ];
}

/** Hashes the password before the transaction, so that no connection waits. An unknown user costs no hash. */
async function hashFor({ db, limit }: StaffServices, { actor, userId }: UserChange, password: string): Promise<string> {
  if (userId === actor.userId) {
    const detail = "is your own: change it at POST /users/me/password, with the old one";
    throw identityProblems.OWN_PASSWORD(`The password ${detail}.`, {
      errors: [{ in: "body", pointer: "/password", detail }],
    });
  }
  const find = { hotel_id: actor.tenantId, user_id: userId };
  const [user, hotelName] = await db.tenant(
    actor.tenantId,
    async (trx) => [await User.query(trx).findOne(find), await readHotelName(trx, actor.tenantId)] as const,
    { readOnly: true },
  );
  if (user === undefined) throw noSuchUser();
  await limit.ofHotel(actor.tenantId);
  return hashPassword({ password, username: user.username, hotelName }, turnOfHotel(actor.tenantId));
}

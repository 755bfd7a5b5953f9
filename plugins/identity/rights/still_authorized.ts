/**
 * Checks in each write that the caller still has the right to it. A process remembers a session for 2 s
 * (`sessions.ts`), and a manager can dismiss the user in that time. A late read does no harm, but a late write would.
 *
 * Writes share an advisory lock of their user until they end. A dismissal, a new role or the end of a session first
 * takes the same lock exclusively. So it waits for the running writes, and later writes see its result. A row lock of
 * the user for each write would cost a write of its own.
 */
import { type Actor, type ConfirmActor, prepare, problems, type Trx } from "../../../core/mod.ts";
import type { User } from "../models/user.ts";
import type { Role } from "../port.ts";
import { isOpen } from "./open_sessions.ts";
import { sessionLocked } from "./session_locked.ts";

const shareStatement = prepare(
  "identity_share_authority",
  "SELECT pg_advisory_xact_lock_shared(hashtextextended('identity authority ' || $1, 0))",
);
const lockStatement = prepare(
  "identity_take_authority",
  "SELECT pg_advisory_xact_lock(hashtextextended('identity authority ' || $1, 0))",
);
interface Authority {
  readonly role: Role;
  readonly username: string;
  readonly is_locked: boolean;
  readonly has_pin: boolean;
}

// A separate statement after the lock: with an earlier snapshot it would miss the change that the lock waited for.
const roleStatement = prepare<Authority>(
  "identity_read_authority",
  `SELECT u.role, u.username, s.locked_at IS NOT NULL AS is_locked, u.pin_hash IS NOT NULL AS has_pin
   FROM identity.sessions s
   JOIN identity.users u ON u.hotel_id = s.hotel_id AND u.user_id = s.user_id
   WHERE s.hotel_id = $1 AND s.session_id = $2 AND s.user_id = $3 AND ${isOpen("s")} AND u.active`,
);

/**
 * Returns the actor's role, which can't change until the transaction ends. Undefined if the session has ended.
 * @throws Problem SESSION_LOCKED if the session was locked after the actor was admitted
 */
export const confirmActor: ConfirmActor = async (trx, { tenantId, userId, sessionId, restriction }) => {
  const [, [found]] = await Promise.all([
    shareStatement.run(trx, [userId]),
    roleStatement.run(trx, [tenantId, sessionId, userId]),
  ]);
  const isAdmittedLocked = restriction?.problem.code === "SESSION_LOCKED";
  if (found?.is_locked === true && !isAdmittedLocked) throw sessionLocked(found);
  return found?.role;
};

/** Waits for the user's running writes. Call it first in a transaction that removes rights of a user. */
export async function lockAuthority(trx: Trx, userId: string): Promise<void> {
  await lockStatement.run(trx, [userId]);
}

type UserRights = Pick<User, "role" | "active">;

const lockActorStatement = prepare<UserRights>(
  "identity_lock_actor",
  "SELECT role, active FROM identity.users WHERE hotel_id = $1 AND user_id = $2 FOR SHARE",
);
// A separate statement after the lock of the user's row: one that waited for the row would see the old session.
const lockSessionStatement = prepare<{ session_id: string }>(
  "identity_lock_session",
  `SELECT s.session_id FROM identity.sessions s
   WHERE s.hotel_id = $1 AND s.session_id = $2 AND s.user_id = $3 AND ${isOpen("s")} FOR SHARE`,
);

/** Locks the actor's rows and checks the role. @throws Problem UNAUTHENTICATED, FORBIDDEN */
export async function requireStillAuthorized(trx: Trx, actor: Actor, allowed: readonly Role[]): Promise<void> {
  const [user] = await lockActorStatement.run(trx, [actor.tenantId, actor.userId]);
  await requireActorStillAuthorized(trx, actor, user, allowed);
}

/**
 * Does the same as `requireStillAuthorized` if the actor's row is locked already.
 * @throws Problem UNAUTHENTICATED, FORBIDDEN
 */
export async function requireActorStillAuthorized(
  trx: Trx,
  { tenantId, userId, sessionId }: Actor,
  user: UserRights | undefined,
  allowed: readonly Role[],
): Promise<void> {
  const [session] = await lockSessionStatement.run(trx, [tenantId, sessionId, userId]);
  if (user?.active !== true || session === undefined) {
    throw problems.UNAUTHENTICATED("Your session has ended. Log in again.", {
      headers: { "WWW-Authenticate": 'Bearer realm="keyrack"' },
    });
  }
  if (!allowed.includes(user.role)) {
    throw problems.FORBIDDEN(`This is for ${allowed.join(" or ")}; you are ${user.role}.`);
  }
}

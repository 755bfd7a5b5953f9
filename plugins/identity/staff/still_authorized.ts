/**
 * May the caller still do this? A process remembers a session for two seconds (`sessions.ts`), in which a manager may have
 * dismissed its user. To read on for so long does no harm; to write would. So each write asks again, in its transaction.
 *
 * Writes share an advisory lock of their user until they end. What takes a right away (a dismissal, a new role, the end of a
 * session) takes the same lock for itself first: it waits for the writes that are under way, and those that come later see it.
 * No row lock: one of a user's row for each write would cost a write of its own.
 */
import { type Actor, type ConfirmActor, prepare, problems, type Trx } from "../../../core/mod.ts";
import type { User } from "../models/user.ts";
import type { Role } from "../port.ts";

const shareStatement = prepare(
  "identity_share_authority",
  "SELECT pg_advisory_xact_lock_shared(hashtextextended('identity authority ' || $1, 0))",
);
const lockStatement = prepare(
  "identity_take_authority",
  "SELECT pg_advisory_xact_lock(hashtextextended('identity authority ' || $1, 0))",
);
// A statement of its own, after the lock: with a snapshot from before it would miss what the lock waited for.
const roleStatement = prepare<{ role: Role }>(
  "identity_read_authority",
  `SELECT u.role FROM identity.sessions s
   JOIN identity.users u ON u.hotel_id = s.hotel_id AND u.user_id = s.user_id
   WHERE s.hotel_id = $1 AND s.session_id = $2 AND s.user_id = $3 AND s.revoked_at IS NULL AND u.active`,
);

/** The role that the actor has now, kept until the transaction ends; undefined where the session has ended. */
export const confirmActor: ConfirmActor = async (trx, { tenantId, userId, sessionId }) => {
  const [, [found]] = await Promise.all([
    shareStatement.run(trx, [userId]),
    roleStatement.run(trx, [tenantId, sessionId, userId]),
  ]);
  return found?.role;
};

/** First in a transaction that takes rights of a user away: waits for the user's writes that are under way. */
export async function lockAuthority(trx: Trx, userId: string): Promise<void> {
  await lockStatement.run(trx, [userId]);
}

type Standing = Pick<User, "role" | "active">;

const lockActorStatement = prepare<Standing>(
  "identity_lock_actor",
  "SELECT role, active FROM identity.users WHERE hotel_id = $1 AND user_id = $2 FOR SHARE",
);
// After the user's row and in a statement of its own: one that waited for the row would know the session as it was before.
const lockSessionStatement = prepare<{ session_id: string }>(
  "identity_lock_session",
  `SELECT session_id FROM identity.sessions
   WHERE hotel_id = $1 AND session_id = $2 AND user_id = $3 AND revoked_at IS NULL FOR SHARE`,
);

/** @throws Problem UNAUTHENTICATED, FORBIDDEN */
export async function requireStillAuthorized(trx: Trx, actor: Actor, allowed: readonly Role[]): Promise<void> {
  const [user] = await lockActorStatement.run(trx, [actor.tenantId, actor.userId]);
  await requireActorStillAuthorized(trx, actor, user, allowed);
}

/**
 * The same, for who has locked the actor's row already.
 * @throws Problem UNAUTHENTICATED, FORBIDDEN
 */
export async function requireActorStillAuthorized(
  trx: Trx,
  { tenantId, userId, sessionId }: Actor,
  user: Standing | undefined,
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

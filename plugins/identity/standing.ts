/**
 * May who is calling still do this? A process remembers a session for two seconds (`sessions.ts`), in which somebody else
 * may have dismissed its user. To read on for so long does no harm; to undo the dismissal would. So what changes the staff
 * or the hotel asks again, in the transaction of the change, and holds what it was told until the commit.
 */
import { type Actor, prepare, problems, type Trx } from "../../core/mod.ts";
import type { User } from "./models/user.ts";
import type { Role } from "./port.ts";

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
export async function requireStanding(trx: Trx, actor: Actor, allowed: readonly Role[]): Promise<void> {
  const [user] = await lockActorStatement.run(trx, [actor.tenantId, actor.userId]);
  await confirmStanding(trx, actor, user, allowed);
}

/**
 * The same, for who has locked the actor's row already.
 * @throws Problem UNAUTHENTICATED, FORBIDDEN
 */
export async function confirmStanding(
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

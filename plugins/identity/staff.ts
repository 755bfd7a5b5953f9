/** The rules about a hotel's staff. */
import { type Actor, constraintOf, newId, prepare, type Trx } from "../../core/mod.ts";
import type { IdentityContext } from "./context.ts";
import { identityProblems } from "./errors.ts";
import { User } from "./models/user.ts";
import { managers, type Role } from "./port.ts";
import { noSuchUser } from "./sessions.ts";
import { confirmStanding } from "./standing.ts";
import { foldUsername } from "./usernames.ts";

export interface NewUser {
  readonly hotel_id: string;
  readonly username: string;
  /**
   * From `hashPassword`, made before the transaction: it takes its time, and would hold a connection for it. Undefined where
   * the username was seen to be taken, and nothing was hashed.
   */
  readonly password_hash: string | undefined;
  readonly role: Role;
}

const takenStatement = prepare("identity_is_username_taken", "SELECT FROM identity.users WHERE folded_username = $1");

/**
 * A look before a hash is paid for. It does not refuse: that is for the insert to do, behind the answers that are kept for
 * an Idempotency-Key, one of which may say that the name was taken by this very request. A name once taken stays so.
 */
export async function isUsernameTaken({ db }: IdentityContext, username: string): Promise<boolean> {
  const found = await db.platform((trx) => takenStatement.run(trx, [foldUsername(username)]), { readOnly: true });
  return found.length > 0;
}

/** @throws Problem USERNAME_TAKEN */
export async function insertUser(trx: Trx, { password_hash: passwordHash, ...user }: NewUser): Promise<User> {
  const taken = identityProblems.USERNAME_TAKEN(
    `The username ${user.username} is taken. Usernames are unique over all hotels.`,
  );
  if (passwordHash === undefined) throw taken;
  const folded = { folded_username: foldUsername(user.username), password_hash: passwordHash };
  try {
    return await User.query(trx).insertAndFetch({ user_id: newId(), ...user, ...folded });
  } catch (error) {
    throw constraintOf(error) === "users_folded_username" ? taken : error;
  }
}

/**
 * Locks one of the hotel's users, and with them its active managers and who is calling, so that two who dismiss each other
 * at once can't both succeed. In the order of their ids, so that they do not wait for each other in a ring.
 * @throws Problem UNAUTHENTICATED, FORBIDDEN where the caller is no manager any more; NOT_FOUND
 */
export async function lockStaff(trx: Trx, actor: Actor, userId: string): Promise<{ user: User; isLast: boolean }> {
  const locked = await User.query(trx)
    .where({ hotel_id: actor.tenantId })
    .whereRaw("(user_id IN (?, ?) OR (role = 'manager' AND active))", [userId, actor.userId])
    .orderBy("user_id")
    .forUpdate();
  const caller = locked.find((one) => one.user_id === actor.userId);
  await confirmStanding(trx, actor, caller, managers);
  const user = locked.find((one) => one.user_id === userId);
  if (user === undefined) throw noSuchUser();
  const isManager = (one: User): boolean => one.role === "manager" && one.active;
  return { user, isLast: isManager(user) && locked.filter(isManager).length === 1 };
}

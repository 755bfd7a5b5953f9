/** Reads and locks a hotel's staff, and adds users. */
import { type Actor, constraintOf, newId, prepare, type Trx } from "../../../core/mod.ts";
import { identityProblems } from "../errors.ts";
import { User } from "../models/user.ts";
import { managers, type Role } from "../port.ts";
import { noSuchUser } from "../sessions/sessions.ts";
import { requireActorStillAuthorized } from "./still_authorized.ts";
import { foldUsername } from "./usernames.ts";

export interface NewUser {
  readonly hotel_id: string;
  readonly username: string;
  /**
   * Computed before the transaction, because a hash is slow and must not keep a connection waiting. Undefined if the
   * username is taken, and nothing was hashed.
   */
  readonly password_hash: string | undefined;
  readonly role: Role;
  /** Default: false, because the user has chosen the password. */
  readonly must_change_password?: boolean;
}

const nameStatement = prepare<{ name: string }>(
  "identity_read_hotel_name",
  "SELECT name FROM identity.hotels WHERE hotel_id = $1",
);

/** Reads the hotel's name, whose words do not count in a password. */
export async function readHotelName(trx: Trx, hotelId: string): Promise<string> {
  const [hotel] = await nameStatement.run(trx, [hotelId]);
  if (hotel === undefined) throw new Error("The tenant has no hotel.");
  return hotel.name;
}

/** Adds a user. @throws Problem USERNAME_TAKEN */
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
 * Locks a user, the caller and the hotel's active managers. So two managers who dismiss each other at the same time
 * can't both succeed. The rows are locked in the order of their ids, so that no deadlock is possible.
 * @throws Problem NOT_FOUND, and UNAUTHENTICATED or FORBIDDEN if the caller lost the rights of a manager
 */
export async function lockStaff(trx: Trx, actor: Actor, userId: string): Promise<{ user: User; isLast: boolean }> {
  const locked = await User.query(trx)
    .where({ hotel_id: actor.tenantId })
    .whereRaw("(user_id IN (?, ?) OR (role = 'manager' AND active))", [userId, actor.userId])
    .orderBy("user_id")
    .forUpdate();
  const caller = locked.find((one) => one.user_id === actor.userId);
  await requireActorStillAuthorized(trx, actor, caller, managers);
  const user = locked.find((one) => one.user_id === userId);
  if (user === undefined) throw noSuchUser();
  const isManager = (one: User): boolean => one.role === "manager" && one.active;
  return { user, isLast: isManager(user) && locked.filter(isManager).length === 1 };
}

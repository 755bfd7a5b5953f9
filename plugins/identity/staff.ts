/** The rules about a hotel's staff. */
import { constraintOf, newId, type Trx } from "../../core/mod.ts";
import { identityProblems } from "./errors.ts";
import { User } from "./models/user.ts";
import type { Role } from "./port.ts";
import { noSuchUser } from "./sessions.ts";

export interface NewUser {
  readonly hotel_id: string;
  readonly username: string;
  /** From `hashPassword`, made before the transaction: it takes its time, and would hold a connection for it. */
  readonly password_hash: string;
  readonly role: Role;
}

/** @throws Problem USERNAME_TAKEN */
export async function insertUser(trx: Trx, user: NewUser): Promise<User> {
  try {
    return await User.query(trx).insertAndFetch({ user_id: newId(), ...user });
  } catch (error) {
    if (constraintOf(error) !== "users_username") throw error;
    throw identityProblems.USERNAME_TAKEN(
      `The username ${user.username} is taken. Usernames are unique over all hotels.`,
    );
  }
}

/**
 * Locks one of the hotel's users, and with them its active managers, so that two who dismiss each other at once can't both
 * succeed. In the order of their ids, so that they do not wait for each other in a ring.
 * @throws Problem NOT_FOUND
 */
export async function lockStaff(trx: Trx, hotelId: string, userId: string): Promise<{ user: User; isLast: boolean }> {
  const locked = await User.query(trx)
    .where({ hotel_id: hotelId })
    .whereRaw("(user_id = ? OR (role = 'manager' AND active))", [userId])
    .orderBy("user_id")
    .forUpdate();
  const user = locked.find((one) => one.user_id === userId);
  if (user === undefined) throw noSuchUser();
  const isManager = (one: User): boolean => one.role === "manager" && one.active;
  return { user, isLast: isManager(user) && locked.filter(isManager).length === 1 };
}

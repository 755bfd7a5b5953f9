/** The rules about a hotel's staff. */
import { constraintOf, newId, type Trx } from "../../core/mod.ts";
import { identityProblems } from "./errors.ts";
import { User } from "./models/user.ts";
import { hashPassword } from "./passwords.ts";
import type { Role } from "./port.ts";

export interface NewUser {
  readonly hotel_id: string;
  readonly username: string;
  readonly password: string;
  readonly role: Role;
}

/** @throws Problem USERNAME_TAKEN, PASSWORD_TOO_WEAK */
export async function insertUser(trx: Trx, { password, ...user }: NewUser): Promise<User> {
  const passwordHash = await hashPassword(password, user.username);
  try {
    return await User.query(trx).insertAndFetch({ user_id: newId(), ...user, password_hash: passwordHash });
  } catch (error) {
    if (constraintOf(error) !== "users_username") throw error;
    throw identityProblems.USERNAME_TAKEN(
      `The username ${user.username} is taken. Usernames are unique over all hotels.`,
    );
  }
}

/**
 * Locks the hotel's active managers, so that two who dismiss each other at once can't both succeed.
 * @throws Problem LAST_MANAGER where none would be left
 */
export async function keepAManager(trx: Trx, user: User): Promise<void> {
  const managers = await User.query(trx)
    .where({ hotel_id: user.hotel_id, role: "manager", active: true })
    .orderBy("user_id")
    .forUpdate();
  if (managers.every((manager) => manager.user_id === user.user_id)) {
    throw identityProblems.LAST_MANAGER(`${user.username} is the hotel's only active manager. Make another one first.`);
  }
}

/** Adds users, and reads what a change of them needs. */
import { constraintOf, newId, prepare, type Trx } from "../../../core/mod.ts";
import { identityProblems } from "../errors.ts";
import { User } from "../models/user.ts";
import type { Role } from "../port.ts";
import { foldUsername } from "../names/usernames.ts";

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

/** The user of a login, with the hash that the password is checked against. */
export interface KnownUser {
  readonly hotel_id: string;
  readonly user_id: string;
  readonly username: string;
  readonly password_hash: string;
}

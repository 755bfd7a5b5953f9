import type { Knex } from "knex";

import { foldUsername } from "../names/usernames.ts";

/** Usernames are compared as `usernames.ts` folds them, and not as the server's locale does. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw("ALTER TABLE identity.users ADD COLUMN folded_username text");
  const users = (await knex("identity.users").select("user_id", "username")) as { user_id: string; username: string }[];
  const nameOf = new Map<string, string>();
  for (const { user_id: id, username } of users) {
    const folded = foldUsername(username);
    const other = nameOf.get(folded);
    if (other !== undefined) {
      throw new Error(
        `The usernames ${other} and ${username} are one, as they are compared from now on. Remedy: rename one of the two ` +
          "in identity.users, tell its owner, and migrate again.",
      );
    }
    nameOf.set(folded, username);
    await knex("identity.users").where({ user_id: id }).update({ folded_username: folded });
  }
  await knex.raw(`
    ALTER TABLE identity.users ALTER COLUMN folded_username SET NOT NULL;
    DROP INDEX identity.users_username;
    -- Over all hotels: a username alone says who logs in.
    CREATE UNIQUE INDEX users_folded_username ON identity.users (folded_username);
  `);
}

import type { Knex } from "knex";

/** A password that a manager has set for a colleague must be changed by its user. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw("ALTER TABLE identity.users ADD COLUMN must_change_password boolean NOT NULL DEFAULT false");
}

import type { Knex } from "knex";

/** Adds the role of those who clean the rooms. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE identity.users DROP CONSTRAINT users_role_check;
    ALTER TABLE identity.users ADD CONSTRAINT users_role_check
      CHECK (role IN ('manager', 'receptionist', 'housekeeper'));
  `);
}

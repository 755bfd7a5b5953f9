import type { Knex } from "knex";

/** Lets a hotel decide whether guests may be put into rooms that have not been cleaned. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE pms.policies ADD COLUMN dirty_room_check_in text NOT NULL DEFAULT 'allow'
      CHECK (dirty_room_check_in IN ('allow', 'warn', 'refuse'));
  `);
}

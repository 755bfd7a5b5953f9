import type { Knex } from "knex";

/** Adds the floor of a room, by which the list of housekeeping is grouped. Existing rooms have none. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw("ALTER TABLE pms.rooms ADD COLUMN floor text");
}

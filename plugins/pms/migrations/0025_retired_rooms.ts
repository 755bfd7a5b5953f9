import type { Knex } from "knex";

/** Rooms can leave the inventory from a day on, and keep their history. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE pms.rooms ADD COLUMN retired_from date NOT NULL DEFAULT 'infinity';
    COMMENT ON COLUMN pms.rooms.retired_from IS 'The first night on which the room is not part of the hotel any more.';
  `);
}

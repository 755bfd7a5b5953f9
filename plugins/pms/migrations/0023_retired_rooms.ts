import type { Knex } from "knex";

/** A room that a hotel gives up leaves the inventory from a day on, and keeps its history. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE pms.rooms ADD COLUMN retired_from date;
    COMMENT ON COLUMN pms.rooms.retired_from IS
      'The first night for which the room is no longer part of the hotel; NULL: it stays. No booking has it from then on.';
  `);
}

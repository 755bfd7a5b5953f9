import type { Knex } from "knex";

/**
 * What PostgreSQL can't know of occupancies by itself, and chooses its plans by:
 *
 * - how many are longer than a month: hardly any. It would guess a third, and call for workers and sorts on disk.
 * - that a room is of one hotel. It would guess that a room of a given hotel has one occupancy or none, and then the
 *   exclusion constraint's GiST index looks as good as the btree: a look at each of 2,000 rooms took seconds through it.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE STATISTICS pms.occupancies_length ON (departure - arrival) FROM pms.occupancies;
    CREATE STATISTICS pms.occupancies_rooms (ndistinct, dependencies) ON hotel_id, room_id FROM pms.occupancies;
    ANALYZE pms.occupancies;
  `);
}

import type { Knex } from "knex";

/**
 * Lists of rooms go in natural order: 2 before 10, and A9 before A10.
 *
 * The key is the number in lower case, with each run of digits padded to 20, which is the longest number that a room can
 * have. 20 zeros are put before each run, and all but its last 20 digits are dropped. Rooms "1" and "01" share a key, so
 * each list goes on by room id. The column sorts by bytes and not by the database's collation, so that the order and its
 * cursors stay as they are when the operating system's collations change.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE pms.rooms ADD COLUMN sort_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (
      regexp_replace(
        regexp_replace(lower(room_number), '([0-9]+)', '00000000000000000000\\1', 'g'),
        '[0-9]*([0-9]{20})', '\\1', 'g')
    ) STORED;
    CREATE INDEX rooms_in_order ON pms.rooms (hotel_id, sort_key, room_id);
    COMMENT ON COLUMN pms.rooms.sort_key IS 'The number in lower case, each run of digits padded to 20: natural order.';
  `);
}

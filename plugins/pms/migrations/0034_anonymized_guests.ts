import type { Knex } from "knex";

/**
 * Spells `anonymized` in American English, as the API does: the column of the guests, and the action in the histories.
 *
 * It reads `pms.booking_history` once, under an exclusive lock, and rewrites the entries of anonymized guests only.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE pms.guests RENAME COLUMN anonymised_at TO anonymized_at;

    -- Forced row-level security hides the rows of all hotels from the owner of the tables.
    ALTER TABLE pms.booking_history NO FORCE ROW LEVEL SECURITY;
    UPDATE pms.booking_history SET action = 'anonymize' WHERE action = 'anonymise';
    ALTER TABLE pms.booking_history FORCE ROW LEVEL SECURITY;
  `);
}

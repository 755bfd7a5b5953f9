import type { Knex } from "knex";

/**
 * Entries go into the trigram index of former contacts at once, not into a list beside it. There are few writes, and each
 * search read the list; PostgreSQL then read all former contacts of the hotel instead.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER INDEX pms.guest_contacts_search SET (fastupdate = off);
    SELECT gin_clean_pending_list('pms.guest_contacts_search'::regclass);
  `);
}

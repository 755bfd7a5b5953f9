import type { Knex } from "knex";

/** Files are stored as gzip from now on; those of before keep their name without `.gz` until they expire. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE reporting.reports ADD COLUMN stored_bytes bigint;
    COMMENT ON COLUMN reporting.reports.bytes IS 'Of the CSV.';
    COMMENT ON COLUMN reporting.reports.stored_bytes IS 'Of the file in the store, which is gzip; NULL: it is the CSV itself.';
    COMMENT ON COLUMN reporting.reports.sha256 IS 'Of the CSV, in hex.';
  `);
}

import type { Knex } from "knex";

/** Stores the age of a report's rows, because a replica can be behind the primary. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE reporting.reports ADD COLUMN data_as_of timestamptz;
    COMMENT ON COLUMN reporting.reports.data_as_of
      IS 'The file has every change that was committed before. NULL until the snapshot is open, or if it is unknown.';
  `);
}

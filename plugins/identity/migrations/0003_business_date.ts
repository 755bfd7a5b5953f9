import type { Knex } from "knex";

/** The day that the desk works on. It is rolled by the close of the day, not by midnight. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE identity.hotels ADD COLUMN business_date date;
    UPDATE identity.hotels SET business_date = (now() AT TIME ZONE time_zone)::date;
    ALTER TABLE identity.hotels ALTER COLUMN business_date SET NOT NULL;
  `);
}

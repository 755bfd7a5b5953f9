import type { Knex } from "knex";

/**
 * Adds when a day may be closed, and whether receptionists may close it. A hotel without a row of policies now has its days
 * closed by the clock at 04:00. Hotels that exist keep what they have: those without a row get one without a closing time.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE pms.policies
      ADD COLUMN day_closes_from time DEFAULT '18:00',
      ADD COLUMN receptionists_close_day boolean NOT NULL DEFAULT true;

    -- Forced row-level security hides the rows of all hotels from the owner of the tables.
    ALTER TABLE identity.hotels NO FORCE ROW LEVEL SECURITY;
    ALTER TABLE pms.policies NO FORCE ROW LEVEL SECURITY;
    INSERT INTO pms.policies (hotel_id) SELECT hotel_id FROM identity.hotels ON CONFLICT (hotel_id) DO NOTHING;
    ALTER TABLE pms.policies FORCE ROW LEVEL SECURITY;
    ALTER TABLE identity.hotels FORCE ROW LEVEL SECURITY;

    ALTER TABLE pms.policies ALTER COLUMN day_closes_at SET DEFAULT '04:00';
  `);
}

import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE pms.policies
      ADD COLUMN overstays text NOT NULL DEFAULT 'extend' CHECK (overstays IN ('extend', 'leave'));
    -- Of the days that are closed already it is true too: until now, no close has made a stay longer.
    ALTER TABLE pms.daily_figures ADD COLUMN overstays integer NOT NULL DEFAULT 0;
  `);
}

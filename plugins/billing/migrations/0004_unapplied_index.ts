import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP INDEX billing.stripe_events_unapplied;
    -- Also for those that wait: they are counted for /metrics and looked through by the sweep.
    CREATE INDEX stripe_events_unapplied ON billing.stripe_events (status, received_at)
      WHERE status IN ('stored', 'waiting');
  `);
}

import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- What is forgotten each night is found by its age.
    CREATE INDEX stripe_events_ignored ON billing.stripe_events (received_at) WHERE status = 'ignored';
    CREATE INDEX conflicting_deliveries_received ON billing.conflicting_deliveries (received_at);
  `);
}

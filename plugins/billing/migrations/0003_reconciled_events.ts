import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE billing.stripe_events ADD COLUMN source text NOT NULL DEFAULT 'webhook'
      CHECK (source IN ('webhook', 'events_list', 'invoices_list'));
    COMMENT ON COLUMN billing.stripe_events.source IS
      'webhook: as it was signed. What a reconciliation found: events_list (an event that was not delivered), invoices_list (made of a paid invoice; its id begins with reconciled_).';
  `);
}

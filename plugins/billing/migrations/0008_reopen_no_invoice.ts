import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  // FORCE holds for the owner as well, who would see no row to change.
  await knex.raw(`
    ALTER TABLE billing.stripe_events NO FORCE ROW LEVEL SECURITY;
    -- Refunds and disputes of which Stripe knew no invoice were set aside for good. The sweep finds them stored, and Stripe
    -- is asked once more.
    UPDATE billing.stripe_events SET status = 'stored', status_reason = NULL, fetched = NULL
      WHERE status = 'ignored' AND status_reason = 'no_invoice';
    ALTER TABLE billing.stripe_events FORCE ROW LEVEL SECURITY;
  `);
}

import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE billing.subscriptions ADD COLUMN ended_at timestamptz;
    COMMENT ON COLUMN billing.subscriptions.ended_at IS
      'When it ended, as Stripe says it. An invoice of which money was given back pays no longer than until then.';
  `);
}

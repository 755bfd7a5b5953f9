import type { Knex } from "knex";

const tied = ["customers", "subscriptions", "payment_links"] as const;

export async function up(knex: Knex): Promise<void> {
  // FORCE holds for the owner as well, who would see no row to change.
  for (const table of tied) await knex.raw(`ALTER TABLE billing.${table} NO FORCE ROW LEVEL SECURITY`);
  await knex.raw(`
    ALTER TABLE billing.customers
      ADD COLUMN named_at timestamptz,           -- of the latest event that names the hotel
      ADD COLUMN named_by text COLLATE "C";      -- that event's id
    ALTER TABLE billing.subscriptions
      ADD COLUMN named_at timestamptz,
      ADD COLUMN named_by text COLLATE "C",      -- NULL: no event names a hotel, and the customer's hotel holds
      ALTER COLUMN customer_id TYPE text COLLATE "C";
    COMMENT ON COLUMN billing.subscriptions.named_by IS
      'The greatest (named_at, named_by) says which hotel it is. An empty text stands for an event from before these columns.';
    -- Which event named them is not known: any that names a hotel from now on is later.
    UPDATE billing.customers SET named_by = '';
    UPDATE billing.subscriptions SET named_by = '';

    DELETE FROM billing.payment_links AS l USING billing.payment_links AS o
      WHERE o.payment_id = l.payment_id AND o.linked_id = l.linked_id AND o.hotel_id < l.hotel_id;
    ALTER TABLE billing.payment_links ADD CONSTRAINT payment_links_pair UNIQUE (payment_id, linked_id);
    DROP INDEX billing.payment_links_payment;

    -- What follows a subscription to another hotel is found by these.
    CREATE INDEX subscriptions_customer_id ON billing.subscriptions (customer_id);
    CREATE INDEX paid_invoices_subscription ON billing.paid_invoices (subscription_id);
    CREATE INDEX unpaid_invoices_subscription ON billing.unpaid_invoices (subscription_id);
    CREATE INDEX reversals_charge ON billing.reversals (charge_id);
    CREATE INDEX reversals_intent ON billing.reversals (payment_intent_id);
  `);
  for (const table of tied) await knex.raw(`ALTER TABLE billing.${table} FORCE ROW LEVEL SECURITY`);
}

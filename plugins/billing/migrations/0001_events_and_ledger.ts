import type { Knex } from "knex";

import { tenantTable } from "../../../core/mod.ts";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE billing.stripe_events (
      event_id text COLLATE "C" PRIMARY KEY,
      type text NOT NULL,
      api_version text,
      livemode boolean,
      created_at timestamptz,                  -- when Stripe made it
      received_at timestamptz NOT NULL DEFAULT now(),
      body text NOT NULL,                      -- the very bytes that were signed: what a replay reads
      status text NOT NULL DEFAULT 'stored' CHECK (status IN ('stored', 'applied', 'ignored', 'waiting')),
      status_reason text,
      processed_at timestamptz,
      hotel_id uuid,                           -- the last three once a worker has read them from the body
      customer_id text,
      subscription_id text
    );
    COMMENT ON TABLE billing.stripe_events IS
      'The inbox: an event is stored before it is known whose it is, so this is no tenant table, and no tenant sees it.';
    CREATE INDEX stripe_events_unapplied ON billing.stripe_events (received_at) WHERE status = 'stored';
    CREATE INDEX stripe_events_waiting_customer ON billing.stripe_events (customer_id) WHERE status = 'waiting';
    CREATE INDEX stripe_events_waiting_subscription ON billing.stripe_events (subscription_id) WHERE status = 'waiting';
    ALTER TABLE billing.stripe_events ENABLE ROW LEVEL SECURITY;
    ALTER TABLE billing.stripe_events FORCE ROW LEVEL SECURITY;
    CREATE POLICY platform_work ON billing.stripe_events TO keyrack_platform USING (true) WITH CHECK (true);

    CREATE TABLE billing.paid_invoices (
      hotel_id uuid NOT NULL REFERENCES identity.hotels,
      invoice_id text COLLATE "C" NOT NULL,
      subscription_id text,
      customer_id text,
      period_start timestamptz,
      period_end timestamptz,                  -- of the service that it pays for; NULL: of none
      amount_paid numeric NOT NULL,
      currency text NOT NULL,
      paid_at timestamptz,
      event_id text COLLATE "C" NOT NULL,      -- the event that told it
      PRIMARY KEY (hotel_id, invoice_id),
      -- Over all hotels: no payment counts for two, and a refund that names only the invoice finds it.
      CONSTRAINT paid_invoices_invoice UNIQUE (invoice_id)
    );
    COMMENT ON TABLE billing.paid_invoices IS
      'The ledger. A function of the set of events alone (no clock, no order of arrival), so that a replay gives the same rows.';

    CREATE TABLE billing.customers (
      hotel_id uuid NOT NULL REFERENCES identity.hotels,
      customer_id text COLLATE "C" NOT NULL,
      PRIMARY KEY (hotel_id, customer_id),
      CONSTRAINT customers_customer UNIQUE (customer_id)
    );
    CREATE TABLE billing.subscriptions (
      hotel_id uuid NOT NULL REFERENCES identity.hotels,
      subscription_id text COLLATE "C" NOT NULL,
      PRIMARY KEY (hotel_id, subscription_id),
      CONSTRAINT subscriptions_subscription UNIQUE (subscription_id)
    );
    COMMENT ON TABLE billing.customers IS 'Which hotel a customer of Stripe''s is: for events that do not name the hotel.';
    COMMENT ON TABLE billing.subscriptions IS 'Which hotel a subscription of Stripe''s is for.';
  `);
  for (const table of ["paid_invoices", "customers", "subscriptions"])
    await tenantTable(knex, "billing", table, "hotel_id");
}

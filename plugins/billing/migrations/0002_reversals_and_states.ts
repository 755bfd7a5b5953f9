import type { Knex } from "knex";

import { tenantTable } from "../../../core/mod.ts";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE billing.stripe_events
      DROP CONSTRAINT stripe_events_status_check,
      ADD CONSTRAINT stripe_events_status
        CHECK (status IN ('stored', 'applied', 'ignored', 'waiting', 'quarantined')),
      ADD COLUMN waits_for text[],             -- ids of Stripe's: it is applied when one of them is known
      ADD COLUMN fetched text;                 -- JSON: what Stripe answered when it was asked for what the body lacks
    -- FORCE holds for the owner as well, who would see no row to change.
    ALTER TABLE billing.stripe_events NO FORCE ROW LEVEL SECURITY;
    UPDATE billing.stripe_events SET waits_for = array_remove(ARRAY[customer_id, subscription_id], NULL)
      WHERE status = 'waiting';
    ALTER TABLE billing.stripe_events FORCE ROW LEVEL SECURITY;
    DROP INDEX billing.stripe_events_waiting_customer;
    DROP INDEX billing.stripe_events_waiting_subscription;
    CREATE INDEX stripe_events_waiting ON billing.stripe_events USING gin (waits_for) WHERE status = 'waiting';

    CREATE TABLE billing.conflicting_deliveries (
      event_id text COLLATE "C" NOT NULL REFERENCES billing.stripe_events,
      body_hash bytea NOT NULL,                -- SHA-256
      body text NOT NULL,
      received_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (event_id, body_hash)
    );
    COMMENT ON TABLE billing.conflicting_deliveries IS
      'Signed bodies that came under the id of another one. Kept for a person to look at, and never applied.';
    ALTER TABLE billing.conflicting_deliveries ENABLE ROW LEVEL SECURITY;
    ALTER TABLE billing.conflicting_deliveries FORCE ROW LEVEL SECURITY;
    CREATE POLICY platform_work ON billing.conflicting_deliveries TO keyrack_platform USING (true) WITH CHECK (true);

    ALTER TABLE billing.customers ADD COLUMN deleted boolean NOT NULL DEFAULT false;

    ALTER TABLE billing.subscriptions            -- all of them NULL where no subscription object has been seen yet
      ADD COLUMN customer_id text,
      ADD COLUMN status text,                    -- in Stripe's words
      ADD COLUMN ended boolean,                  -- canceled or incomplete_expired: no other status follows
      ADD COLUMN current_period_end timestamptz,
      ADD COLUMN cancel_at timestamptz,
      ADD COLUMN told_at timestamptz,            -- when Stripe made the event that told it
      ADD COLUMN rank integer,
      ADD COLUMN event_id text COLLATE "C";

    CREATE TABLE billing.unpaid_invoices (
      hotel_id uuid NOT NULL REFERENCES identity.hotels,
      invoice_id text COLLATE "C" NOT NULL,
      subscription_id text,
      customer_id text,
      state text NOT NULL CHECK (state IN ('failed', 'action_required', 'void')),
      amount_due numeric NOT NULL,
      currency text NOT NULL,
      pay_url text,
      next_attempt_at timestamptz,
      told_at timestamptz,
      event_id text COLLATE "C" NOT NULL,
      PRIMARY KEY (hotel_id, invoice_id),
      CONSTRAINT unpaid_invoices_invoice UNIQUE (invoice_id)
    );
    COMMENT ON TABLE billing.unpaid_invoices IS
      'Invoices whose payment failed. One that also stands in the ledger has been paid since.';

    CREATE TABLE billing.reversals (
      hotel_id uuid NOT NULL REFERENCES identity.hotels,
      reversal_id text COLLATE "C" NOT NULL,   -- of the refund or the dispute; of a charge, for its sum
      kind text NOT NULL CHECK (kind IN ('refund', 'dispute', 'charge_sum')),
      status text NOT NULL,                    -- in Stripe's words
      amount numeric NOT NULL,
      currency text NOT NULL,
      charge_id text COLLATE "C",
      payment_intent_id text COLLATE "C",
      rank bigint NOT NULL,                    -- of two tellings the greater (rank, event_id) stands
      event_id text COLLATE "C" NOT NULL,
      PRIMARY KEY (hotel_id, reversal_id),
      CONSTRAINT reversals_reversal UNIQUE (reversal_id)
    );
    COMMENT ON TABLE billing.reversals IS
      'What takes payments back. Like the ledger a function of the set of events alone; which invoices it takes out is computed.';

    CREATE TABLE billing.payment_links (
      hotel_id uuid NOT NULL REFERENCES identity.hotels,
      payment_id text COLLATE "C" NOT NULL,    -- a charge or a payment intent
      linked_id text COLLATE "C" NOT NULL,     -- the invoice that it paid, or the payment intent of the charge
      to_invoice boolean NOT NULL,
      PRIMARY KEY (hotel_id, payment_id, linked_id)
    );
    CREATE INDEX payment_links_payment ON billing.payment_links (payment_id);
    CREATE INDEX payment_links_linked ON billing.payment_links (linked_id);
    COMMENT ON TABLE billing.payment_links IS 'Which payments belong together, and to which invoice, as events told it.';
  `);
  for (const table of ["unpaid_invoices", "reversals", "payment_links"])
    await tenantTable(knex, "billing", table, "hotel_id");
}

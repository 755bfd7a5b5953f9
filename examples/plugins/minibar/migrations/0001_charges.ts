import type { Knex } from "knex";

import { tenantTable } from "#core/mod.ts";

/**
 * Runs as the owner of the database, in the plugin's own schema, which is there already. The plugin's roles get their
 * grants after it, from the manifest.
 *
 * No foreign key leaves the schema. A migration could make one to pms.bookings, but it would bind the PMS: its rows and
 * its table could not go or change shape any more, not even after this plugin's folder is deleted, for the schema stays.
 * So a charge keeps the booking's id, which was looked up under the hotel's wall when the charge was made.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE minibar.charges (
      hotel_id uuid NOT NULL,
      charge_id uuid NOT NULL,
      booking_id uuid NOT NULL,
      day date NOT NULL,
      item text NOT NULL,
      quantity integer NOT NULL CHECK (quantity BETWEEN 1 AND 99),
      unit_price numeric NOT NULL CHECK (unit_price >= 0),
      amount numeric NOT NULL GENERATED ALWAYS AS (unit_price * quantity) STORED,
      charged_by text NOT NULL,
      charged_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (hotel_id, charge_id)
    );
    CREATE INDEX charges_booking ON minibar.charges (hotel_id, booking_id, charge_id);
    CREATE INDEX charges_day ON minibar.charges (hotel_id, day);

    CREATE TABLE minibar.restock_lines (
      hotel_id uuid NOT NULL,
      day date NOT NULL,
      item text NOT NULL,
      quantity integer NOT NULL,
      amount numeric NOT NULL,
      PRIMARY KEY (hotel_id, day, item)
    );
    COMMENT ON TABLE minibar.restock_lines IS 'What to refill: the sum of a day''s charges, made by a job.';
  `);
  // Puts each behind the tenant wall: forced row-level security on hotel_id, which is the first column of every key.
  for (const table of ["charges", "restock_lines"]) await tenantTable(knex, "minibar", table, "hotel_id");
}

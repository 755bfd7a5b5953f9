import type { Knex } from "knex";

import { tenantTable } from "../../../core/mod.ts";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE reporting.schedules (
      hotel_id uuid NOT NULL REFERENCES identity.hotels,
      schedule_id uuid NOT NULL,
      kind text NOT NULL,
      options jsonb NOT NULL,
      every text NOT NULL CHECK (every IN ('night', 'month')),
      at time NOT NULL,
      next_run_at timestamptz NOT NULL,
      last_report_id uuid,
      created_by text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      version integer NOT NULL DEFAULT 1,
      PRIMARY KEY (hotel_id, schedule_id)
    );
    COMMENT ON TABLE reporting.schedules IS 'Reports that are asked for by the clock, in the hotel''s time zone.';
    CREATE INDEX schedules_due ON reporting.schedules (next_run_at);
  `);
  await tenantTable(knex, "reporting", "schedules", "hotel_id");
}

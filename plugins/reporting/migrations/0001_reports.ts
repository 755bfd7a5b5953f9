import type { Knex } from "knex";

import { tenantTable } from "../../../core/mod.ts";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE reporting.reports (
      hotel_id uuid NOT NULL REFERENCES identity.hotels,
      report_id uuid NOT NULL,
      kind text NOT NULL,
      status text NOT NULL DEFAULT 'queued'
        CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'canceled', 'expired')),
      request jsonb NOT NULL,
      request_hash bytea NOT NULL,
      rows_done integer NOT NULL DEFAULT 0 CHECK (rows_done >= 0),
      rows_total integer CHECK (rows_total >= 0),
      file_name text NOT NULL,
      file text,
      bytes bigint,
      sha256 text,
      attempt integer NOT NULL DEFAULT 0,
      error text,
      created_by text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      started_at timestamptz,
      finished_at timestamptz,
      expires_at timestamptz,
      deleted_at timestamptz,
      version integer NOT NULL DEFAULT 1,
      PRIMARY KEY (hotel_id, report_id),
      CONSTRAINT succeeded_is_whole CHECK (status <> 'succeeded' OR num_nulls(file, bytes, sha256, rows_total) = 0),
      CONSTRAINT over_has_an_end CHECK (status IN ('queued', 'running') OR num_nulls(finished_at, expires_at) = 0)
    );
    COMMENT ON TABLE reporting.reports IS 'Reports that were asked for, and where their files are.';
    -- The same request of a hotel, while it is queued or running, is one report, however many ask at once.
    CREATE UNIQUE INDEX reports_open ON reporting.reports (hotel_id, kind, request_hash)
      WHERE status IN ('queued', 'running');
    CREATE INDEX reports_expiry ON reporting.reports (expires_at);
  `);
  await tenantTable(knex, "reporting", "reports", "hotel_id");
}

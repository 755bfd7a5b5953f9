import type { Knex } from "knex";

/** A schedule that fails is tried again after growing waits, so that it does not keep the others from their turn. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE reporting.schedules
      ADD COLUMN failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
      ADD COLUMN retry_at timestamptz;
    COMMENT ON COLUMN reporting.schedules.failures IS 'In a row, since the last report that was asked for.';
    COMMENT ON COLUMN reporting.schedules.retry_at IS 'Not tried before; NULL: as soon as it is due.';
    DROP INDEX reporting.schedules_due;
    CREATE INDEX schedules_due ON reporting.schedules (next_run_at, hotel_id, schedule_id);
  `);
}

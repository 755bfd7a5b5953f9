import type { Knex } from "knex";

/**
 * Adds prices that differ from the rate, charges that are waived, and the reasons for both.
 *
 * NULL in the new columns of prices says that nothing was agreed: the rows that exist stay as they are.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE pms.booking_nights
      ADD COLUMN rack_rate numeric CHECK (rack_rate >= 0),
      DROP CONSTRAINT booking_nights_released_check,
      ADD CONSTRAINT booking_nights_released_check CHECK (released IN ('amend', 'check_out', 'no_show', 'waive'));
    COMMENT ON COLUMN pms.booking_nights.rack_rate IS
      'The rate before another price was agreed. NULL: nothing was agreed, and rate is the rate.';
    ALTER TABLE pms.released_rates ADD COLUMN rack_rate numeric CHECK (rack_rate >= 0);

    ALTER TABLE pms.bookings
      ADD COLUMN rack_amount numeric CHECK (rack_amount >= 0),
      ADD COLUMN waived_amount numeric CHECK (waived_amount >= 0);
    COMMENT ON COLUMN pms.bookings.rack_amount IS
      'The total at the rates before a price was agreed. NULL: nothing was agreed, and total_amount is that total.';
    COMMENT ON COLUMN pms.bookings.waived_amount IS
      'The charge of a no-show or a cancellation that a manager waived. NULL: none is waived.';

    ALTER TABLE pms.booking_history ADD COLUMN reasons jsonb;
    COMMENT ON COLUMN pms.booking_history.reasons IS
      'Why a price was agreed, a restriction overridden, a charge waived. A reason is null where its guest was forgotten.';

    ALTER TABLE pms.policies ADD COLUMN receptionist_discount_percent integer NOT NULL DEFAULT 0
      CHECK (receptionist_discount_percent BETWEEN 0 AND 100);
  `);
}

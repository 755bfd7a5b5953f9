import type { Knex } from "knex";

import { tenantTable } from "../../../core/mod.ts";

/**
 * Keeps the price of each night that an amendment takes off the bill, by room type: `booking_nights` has one row for a day,
 * so another room type overwrites it.
 *
 * The nights that were released before keep their prices in `booking_nights`. Their bookings get them from there, as far as
 * they can still be amended.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE pms.released_rates (
      hotel_id uuid NOT NULL,
      booking_id uuid NOT NULL,
      date date NOT NULL,
      room_type_id uuid NOT NULL,
      booked_type_id uuid NOT NULL,
      rate numeric NOT NULL CHECK (rate >= 0),
      version integer NOT NULL,
      PRIMARY KEY (hotel_id, booking_id, date, room_type_id),
      FOREIGN KEY (hotel_id, booking_id) REFERENCES pms.bookings (hotel_id, booking_id) ON DELETE CASCADE,
      FOREIGN KEY (hotel_id, room_type_id) REFERENCES pms.room_types (hotel_id, room_type_id) ON DELETE CASCADE,
      FOREIGN KEY (hotel_id, booked_type_id) REFERENCES pms.room_types (hotel_id, room_type_id) ON DELETE CASCADE
    );
    COMMENT ON TABLE pms.released_rates IS
      'What a night of a booking cost before an amendment took it off the bill. It comes back at this price.';
    COMMENT ON COLUMN pms.released_rates.room_type_id IS 'The room type under which the night was sold.';
    COMMENT ON COLUMN pms.released_rates.booked_type_id IS 'The type of the room that the booking had then.';
    COMMENT ON COLUMN pms.released_rates.version IS 'The version of the booking that had the night last.';
    CREATE INDEX released_rates_type ON pms.released_rates (hotel_id, room_type_id);
    CREATE INDEX released_rates_booked_type ON pms.released_rates (hotel_id, booked_type_id);

    INSERT INTO pms.released_rates (hotel_id, booking_id, date, room_type_id, booked_type_id, rate, version)
      SELECT n.hotel_id, n.booking_id, n.date, n.room_type_id, r.room_type_id, n.rate, 0 FROM pms.booking_nights n
      JOIN pms.bookings b ON b.hotel_id = n.hotel_id AND b.booking_id = n.booking_id
      JOIN pms.rooms r ON r.hotel_id = n.hotel_id AND r.room_id = n.room_id
      WHERE n.released = 'amend' AND b.status <> 'checked_out';
  `);
  await tenantTable(knex, "pms", "released_rates", "hotel_id");
}

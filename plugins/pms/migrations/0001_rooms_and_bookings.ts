import type { Knex } from "knex";

import { tenantTable } from "../../../core/mod.ts";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- For the exclusion constraint: GiST indexes on uuid.
    CREATE EXTENSION IF NOT EXISTS btree_gist;

    CREATE TABLE pms.room_types (
      hotel_id uuid NOT NULL REFERENCES identity.hotels,
      room_type_id uuid NOT NULL,
      name text NOT NULL,
      capacity integer NOT NULL CHECK (capacity BETWEEN 1 AND 100),
      rate numeric NOT NULL CHECK (rate >= 0),
      created_at timestamptz NOT NULL DEFAULT now(),
      version integer NOT NULL DEFAULT 1,
      PRIMARY KEY (hotel_id, room_type_id)
    );
    CREATE UNIQUE INDEX room_types_name ON pms.room_types (hotel_id, lower(name));

    CREATE TABLE pms.rooms (
      hotel_id uuid NOT NULL,
      room_id uuid NOT NULL,
      room_number text NOT NULL,
      room_type_id uuid NOT NULL,
      rate numeric CHECK (rate >= 0),
      status text NOT NULL DEFAULT 'available' CHECK (status IN ('available', 'out_of_order', 'out_of_service')),
      housekeeping text NOT NULL DEFAULT 'clean' CHECK (housekeeping IN ('clean', 'dirty', 'inspected')),
      created_at timestamptz NOT NULL DEFAULT now(),
      version integer NOT NULL DEFAULT 1,
      PRIMARY KEY (hotel_id, room_id),
      FOREIGN KEY (hotel_id, room_type_id) REFERENCES pms.room_types (hotel_id, room_type_id)
    );
    CREATE UNIQUE INDEX rooms_number ON pms.rooms (hotel_id, lower(room_number));
    CREATE INDEX rooms_type ON pms.rooms (hotel_id, room_type_id);

    CREATE TABLE pms.bookings (
      hotel_id uuid NOT NULL,
      booking_id uuid NOT NULL,
      room_id uuid NOT NULL,
      guest_name text NOT NULL,
      guest_email text,
      guest_phone text,
      adults integer NOT NULL CHECK (adults >= 1),
      children integer NOT NULL CHECK (children >= 0),
      arrival date NOT NULL,
      departure date NOT NULL CHECK (departure > arrival),
      check_in_at timestamptz NOT NULL,
      expected_check_out_at timestamptz NOT NULL,
      checked_in_at timestamptz,
      checked_out_at timestamptz,
      status text NOT NULL CHECK (status IN ('confirmed', 'in_house', 'checked_out', 'canceled', 'no_show')),
      total_amount numeric NOT NULL CHECK (total_amount >= 0),
      currency text NOT NULL,
      terms_accepted_at timestamptz,
      notes text,
      created_by text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      version integer NOT NULL DEFAULT 1,
      PRIMARY KEY (hotel_id, booking_id),
      FOREIGN KEY (hotel_id, room_id) REFERENCES pms.rooms (hotel_id, room_id)
    );
    CREATE INDEX bookings_arrival ON pms.bookings (hotel_id, arrival, booking_id);
    CREATE INDEX bookings_departure ON pms.bookings (hotel_id, departure);
    CREATE INDEX bookings_room ON pms.bookings (hotel_id, room_id, arrival);
    -- A room has one party in it at a time.
    CREATE UNIQUE INDEX bookings_in_house ON pms.bookings (hotel_id, room_id) WHERE status = 'in_house';

    CREATE TABLE pms.booking_nights (
      hotel_id uuid NOT NULL,
      booking_id uuid NOT NULL,
      date date NOT NULL,
      room_id uuid NOT NULL,
      rate numeric NOT NULL CHECK (rate >= 0),
      PRIMARY KEY (hotel_id, booking_id, date),
      FOREIGN KEY (hotel_id, booking_id) REFERENCES pms.bookings (hotel_id, booking_id),
      FOREIGN KEY (hotel_id, room_id) REFERENCES pms.rooms (hotel_id, room_id)
    );
    COMMENT ON TABLE pms.booking_nights IS 'What each night costs and where it is slept, fixed when it is booked.';

    CREATE TABLE pms.occupancies (
      hotel_id uuid NOT NULL,
      occupancy_id uuid NOT NULL,
      room_id uuid NOT NULL,
      arrival date NOT NULL,
      departure date NOT NULL CHECK (departure > arrival AND departure - arrival <= 1000),
      booking_id uuid,
      reason text,
      nights daterange NOT NULL GENERATED ALWAYS AS (daterange(arrival, departure)) STORED,
      PRIMARY KEY (hotel_id, occupancy_id),
      FOREIGN KEY (hotel_id, room_id) REFERENCES pms.rooms (hotel_id, room_id),
      FOREIGN KEY (hotel_id, booking_id) REFERENCES pms.bookings (hotel_id, booking_id),
      CHECK ((booking_id IS NULL) <> (reason IS NULL)),
      -- The guard that no code can forget: two stays, or a stay and a closure, never share a room and a night.
      CONSTRAINT one_party_a_night EXCLUDE USING gist (hotel_id WITH =, room_id WITH =, nights WITH &&)
    );
    COMMENT ON TABLE pms.occupancies IS 'Who has which room on which nights: stays (booking_id) and closures (reason).';
    -- Reads never go through GiST. Long stays are few and have an index of their own, so that the scan for the short
    -- ones need not look back further than a month.
    CREATE INDEX occupancies_short ON pms.occupancies (hotel_id, arrival) INCLUDE (departure, room_id)
      WHERE departure - arrival <= 31;
    CREATE INDEX occupancies_long ON pms.occupancies (hotel_id, departure) INCLUDE (arrival, room_id)
      WHERE departure - arrival > 31;
    CREATE INDEX occupancies_room ON pms.occupancies (hotel_id, room_id, arrival) INCLUDE (departure);
    CREATE INDEX occupancies_booking ON pms.occupancies (hotel_id, booking_id);

    CREATE TABLE pms.booking_history (
      hotel_id uuid NOT NULL,
      entry_id uuid NOT NULL,
      booking_id uuid NOT NULL,
      at timestamptz NOT NULL DEFAULT now(),
      by_user text NOT NULL,
      action text NOT NULL,
      before jsonb,
      after jsonb NOT NULL,
      PRIMARY KEY (hotel_id, entry_id),
      FOREIGN KEY (hotel_id, booking_id) REFERENCES pms.bookings (hotel_id, booking_id)
    );
    CREATE INDEX booking_history_booking ON pms.booking_history (hotel_id, booking_id, entry_id);
  `);
  const tables = ["room_types", "rooms", "bookings", "booking_nights", "occupancies", "booking_history"];
  for (const table of tables) await tenantTable(knex, "pms", table, "hotel_id");
}

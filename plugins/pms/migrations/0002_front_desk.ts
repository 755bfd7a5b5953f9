import type { Knex } from "knex";

import { tenantTable } from "../../../core/mod.ts";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- For the search of guests: parts of words, inside one hotel.
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE EXTENSION IF NOT EXISTS btree_gin;

    CREATE TABLE pms.guests (
      hotel_id uuid NOT NULL,
      guest_id uuid NOT NULL,
      name text NOT NULL,
      email text,
      phone text,
      anonymised_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now(),
      version integer NOT NULL DEFAULT 1,
      -- What is searched; the digits alone of a phone too, for they are typed with and without blanks.
      search_text text NOT NULL GENERATED ALWAYS AS (lower(
        name || ' ' || coalesce(email, '') || ' ' || coalesce(phone, '') || ' ' || coalesce(regexp_replace(phone, '\\D', '', 'g'), '')
      )) STORED,
      -- Columns, because row-level security lets no function of a column near an index (it is not leakproof).
      email_key text GENERATED ALWAYS AS (lower(email)) STORED,
      phone_digits text GENERATED ALWAYS AS (nullif(regexp_replace(phone, '\\D', '', 'g'), '')) STORED,
      PRIMARY KEY (hotel_id, guest_id)
    );
    CREATE INDEX guests_email ON pms.guests (hotel_id, email_key) WHERE email_key IS NOT NULL;
    CREATE INDEX guests_phone ON pms.guests (hotel_id, phone_digits) WHERE phone_digits IS NOT NULL;
    CREATE INDEX guests_search ON pms.guests USING gin (hotel_id, search_text gin_trgm_ops);

    -- Each booking so far becomes a guest of its own: nothing told that two of them were one person.
    INSERT INTO pms.guests (hotel_id, guest_id, name, email, phone, created_at)
      SELECT hotel_id, booking_id, guest_name, guest_email, guest_phone, created_at FROM pms.bookings;

    ALTER TABLE pms.bookings
      ADD COLUMN guest_id uuid,
      ADD COLUMN room_locked boolean NOT NULL DEFAULT false,
      ADD COLUMN status_on date,
      ADD COLUMN checked_in_on date;
    UPDATE pms.bookings b SET guest_id = booking_id,
      status_on = (coalesce(checked_out_at, checked_in_at, b.created_at) AT TIME ZONE h.time_zone)::date,
      checked_in_on = (checked_in_at AT TIME ZONE h.time_zone)::date
      FROM identity.hotels h WHERE h.hotel_id = b.hotel_id;
    ALTER TABLE pms.bookings
      ALTER COLUMN guest_id SET NOT NULL,
      ALTER COLUMN status_on SET NOT NULL,
      ADD FOREIGN KEY (hotel_id, guest_id) REFERENCES pms.guests (hotel_id, guest_id);
    COMMENT ON COLUMN pms.bookings.status_on IS 'The business date on which it came into its present state: what can be undone that day.';
    COMMENT ON COLUMN pms.bookings.checked_in_on IS 'The business date of the check-in.';
    CREATE INDEX bookings_ended ON pms.bookings (hotel_id, status_on) WHERE status IN ('checked_out', 'canceled', 'no_show');
    CREATE INDEX bookings_checked_in ON pms.bookings (hotel_id, checked_in_on) WHERE checked_in_on IS NOT NULL;
    CREATE INDEX bookings_guest ON pms.bookings (hotel_id, guest_id, arrival);
    CREATE INDEX bookings_status ON pms.bookings (hotel_id, status, arrival, booking_id);

    -- A room has one party in it at a time. A constraint and no index, so that a swap can meet it at its end.
    DROP INDEX pms.bookings_in_house;
    ALTER TABLE pms.bookings ADD CONSTRAINT one_party_in_house
      EXCLUDE USING btree (hotel_id WITH =, room_id WITH =) WHERE (status = 'in_house') DEFERRABLE INITIALLY IMMEDIATE;

    ALTER TABLE pms.booking_nights
      ADD COLUMN released text CHECK (released IN ('amend', 'check_out', 'no_show'));
    CREATE INDEX booking_nights_date ON pms.booking_nights (hotel_id, date);
    COMMENT ON COLUMN pms.booking_nights.released IS
      'By what it was given back: it is on the bill no more. Kept, so that the way back finds the price that was agreed.';

    CREATE TABLE pms.rates (
      hotel_id uuid NOT NULL,
      room_type_id uuid NOT NULL,
      date date NOT NULL,
      rate numeric CHECK (rate >= 0),
      minimum_stay integer CHECK (minimum_stay BETWEEN 1 AND 366),
      closed_to_arrival boolean NOT NULL DEFAULT false,
      PRIMARY KEY (hotel_id, room_type_id, date),
      FOREIGN KEY (hotel_id, room_type_id) REFERENCES pms.room_types (hotel_id, room_type_id) ON DELETE CASCADE
    );
    COMMENT ON TABLE pms.rates IS 'What is different about a room type on a day: its price, its shortest stay, no arrivals.';

    CREATE TABLE pms.policies (
      hotel_id uuid PRIMARY KEY REFERENCES identity.hotels,
      no_show_charge text NOT NULL DEFAULT 'first_night' CHECK (no_show_charge IN ('none', 'first_night', 'full_stay')),
      day_closes_at time,
      version integer NOT NULL DEFAULT 1
    );

    CREATE TABLE pms.daily_figures (
      hotel_id uuid NOT NULL REFERENCES identity.hotels,
      business_date date NOT NULL,
      rooms integer NOT NULL,
      out_of_order integer NOT NULL,
      sold integer NOT NULL,
      guests integer NOT NULL,
      arrivals integer NOT NULL,
      departures integer NOT NULL,
      no_shows integer NOT NULL,
      cancellations integer NOT NULL,
      overdue integer NOT NULL,
      room_revenue numeric NOT NULL,
      no_show_revenue numeric NOT NULL,
      currency text NOT NULL,
      closed_at timestamptz NOT NULL DEFAULT now(),
      closed_by text NOT NULL,
      PRIMARY KEY (hotel_id, business_date)
    );
    CREATE FUNCTION pms.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'A closed day is not changed.' USING ERRCODE = 'restrict_violation'; END $$;
    CREATE TRIGGER closed_is_closed BEFORE UPDATE OR DELETE ON pms.daily_figures
      FOR EACH ROW EXECUTE FUNCTION pms.refuse_change();

    -- Row-level security keeps ILIKE from an index, for it is not leakproof; so this one look is made past the wall, inside
    -- the caller's own hotel, and gives ids alone (docs/decisions/0007).
    CREATE FUNCTION pms.find_guests(pattern text, most integer) RETURNS SETOF uuid
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
      AS $$ SELECT guest_id FROM pms.guests WHERE hotel_id = core.tenant_id() AND search_text ~ pattern LIMIT most $$;
  `);
  for (const table of ["guests", "rates", "policies", "daily_figures"])
    await tenantTable(knex, "pms", table, "hotel_id");
}

import type { Knex } from "knex";

import { tenantTable } from "../../../core/mod.ts";

/**
 * A guest is also found and recognized by former contacts, and two guests can be merged into one (docs/decisions/0013).
 *
 * It reads pms.bookings once and rewrites no table.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Whether a profile says all that a contact does. An e-mail address or a phone that the contact lacks is no difference,
    -- nor is a phone that lacks the country which the profile's has.
    CREATE FUNCTION pms.covers_contact(name_key text, email_key text, profile_phone text, name text, email text, phone text)
      RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
      RETURN pms.fold_text(name) = name_key AND coalesce(pms.fold_text(email) = email_key, email IS NULL)
        AND (phone IS NULL OR coalesce(pms.phone_canonical(phone) = pms.phone_canonical(profile_phone)
          OR (pms.same_phone(phone, profile_phone) AND pms.phone_canonical(phone) NOT LIKE '+%'), false));

    CREATE TABLE pms.guest_contacts (
      hotel_id uuid NOT NULL,
      guest_id uuid NOT NULL,
      contact_id uuid NOT NULL DEFAULT gen_random_uuid(),
      name text NOT NULL,
      email text,
      phone text,
      name_key text NOT NULL GENERATED ALWAYS AS (pms.fold_text(name)) STORED,
      email_key text GENERATED ALWAYS AS (pms.fold_text(email)) STORED,
      phone_key text GENERATED ALWAYS AS (pms.phone_national(pms.phone_canonical(phone))) STORED,
      search_text text NOT NULL GENERATED ALWAYS AS (pms.contact_text(name, email, phone)) STORED,
      PRIMARY KEY (hotel_id, guest_id, contact_id),
      FOREIGN KEY (hotel_id, guest_id) REFERENCES pms.guests (hotel_id, guest_id) ON DELETE CASCADE
    );
    COMMENT ON TABLE pms.guest_contacts IS
      'What bookings of a guest, or guests merged into it, show and its profile does not: derived, to find the guest by.';
    CREATE INDEX guest_contacts_email ON pms.guest_contacts (hotel_id, email_key) WHERE email_key IS NOT NULL;
    CREATE INDEX guest_contacts_phone ON pms.guest_contacts (hotel_id, phone_key) WHERE phone_key IS NOT NULL;
    CREATE INDEX guest_contacts_search ON pms.guest_contacts USING gin (hotel_id, search_text gin_trgm_ops);

    ALTER TABLE pms.guests
      ADD COLUMN merged_into uuid CHECK (merged_into <> guest_id),
      ADD FOREIGN KEY (hotel_id, merged_into) REFERENCES pms.guests (hotel_id, guest_id);
    CREATE INDEX guests_merged ON pms.guests (hotel_id, merged_into) WHERE merged_into IS NOT NULL;
    COMMENT ON COLUMN pms.guests.merged_into IS 'The guest who has its bookings now; never one who is merged again.';

    CREATE TABLE pms.guest_merges (
      hotel_id uuid NOT NULL,
      merge_id uuid NOT NULL,
      guest_id uuid NOT NULL,
      survivor_id uuid NOT NULL,
      booking_ids uuid[] NOT NULL,
      merged_at timestamptz NOT NULL DEFAULT now(),
      merged_by text NOT NULL,
      unmerged_at timestamptz,
      unmerged_by text,
      PRIMARY KEY (hotel_id, merge_id),
      FOREIGN KEY (hotel_id, guest_id) REFERENCES pms.guests (hotel_id, guest_id),
      FOREIGN KEY (hotel_id, survivor_id) REFERENCES pms.guests (hotel_id, guest_id),
      CHECK ((unmerged_at IS NULL) = (unmerged_by IS NULL))
    );
    COMMENT ON COLUMN pms.guest_merges.booking_ids IS 'The bookings that went to the survivor: what the way back returns.';
    CREATE UNIQUE INDEX guest_merges_in_force ON pms.guest_merges (hotel_id, guest_id) WHERE unmerged_at IS NULL;
    CREATE INDEX guest_merges_survivor ON pms.guest_merges (hotel_id, survivor_id);

    -- As in 0012, of former contacts too. A guest who is merged is found as the one into whom it is.
    CREATE OR REPLACE FUNCTION pms.find_guests(patterns text[], most integer) RETURNS SETOF uuid
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
      AS $$
        ${lookInto("pms.guests", " AND merged_into IS NULL")}
        UNION
        ${lookInto("pms.guest_contacts")} $$;
  `);
  for (const table of ["guest_contacts", "guest_merges"]) await tenantTable(knex, "pms", table, "hotel_id");
  await knex.raw(`
    INSERT INTO pms.guest_contacts (hotel_id, guest_id, name, email, phone)
      SELECT DISTINCT ON (g.hotel_id, g.guest_id, pms.contact_text(b.guest_name, b.guest_email, b.guest_phone))
        g.hotel_id, g.guest_id, b.guest_name, b.guest_email, b.guest_phone
      FROM pms.bookings b JOIN pms.guests g ON g.hotel_id = b.hotel_id AND g.guest_id = b.guest_id
      WHERE (b.guest_name, b.guest_email, b.guest_phone) IS DISTINCT FROM (g.name, g.email, g.phone) AND g.anonymised_at IS NULL
        AND NOT pms.covers_contact(g.name_key, g.email_key, g.phone, b.guest_name, b.guest_email, b.guest_phone)
      ORDER BY g.hotel_id, g.guest_id, pms.contact_text(b.guest_name, b.guest_email, b.guest_phone), b.booking_id;
    ANALYZE pms.guest_contacts;
  `);
}

const lookInto = (table: string, more = ""): string => `
  (SELECT guest_id FROM ${table}
   WHERE hotel_id = core.tenant_id()${more} AND pms.like_pattern(patterns[1]) IS NOT NULL
     AND search_text LIKE pms.like_pattern(patterns[1]) AND search_text LIKE coalesce(pms.like_pattern(patterns[2]), '%')
     AND (cardinality(patterns) = 1 OR search_text ~ ALL (patterns)) LIMIT most)
  UNION ALL
  (SELECT guest_id FROM ${table}
   WHERE hotel_id = core.tenant_id()${more} AND pms.like_pattern(patterns[1]) IS NULL
     AND search_text ~ patterns[1] AND search_text LIKE coalesce(pms.like_pattern(patterns[2]), '%')
     AND search_text ~ ALL (patterns) LIMIT most)`;

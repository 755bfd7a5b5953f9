import type { Knex } from "knex";

import { tenantTable } from "../../../core/mod.ts";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE identity.hotels (
      hotel_id uuid PRIMARY KEY,
      name text NOT NULL,
      terms_and_conditions text,
      time_zone text NOT NULL,
      currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
      check_in_time time NOT NULL DEFAULT '14:00',
      check_out_time time NOT NULL DEFAULT '11:00',
      subscription_valid boolean NOT NULL DEFAULT true,
      trial_ends_at timestamptz NOT NULL,
      valid_to timestamptz NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      version integer NOT NULL DEFAULT 1
    );

    CREATE TABLE identity.users (
      hotel_id uuid NOT NULL REFERENCES identity.hotels,
      user_id uuid NOT NULL,
      username text NOT NULL,
      password_hash text NOT NULL,
      role text NOT NULL CHECK (role IN ('manager', 'receptionist')),
      active boolean NOT NULL DEFAULT true,
      created_at timestamptz NOT NULL DEFAULT now(),
      version integer NOT NULL DEFAULT 1,
      PRIMARY KEY (hotel_id, user_id)
    );
    -- Over all hotels: a username alone says who logs in.
    CREATE UNIQUE INDEX users_username ON identity.users (lower(username));

    CREATE TABLE identity.sessions (
      hotel_id uuid NOT NULL,
      session_id uuid NOT NULL,
      user_id uuid NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      revoked_at timestamptz,
      PRIMARY KEY (hotel_id, session_id),
      FOREIGN KEY (hotel_id, user_id) REFERENCES identity.users (hotel_id, user_id)
    );
    CREATE INDEX sessions_user ON identity.sessions (hotel_id, user_id);
    COMMENT ON TABLE identity.sessions IS 'One per login: the family of its refresh tokens.';

    CREATE TABLE identity.refresh_tokens (
      hotel_id uuid NOT NULL,
      token_hash bytea NOT NULL,
      session_id uuid NOT NULL,
      expires_at timestamptz NOT NULL,
      used_at timestamptz,
      PRIMARY KEY (hotel_id, token_hash),
      FOREIGN KEY (hotel_id, session_id) REFERENCES identity.sessions (hotel_id, session_id)
    );
    CREATE INDEX refresh_tokens_session ON identity.refresh_tokens (hotel_id, session_id);
  `);
  for (const table of ["hotels", "users", "sessions", "refresh_tokens"])
    await tenantTable(knex, "identity", table, "hotel_id");
}

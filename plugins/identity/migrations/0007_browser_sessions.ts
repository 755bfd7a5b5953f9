import type { Knex } from "knex";

/** Sessions of browsers: the cookie, the lock of an idle desk, and the PIN that opens it again. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE identity.sessions ADD COLUMN cookie_hash bytea, ADD COLUMN locked_at timestamptz;
    COMMENT ON COLUMN identity.sessions.cookie_hash IS 'Only of a browser. Such a session has no refresh tokens.';
    CREATE UNIQUE INDEX sessions_cookie ON identity.sessions (hotel_id, cookie_hash) WHERE cookie_hash IS NOT NULL;
    ALTER TABLE identity.users ADD COLUMN pin_hash text;
    ALTER TABLE identity.hotels ADD COLUMN desk_locks_after_minutes integer NOT NULL DEFAULT 10
      CHECK (desk_locks_after_minutes BETWEEN 0 AND 1440);
    COMMENT ON COLUMN identity.hotels.desk_locks_after_minutes IS 'Minutes without input. 0 means never.';
  `);
}

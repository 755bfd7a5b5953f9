import type { Knex } from "knex";

/** Where a session is used from, and which client used a refresh token. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE identity.refresh_tokens ADD COLUMN used_by bytea;
    COMMENT ON COLUMN identity.refresh_tokens.used_by IS 'A hash of the network and user agent that used it.';
    ALTER TABLE identity.sessions
      ADD COLUMN address text,
      ADD COLUMN user_agent text,
      ADD COLUMN last_used_at timestamptz;
    UPDATE identity.sessions SET last_used_at = created_at;
    ALTER TABLE identity.sessions ALTER COLUMN last_used_at SET DEFAULT now(), ALTER COLUMN last_used_at SET NOT NULL;
  `);
}

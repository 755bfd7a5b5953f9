import type { Knex } from "knex";

/** What the cleaning of old sessions looks for, over all hotels. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE INDEX refresh_tokens_expiry ON identity.refresh_tokens (expires_at);
    CREATE INDEX sessions_ended ON identity.sessions (revoked_at) WHERE revoked_at IS NOT NULL;
  `);
}

import type { Knex } from "knex";

/**
 * What a tenant used on a day, by kind: counted in the transaction of the use, so a use that fails does not count. The core
 * writes it for the plugins (`core/db/daily_usage.ts`).
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE core.daily_usage (
      tenant_id uuid NOT NULL,
      day date NOT NULL,
      kind text NOT NULL CHECK (kind ~ '^[a-z][a-z0-9_]*[.][a-z][a-z0-9_]*$'),
      used integer NOT NULL CHECK (used > 0),
      PRIMARY KEY (tenant_id, day, kind)
    );
    COMMENT ON TABLE core.daily_usage IS 'How often a tenant did something on a day of UTC, where a quota counts it.';
    ALTER TABLE core.daily_usage ENABLE ROW LEVEL SECURITY;
    CREATE POLICY core_work ON core.daily_usage TO keyrack_core USING (true) WITH CHECK (true);
  `);
}

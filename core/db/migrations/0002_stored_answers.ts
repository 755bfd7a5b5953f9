import type { Knex } from "knex";

/** Stored answers are the core's alone: no plugin's role has a right on them any more, nor a policy that lets it in. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw("DROP POLICY tenant_wall ON core.idempotency_keys");
}

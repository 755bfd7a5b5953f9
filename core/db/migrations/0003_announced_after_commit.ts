import type { Knex } from "knex";

/**
 * New jobs are announced after their commit (`core/jobs/announce.ts`). A NOTIFY inside a transaction makes its COMMIT take
 * a lock that the whole server has one of, and hold it while the log is written: no two such commits can be written together.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw("DROP TRIGGER announce ON core.outbox; DROP FUNCTION core.announce_job()");
}

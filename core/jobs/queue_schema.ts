import { runMigrations } from "bullmq";
import type { Knex } from "knex";

import { queueRole, queueSchema } from "../permissions.ts";

/** Brings the tables of BullMQ's PostgreSQL store up to date; its run-time login may use them and nothing else. */
export async function migrateQueueSchema(owner: Knex): Promise<void> {
  const connection = (await owner.client.acquireConnection()) as Parameters<typeof runMigrations>[0];
  try {
    await runMigrations(connection, queueSchema);
  } finally {
    await owner.client.releaseConnection(connection);
  }
  await owner.raw(
    `GRANT USAGE ON SCHEMA ${queueSchema} TO ${queueRole};
     GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${queueSchema} TO ${queueRole};
     GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA ${queueSchema} TO ${queueRole};
     GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${queueSchema} TO ${queueRole};`,
  );
}

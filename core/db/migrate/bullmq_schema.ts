import { runMigrations } from "bullmq";
import type { Knex } from "knex";

import { queueRole, queueSchema } from "../role_names.ts";

/** Brings the tables of BullMQ's PostgreSQL store up to date. Its run-time login can use them and nothing else. */
export async function migrateQueueSchema(owner: Knex): Promise<void> {
  const connection: Parameters<typeof runMigrations>[0] = await owner.client.acquireConnection();
  try {
    await runMigrations(connection, queueSchema);
  } finally {
    await owner.client.releaseConnection(connection);
  }
  // CREATE is needed, because BullMQ makes a sequence for each queue at the first job.
  await owner.raw(
    `GRANT USAGE, CREATE ON SCHEMA ${queueSchema} TO ${queueRole};
     GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${queueSchema} TO ${queueRole};
     GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA ${queueSchema} TO ${queueRole};
     GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${queueSchema} TO ${queueRole};`,
  );
}

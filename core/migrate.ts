/** `npm run migrate`: brings the database up to date and makes the grants anew. Wants the owner's DATABASE_URL. */
import { readBlueprint } from "./boot.ts";
import { isOutage } from "./db/database.ts";
import { migrate } from "./db/migrate.ts";
import { openPool } from "./db/pool.ts";
import { processVariables, stopOnFaults } from "./env.ts";
import { migrateQueueSchema } from "./jobs/queue_schema.ts";
import { createLogger } from "./log.ts";
import { runProcess } from "./process.ts";

/** Migrates the database at `DATABASE_URL`. */
export async function migrateDatabase(variables: Readonly<Record<string, string | undefined>>): Promise<void> {
  const { env, plugins } = await readBlueprint(variables);
  if (env.DATABASE_URL === undefined)
    stopOnFaults(["DATABASE_URL is missing. Remedy: set it to the URL of the database's owner."]);
  const knex = openPool({ url: env.DATABASE_URL as string, max: 3, name: "keyrack migrate" });
  try {
    await migrate(knex, plugins, env.SECRET_KEY, createLogger(env.LOG_LEVEL, { process: "migrate" }));
    if (env.REDIS_URL === undefined) await migrateQueueSchema(knex);
  } catch (error) {
    if (isOutage(error)) {
      stopOnFaults([
        `DATABASE_URL can't be reached or logged in to (${(error as Error).message}). Remedy: correct it, or start that PostgreSQL.`,
      ]);
    }
    throw error;
  } finally {
    await knex.destroy();
  }
}

if (import.meta.filename === process.argv[1]) {
  await runProcess("migrate", async () => {
    await migrateDatabase(processVariables());
    process.exit(0);
  });
}

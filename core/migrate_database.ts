/** Brings the database up to date and applies the grants of the manifests. */
import { readBlueprint } from "./boot.ts";
import { isOutage } from "./db/database.ts";
import { migrate } from "./db/migrate/migrate.ts";
import { openPool } from "./db/pool.ts";
import { stopOnFaults } from "./config/env.ts";
import { migrateQueueSchema } from "./db/migrate/bullmq_schema.ts";
import { createLogger } from "./process/log.ts";
import type { Sandbox } from "./deno/sandbox.ts";
import { asError } from "./values/unknown_value.ts";

/**
 * Migrates the database at `DATABASE_URL`.
 * @param sandbox runs the code of the plugins. If it is absent, their code runs in this process
 */
export async function migrateDatabase(
  variables: Readonly<Record<string, string | undefined>>,
  sandbox?: Pick<Sandbox, "find" | "runMigrationsAt">,
): Promise<void> {
  const { env, plugins } = await readBlueprint(variables, sandbox?.find);
  const url = env.DATABASE_URL;
  if (url === undefined)
    return stopOnFaults(["DATABASE_URL is missing. Remedy: set it to the URL of the database's owner."]);
  const knex = openPool({ url, max: 3, name: "keyrack migrate" });
  const log = createLogger(env.LOG_LEVEL, { process: "migrate" });
  try {
    await migrate(knex, plugins, env.SECRET_KEY, log, sandbox?.runMigrationsAt(url));
    if (env.REDIS_URL === undefined) await migrateQueueSchema(knex);
  } catch (error) {
    if (isOutage(error)) {
      stopOnFaults([
        `The database at DATABASE_URL refuses the login or can't be reached (${asError(error).message}). ` +
          "Remedy: correct DATABASE_URL, or start that PostgreSQL.",
      ]);
    }
    throw error;
  } finally {
    await knex.destroy();
  }
}

/**
 * Configures Knex's command line: `npx knex --knexfile knexfile.ts migrate:list`, `migrate:latest` and `seed:run`. Uses
 * `DATABASE_URL` or, without it, the embedded database in `DATA_DIR`. `npm run migrate` does the same as
 * `migrate:latest`, and makes the grants again even if no migration is new.
 *
 * Knex reads the list of migrations that ran from a table in the schema `core`. Each command therefore first makes the
 * missing roles, schemas and tables of the queue.
 */
import type { Knex } from "knex";

import { boot, readBlueprint } from "./core/boot.ts";
import { finishMigrations, migrationFolders, prepareMigrations } from "./core/db/migrate/migrate.ts";
import { migratorConfig } from "./core/db/migrate/migration_source.ts";
import { openPool } from "./core/db/pool.ts";
import { loginRole, urlAs } from "./core/db/role_names.ts";
import { makeDemo } from "./core/plugin/demo_part.ts";
import { startEmbeddedPostgres } from "./embedded/mod.ts";
import { processVariables } from "./core/config/env.ts";
import { migrateQueueSchema } from "./core/db/migrate/bullmq_schema.ts";
import { createLogger } from "./core/process/log.ts";
import { serve } from "./core/serve.ts";

/** Makes the demo hotel. A second run finds it and makes nothing. */
async function seedDemo(url: string, variables: Readonly<Record<string, string | undefined>>): Promise<void> {
  const platform = await boot("web", { ...variables, PORT: "0", HOST: "127.0.0.1" });
  const server = await serve(platform);
  try {
    const { DATA_DIR, SECRET_KEY } = platform.env;
    const target = {
      address: `http://127.0.0.1:${server.port}`,
      databaseUrl: urlAs(url, loginRole, SECRET_KEY),
    };
    const { login } = await makeDemo(target, DATA_DIR);
    process.stdout.write(`Log in as ${login?.username} with the password ${login?.password}\n`);
  } finally {
    await server.close();
  }
}

export default async function config(): Promise<Knex.Config> {
  const given = processVariables();
  const { env, plugins } = await readBlueprint(given);
  const url = env.DATABASE_URL ?? (await startEmbeddedPostgres({ dataDir: env.DATA_DIR })).url;
  const variables = { ...given, DATABASE_URL: url, LOG_LEVEL: given["LOG_LEVEL"] ?? "warn" };
  const log = createLogger(variables.LOG_LEVEL, { process: "knex" });
  const owner = openPool({ url, max: 2, name: "keyrack knex" });
  try {
    await prepareMigrations(owner, plugins, env.SECRET_KEY);
    if (env.REDIS_URL === undefined) await migrateQueueSchema(owner);
  } finally {
    await owner.destroy();
  }
  const migrations: Knex.MigratorConfigWithLifecycleHooks = {
    ...migratorConfig(migrationFolders(plugins)),
    afterAll: (knex) => finishMigrations(knex, plugins, log),
  };
  return {
    client: "pg",
    connection: url,
    migrations,
    seeds: {
      seedSource: {
        getSeeds: () => Promise.resolve(["demo"]),
        getSeed: () => Promise.resolve({ seed: () => seedDemo(url, variables) }),
      },
    },
  };
}

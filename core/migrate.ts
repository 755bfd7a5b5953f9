/** `npm run migrate`: brings the database up to date and makes the grants anew. Wants the owner's DATABASE_URL. */
import { readBlueprint } from "./boot.ts";
import { readProgramOptions, settingsInEnvironment } from "./cli/program_options.ts";
import { flag } from "./command.ts";
import { isOutage } from "./db/database.ts";
import { migrate } from "./db/migrate.ts";
import { openPool } from "./db/pool.ts";
import { processVariables, stopOnFaults } from "./env.ts";
import { migrateQueueSchema } from "./jobs/queue_schema.ts";
import { createLogger } from "./log.ts";
import { runProcess } from "./process.ts";
import type { Sandbox } from "./deno/sandbox.ts";

/**
 * Migrates the database at `DATABASE_URL`.
 * @param sandbox where plugins' code runs; absent: in this process
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
        `DATABASE_URL can't be reached or logged in to (${(error as Error).message}). Remedy: correct it, or start that PostgreSQL.`,
      ]);
    }
    throw error;
  } finally {
    await knex.destroy();
  }
}

/** The shipped plugins are as trusted as the core beside them; those of PLUGIN_PATH run on Deno where it is installed. */
async function sandboxFor(
  { PLUGIN_PATH }: ReturnType<typeof processVariables>,
  isAsked: boolean,
): Promise<Sandbox | undefined> {
  if (!isAsked && PLUGIN_PATH === undefined) return undefined;
  const [{ findDeno, noDeno }, { createSandbox }] = await Promise.all([
    import("./deno/command.ts"),
    import("./deno/sandbox.ts"),
  ]);
  const deno = findDeno();
  if (deno !== undefined) return createSandbox(deno, !isAsked);
  if (isAsked) stopOnFaults([noDeno]);
  process.stderr.write("migrate: without Deno, the code of the plugins in PLUGIN_PATH runs here, as the owner.\n");
  return undefined;
}

if (import.meta.filename === process.argv[1]) {
  const options = await readProgramOptions(
    "npm run migrate --",
    `Runs the migrations and makes the grants, as the owner of the database. ${settingsInEnvironment}`,
    { deno: flag("Run the migrations of all plugins on Deno") },
  );
  await runProcess("migrate", async () => {
    const variables = processVariables();
    await migrateDatabase(variables, await sandboxFor(variables, options.deno));
    process.exit(0);
  });
}

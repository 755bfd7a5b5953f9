/** `npm run migrate`: brings the database up to date. Wants the owner's DATABASE_URL. */
import { readProgramOptions, settingsInEnvironment } from "../core/cli/program_options.ts";
import { processVariables, stopOnFaults } from "../core/config/env.ts";
import type { Sandbox } from "../core/deno/sandbox.ts";
import { migrateDatabase } from "../core/migrate_database.ts";
import { flag } from "../core/plugin/command.ts";
import { runProcess } from "../core/process/run_process.ts";

/** The shipped plugins are as trusted as the core beside them; those of PLUGIN_PATH run on Deno where it is installed. */
async function sandboxFor(
  { PLUGIN_PATH }: ReturnType<typeof processVariables>,
  isAsked: boolean,
): Promise<Sandbox | undefined> {
  if (!isAsked && PLUGIN_PATH === undefined) return undefined;
  const [{ findDeno, noDeno }, { createSandbox }] = await Promise.all([
    import("../core/deno/command.ts"),
    import("../core/deno/sandbox.ts"),
  ]);
  const deno = findDeno();
  if (deno !== undefined) return createSandbox(deno, !isAsked);
  if (isAsked) stopOnFaults([noDeno]);
  process.stderr.write("migrate: without Deno, the code of the plugins in PLUGIN_PATH runs here, as the owner.\n");
  return undefined;
}

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

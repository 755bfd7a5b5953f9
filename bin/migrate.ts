/** Runs the migrations and makes the grants: `npm run migrate`. DATABASE_URL must have the owner's login. */
import { readProgramOptions, settingsInEnvironment } from "../core/cli/program_options.ts";
import { processVariables, stopOnFaults } from "../core/config/env.ts";
import type { Sandbox } from "../core/deno/sandbox.ts";
import { migrateDatabase } from "../core/migrate_database.ts";
import { flag } from "../core/plugin/command.ts";
import { runProcess } from "../core/process/run_process.ts";

/**
 * Returns a sandbox on Deno for the code of plugins. Without `--deno`, only plugins of PLUGIN_PATH run in it, if Deno
 * is installed. The shipped plugins are trusted like the core.
 */
async function sandboxFor(
  { PLUGIN_PATH }: ReturnType<typeof processVariables>,
  isRequested: boolean,
): Promise<Sandbox | undefined> {
  if (!isRequested && PLUGIN_PATH === undefined) return undefined;
  const [{ findDeno, noDeno }, { createSandbox }] = await Promise.all([
    import("../core/deno/command.ts"),
    import("../core/deno/sandbox.ts"),
  ]);
  const deno = findDeno();
  if (deno !== undefined) return createSandbox(deno, !isRequested);
  if (isRequested) stopOnFaults([noDeno]);
  process.stderr.write(
    "migrate: Deno is not installed, so the code of the plugins in PLUGIN_PATH runs here, with the owner's rights.\n",
  );
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

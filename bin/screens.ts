/** Builds the browser app: `npm run screens`. `npm start` does it too. Production images run it once. */
import { readProgramOptions } from "../core/cli/program_options.ts";
import { foldersOf, processVariables } from "../core/config/env.ts";
import { discoverPlugins, pluginsFolder } from "../core/plugin/discovery.ts";
import { runProcess } from "../core/process/run_process.ts";
import { BootError } from "../core/errors.ts";
import { buildScreensOf } from "../web/build/build.ts";

await readProgramOptions(
  "npm run screens --",
  "Builds the browser app into .web. PLUGIN_PATH names folders of further plugins.",
  {},
);
await runProcess("screens", async () => {
  const started = performance.now();
  const { plugins, faults } = await discoverPlugins([
    pluginsFolder,
    ...foldersOf(processVariables()["PLUGIN_PATH"] ?? ""),
  ]);
  if (faults.length > 0) throw new BootError(faults);
  const { hash } = await buildScreensOf(plugins, { quality: 11 });
  process.stdout.write(`The screens are built (${hash}, ${Math.round(performance.now() - started)} ms).\n`);
  return () => Promise.resolve();
});

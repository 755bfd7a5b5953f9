/** Builds the browser app: `npm run screens`. `npm start` does it too. Production images run it once. */
import { readBlueprint } from "../core/boot.ts";
import { readProgramOptions, settingsInEnvironment } from "../core/cli/program_options.ts";
import { processVariables } from "../core/config/env.ts";
import { buildScreensOf } from "../web/build/build.ts";

await readProgramOptions("npm run screens --", `Builds the browser app into .web. ${settingsInEnvironment}`, {});
const { plugins } = await readBlueprint(processVariables());
const started = performance.now();
const { hash } = await buildScreensOf(plugins, { quality: 11 });
process.stdout.write(`The screens are built (${hash}, ${Math.round(performance.now() - started)} ms).\n`);

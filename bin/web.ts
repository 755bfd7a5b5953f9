/** The web process: answers the API. `npm run web`, and the `web` line of the Procfile. */
import { boot } from "../core/boot.ts";
import { readProgramOptions, settingsInEnvironment } from "../core/cli/program_options.ts";
import { takeVariables } from "../core/config/env.ts";
import { runProcess } from "../core/process/run_process.ts";
import { serve } from "../core/serve.ts";

await readProgramOptions("npm run web --", `Answers the API. ${settingsInEnvironment}`, {});
await runProcess("web", async () => {
  const server = await serve(await boot("web", takeVariables()));
  process.send?.({ ready: true, port: server.port });
  return () => server.close();
});

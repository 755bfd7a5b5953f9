/**
 * Runs the operator's commands: `keyrack`, or `npm run -s cli --`. `--help` lists those of the core and of each plugin.
 */
import { runCommandLine } from "../core/cli/command_line.ts";
import { processVariables } from "../core/config/env.ts";
import { runProcess } from "../core/process/run_process.ts";

await runProcess("cli", async () => {
  const terminal = {
    out: (text: string): void => void process.stdout.write(text),
    err: (text: string): void => void process.stderr.write(text),
    columns: process.stdout.columns,
  };
  process.exit(await runCommandLine(process.argv.slice(2), processVariables(), terminal));
});

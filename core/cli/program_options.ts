/** The options of the other programs that a person starts: `start`, `web`, `worker`, `migrate`, `permissions`. */
import type { Fields, FieldValues } from "../plugin/command.ts";
import { addOptions, createProgram, readOptions, runProgram } from "./program.ts";

export const settingsInEnvironment = "Settings are environment variables: docs/production.md.";

/**
 * Reads the options of this process. Ends it with exit code 0 after `--help`, and with 2 after an undeclared word.
 * @param name the call of the program, with which the usage begins
 * @param summary one sentence for the help
 */
export async function readProgramOptions<const O extends Fields>(
  name: string,
  summary: string,
  options: O,
): Promise<FieldValues<O>> {
  const program = createProgram(name, summary, {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    columns: process.stdout.columns,
  });
  addOptions(program, options);
  let values: FieldValues<O> | undefined;
  program.action(() => {
    const parsed = readOptions(program, options);
    if (parsed.faults.length > 0) program.error(parsed.faults.join("\n"));
    values = parsed.values;
  });
  const code = await runProgram(program, process.argv.slice(2));
  return values ?? process.exit(code);
}

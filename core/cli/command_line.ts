/** The operator's command line: the commands of the core and of each plugin, their help and the completion. */
import * as z from "zod";

import { readBlueprint } from "../boot.ts";
import { type Command, defineCommand } from "../plugin/command.ts";
import { jobCommands } from "./job_commands.ts";
import { printableLines } from "../values/text.ts";
import { completionScript, shells } from "./completion.ts";
import { completedCommand } from "./completion_tree.ts";
import { type CommandGroups, type Commands, findCommands } from "./find_commands.ts";
import {
  addCommand,
  createProgram,
  type Execute,
  exitCodes,
  type Program,
  runProgram,
  type Terminal,
} from "./program.ts";
import { coreCommand, pluginCommand } from "./run_command.ts";
import type { Variables } from "../config/env.ts";

const programName = "keyrack";

/** Words of the core. A plugin with such an id can't have commands. */
const coreWords = ["jobs", "completion", "help"];

/**
 * Runs the command that the words name.
 * @param words after the program's name
 * @returns the exit code: 0, 1 (the command failed) or 2 (the call was wrong)
 */
export async function runCommandLine(
  words: readonly string[],
  variables: Variables,
  terminal: Terminal,
): Promise<number> {
  const [first = "--help"] = words;
  // The core's own commands need no plugin's code.
  const { groups, faults } = first === "jobs" ? noGroups : await findCommands(variables, first, coreWords);
  for (const fault of faults) terminal.err(`${printableLines(fault)}\n`);
  const program = createCommandLine(groups, variables, terminal);
  const isKnown = [...coreWords, ...groups.keys()].includes(first) || first.startsWith("-");
  if (faults.length > 0 && !isKnown) return exitCodes.failed;
  try {
    const code = (await runProgram(program, [first, ...words.slice(1)])) ?? exitCodes.done;
    return code === exitCodes.done && faults.length > 0 ? exitCodes.failed : code;
  } catch (error) {
    terminal.err(`${printableLines(error instanceof Error ? error.message : String(error))}\n`);
    return exitCodes.failed;
  }
}

const noGroups: CommandGroups = { groups: new Map(), faults: [] };

function createCommandLine(groups: CommandGroups["groups"], variables: Variables, terminal: Terminal): Program {
  const program = createProgram(
    programName,
    "Runs the commands of an operator, of the core and of each plugin.",
    terminal,
  );
  const core = jobCommands(() => readBlueprint(variables));
  addGroup(program, "jobs", core, (command) => coreCommand(command, terminal));
  for (const [id, commands] of groups)
    addGroup(program, id, commands, (command) => pluginCommand(id, command, variables, terminal));
  const completion = completionCommand(new Map([["jobs", core], ...groups]));
  addCommand(program, "completion", completion, coreCommand(completion, terminal)).helpGroup("Shell:");
  return program.addHelpText("after", `\nRun \`${programName} <command> --help\` for the options of a command.`);
}

function addGroup(program: Program, id: string, commands: Commands, executeOf: (command: Command) => Execute): void {
  const group = program
    .command(id)
    .description(`Runs the commands of ${id}.`)
    .helpGroup(`Commands of ${id}:`)
    .helpCommand(false);
  for (const [name, command] of Object.entries(commands))
    addCommand(group, name, command, executeOf(command)).helpGroup(`Commands of ${id}:`);
}

function completionCommand(groups: CommandGroups["groups"]): Command {
  const completion: Command = defineCommand({
    summary: "Print the completion script for a shell",
    args: { shell: z.enum(shells).describe("The shell that reads the script") },
    run: ({ args }, { print }) => {
      const ofGroups = [...groups].flatMap(([id, commands]) =>
        Object.entries(commands).map(([name, command]) => completedCommand([id, name], command)),
      );
      print(completionScript(args.shell, programName, [...ofGroups, completedCommand(["completion"], completion)]));
      return Promise.resolve();
    },
  });
  return completion;
}

/** Builds a program of commander from declared commands: parsing, help, suggestions and exit codes. */
import { Argument, Command as CommanderCommand, CommanderError, Help, Option } from "commander";

import { type Command, type CommandInput, type Fields, UsageError } from "../plugin/command.ts";
import { type FieldFacts, factsOf, parseFields } from "./fields.ts";

/** Exit codes of the process. A stop by Ctrl-C ends with 130 (`process.ts`). */
export const exitCodes = { done: 0, failed: 1, wrongCall: 2 } as const;

/** The output of a program. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Characters in a line of the help. Default: 120. */
  readonly columns?: number | undefined;
}

/** Runs a command with its parsed arguments and options. */
export type Execute = (input: CommandInput<Fields, Fields>) => Promise<void>;

/** A command of commander that prints its usage below each fault, and lists the commands of all groups at once. */
export class Program extends CommanderCommand {
  override createCommand(name?: string): Program {
    return new Program(name);
  }

  override createHelp(): Help {
    return new ProgramHelp();
  }

  /** Prints a fault with the usage. @throws CommanderError always */
  override error(message: string): never {
    const words = message.replace(/^error: /, "");
    const sentence = `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
    const usage = this.createHelp().commandUsage(this);
    const called = usage.split(" [")[0]?.split(" <")[0] ?? usage;
    super.error(`${sentence}\nUsage: ${usage}\nRun \`${called} --help\` for details.`);
  }
}

class ProgramHelp extends Help {
  /** True while the help is written. At other times commander asks for commands to suggest. */
  private isWriting = false;

  override formatHelp(command: CommanderCommand, helper: Help): string {
    this.isWriting = true;
    return super.formatHelp(command, helper);
  }

  override visibleCommands(command: CommanderCommand): CommanderCommand[] {
    const commands = super.visibleCommands(command).filter((one) => one.name() !== "help");
    const isList = this.isWriting && command.parent === null;
    return isList ? commands.flatMap((one) => (one.commands.length > 0 ? [...one.commands] : [one])) : commands;
  }

  override subcommandTerm(command: CommanderCommand): string {
    const group = command.parent?.parent === null ? [] : [command.parent?.name()];
    const args = command.registeredArguments.map((argument) => this.argumentWord(argument));
    return [...group, command.name(), ...args].join(" ");
  }

  private argumentWord(argument: Argument): string {
    return argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
  }
}

/** Makes a program without commands. @param summary one sentence */
export function createProgram(name: string, summary: string, { out, err, columns = 120 }: Terminal): Program {
  return new Program(name)
    .description(summary)
    .helpOption("-h, --help", "Print this help")
    .exitOverride()
    .configureOutput({
      writeOut: out,
      writeErr: err,
      getOutHelpWidth: () => columns,
      getErrHelpWidth: () => columns,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

/** Adds a command below a program or a group of it. */
export function addCommand(parent: Program, name: string, command: Command, execute: Execute): Program {
  const { args = {}, options = {}, summary } = command;
  const added = parent.command(name).description(`${summary}.`).summary(summary);
  for (const [argument, schema] of Object.entries(args))
    added.addArgument(argumentOf(argument, factsOf(argument, schema)));
  addOptions(added, options);
  added.action(async () => {
    const words = [...added.args];
    const positions = Object.keys(args);
    const parsedArgs = parseFields(
      args,
      (one) => words[positions.indexOf(one)],
      (one) => `<${one}>`,
    );
    const parsedOptions = readOptions(added, options);
    const faults = [...parsedArgs.faults, ...parsedOptions.faults];
    if (faults.length > 0) added.error(faults.join("\n"));
    try {
      await execute({ args: parsedArgs.values, options: parsedOptions.values });
    } catch (error) {
      if (error instanceof UsageError) added.error(error.message);
      throw error;
    }
  });
  return added;
}

export function addOptions(program: Program, options: Fields): void {
  for (const [name, schema] of Object.entries(options)) program.addOption(optionOf(name, factsOf(name, schema)));
}

/** Parses the options of a program after commander has read the words. */
export function readOptions<O extends Fields>(program: Program, options: O) {
  const values: Readonly<Record<string, unknown>> = program.opts();
  return parseFields(
    options,
    (name) => values[new Option(`--${name}`).attributeName()],
    (name) => `--${name}`,
  );
}

function argumentOf(name: string, facts: FieldFacts): Argument {
  return new Argument(facts.isRequired ? `<${name}>` : `[${name}]`, describe({ ...facts, isRequired: false }));
}

function optionOf(name: string, facts: FieldFacts): Option {
  return new Option(facts.kind === "flag" ? `--${name}` : `--${name} <${facts.placeholder}>`, describe(facts));
}

function describe({ description, type, defaultText, isRequired }: FieldFacts): string {
  const notes = [
    ...(type === undefined ? [] : [type]),
    ...(defaultText === undefined ? [] : [`default: ${defaultText}`]),
    ...(isRequired ? ["required"] : []),
  ];
  return notes.length === 0 ? description : `${description} (${notes.join("; ")})`;
}

/**
 * Reads the words and runs the command that they name.
 * @returns the exit code of a help (0) or of a wrong call (2); undefined if a command ran to its end
 */
export async function runProgram(program: Program, words: readonly string[]): Promise<number | undefined> {
  try {
    await program.parseAsync([...words], { from: "user" });
    return undefined;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongCall;
  }
}

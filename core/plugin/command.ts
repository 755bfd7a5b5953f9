/** Declares a command for operators, `keyrack <plugin> <command>`. A plugin lists its commands in `cli.ts`. */
import * as z from "zod";

import type { PluginContext } from "./contract.ts";
import type { Manifest } from "./manifest.ts";

/** Shows the progress of a long command on standard error, as a bar on a terminal and as plain lines elsewhere. */
export interface Progress {
  /** Sets the number of steps, if it was unknown or has changed. */
  total(steps: number): void;
  step(steps?: number): void;
  end(): void;
}

/**
 * Options or arguments by name. Each schema declares the type, the default and, by `describe`, the line in the help:
 * - `flag(…)` has no value.
 * - `z.int()` and `z.number()` take decimal digits, `z.enum` takes one of its values, and other schemas get the text.
 * - `meta({ title })` names the value in the help (`--since <time>`).
 * - `meta({ completes: "files" })` completes file names.
 */
export type Fields = Readonly<Record<string, z.ZodType>>;

export type FieldValues<F extends Fields> = { readonly [K in keyof F]: z.output<F[K]> };

/** The operator's arguments and options, parsed by the declared schemas. */
export interface CommandInput<A extends Fields, O extends Fields> {
  readonly args: FieldValues<A>;
  readonly options: FieldValues<O>;
}

/** Declares an option without a value. It is off by default. */
export const flag = (description: string) => z.boolean().default(false).describe(description);

export interface CommandContext {
  /** The variables that the plugin's manifest names. */
  readonly env: Readonly<Record<string, unknown>>;
  /**
   * Opens the plugin's own context, with its permissions, as `setup` gets it. The first call opens the database, and
   * the end of the command closes it. A command that does not call this needs no database.
   */
  readonly open: <M extends Manifest>() => Promise<PluginContext<M>>;
  readonly progress: (words: string, total?: number) => Progress;
  readonly readFile: (path: string) => Promise<Buffer>;
  /** Writes a line of the answer to standard output. */
  readonly print: (line: string) => void;
}

export interface CommandDeclaration<A extends Fields, O extends Fields> {
  /** One line for the list of commands. Begins with a verb, ends without a full stop. */
  readonly summary: string;
  /** The arguments in their order. A required argument can't follow an optional one. */
  readonly args?: A;
  /** The options, by names in kebab-case without leading dashes. Any other option is refused. */
  readonly options?: O;
  /** @throws Error with one sentence for the operator (exit code 1), or UsageError for a wrong call (exit code 2) */
  run(input: CommandInput<A, O>, ctx: CommandContext): Promise<void>;
}

/** A declared command without the types of its fields, as the core runs it. */
export type Command = CommandDeclaration<Fields, Fields>;

type NoFields = Readonly<Record<never, z.ZodType>>;

/** Declares a command. The schemas of `args` and `options` type the input of `run`. */
export function defineCommand<const A extends Fields = NoFields, const O extends Fields = NoFields>(
  declaration: CommandDeclaration<A, O>,
): Command {
  return declaration;
}

/** Reports a wrong call of a command. The core prints the command's usage below the message. */
export class UsageError extends Error {}

/** An operator's command, as the `commands` of a plugin's `cli.ts` declare it: `keyrack <plugin> <command>`. */
import * as z from "zod";

import type { PluginContext } from "./contract.ts";
import type { Manifest } from "./manifest.ts";

/** How far a long command has come: a bar on a terminal, and a plain line now and then elsewhere. On standard error. */
export interface Progress {
  /** Sets the number of steps, where it was not known or has changed. */
  total(steps: number): void;
  step(steps?: number): void;
  end(): void;
}

/**
 * Options or arguments by name. Each schema gives the type, the default and, by `describe`, the line in the help:
 * - `flag(…)` has no value;
 * - `z.int()` and `z.number()` take decimal digits, `z.enum` takes one of its values, other schemas get the text;
 * - `meta({ title })` names the value in the help (`--since <time>`), `meta({ completes: "files" })` completes file
 *   names.
 */
export type Fields = Readonly<Record<string, z.ZodType>>;

export type FieldValues<F extends Fields> = { readonly [K in keyof F]: z.output<F[K]> };

/** What the operator gave, parsed by the declared schemas. */
export interface CommandInput<A extends Fields, O extends Fields> {
  readonly args: FieldValues<A>;
  readonly options: FieldValues<O>;
}

/** An option without a value, which is off by default. */
export const flag = (description: string) => z.boolean().default(false).describe(description);

export interface CommandContext {
  /** The plugin's variables, by its manifest. */
  readonly env: Readonly<Record<string, unknown>>;
  /**
   * Opens the plugin's own context, with its permissions, as `setup` gets it. The first call opens the database; it is
   * closed when the command has ended. A command that does not call this needs no database.
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
  /** The arguments in their order. One that may be absent has no required one after it. */
  readonly args?: A;
  /** Named in kebab-case, without the dashes before. Any other option is refused. */
  readonly options?: O;
  /** @throws Error with one sentence for the operator (exit code 1), or UsageError for a wrong call (exit code 2) */
  run(input: CommandInput<A, O>, ctx: CommandContext): Promise<void>;
}

/** A declared command, its types folded away: what the core works with. */
export type Command = CommandDeclaration<Fields, Fields>;

type NoFields = Readonly<Record<never, z.ZodType>>;

/** Declares a command. The schemas of `args` and `options` type the input of `run`. */
export function defineCommand<const A extends Fields = NoFields, const O extends Fields = NoFields>(
  declaration: CommandDeclaration<A, O>,
): Command {
  return declaration;
}

/** The operator called a command in a way that it does not allow. Its usage is printed below the message. */
export class UsageError extends Error {}

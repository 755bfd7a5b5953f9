/** An operator's command, as a plugin's `cli.ts` exports them: `npm run -s cli -- <plugin> <command>`. */
import type { ParseArgsConfig } from "node:util";

import type { Manifest, PluginContext } from "./plugin.ts";

/** How far a long command has come: a bar on a terminal, and a plain line now and then elsewhere. On standard error. */
export interface Progress {
  /** Says how many steps there are, where that was not known or has changed. */
  total(steps: number): void;
  step(steps?: number): void;
  end(): void;
}

export interface CommandContext {
  /** The plugin's variables, by its manifest. */
  readonly env: Readonly<Record<string, unknown>>;
  /** What was given of the options that the command declares. */
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  /**
   * The plugin's own context, with its permissions, as `setup` gets it. The database is opened by the first call and
   * closed when the command has ended; a command that does not ask needs none.
   */
  readonly open: <M extends Manifest>() => Promise<PluginContext<M>>;
  readonly progress: (words: string, total?: number) => Progress;
  readonly readFile: (path: string) => Promise<Buffer>;
  readonly print: (line: string) => void;
}

export interface Command {
  /** One line that begins with how it is called. */
  readonly summary: string;
  /** As node:util's parseArgs takes them. Any other option is refused. */
  readonly options?: NonNullable<ParseArgsConfig["options"]>;
  /**
   * @param args without the options
   * @throws Error with one sentence for the operator (exit code 1), UsageError where it was called wrongly (2)
   */
  readonly run: (args: readonly string[], ctx: CommandContext) => Promise<void>;
}

/** The operator called a command as it can't be called. */
export class UsageError extends Error {}

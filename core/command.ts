/** An operator's command, as a plugin's `cli.ts` exports them: `npm run -s cli -- <plugin> <command>`. */
export interface CommandContext {
  /** The plugin's variables, by its manifest. */
  readonly env: Readonly<Record<string, unknown>>;
  readonly readFile: (path: string) => Promise<Buffer>;
  readonly print: (line: string) => void;
}

export interface Command {
  /** One line that begins with how it is called. */
  readonly summary: string;
  /** @throws Error with one sentence for the operator */
  readonly run: (args: readonly string[], ctx: CommandContext) => Promise<void>;
}

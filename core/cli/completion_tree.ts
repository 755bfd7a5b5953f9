/** Describes the declared commands for the completion scripts. */
import type { Command } from "../plugin/command.ts";
import { factsOf } from "./fields.ts";

/** A word to choose, with its line of help. */
export interface Choice {
  readonly word: string;
  readonly help: string;
}

export interface CompletedOption extends Choice {
  readonly takesValue: boolean;
  readonly values: readonly string[];
  readonly completesFiles: boolean;
}

/** The words that can follow a command. */
export interface CompletedCommand {
  /** `["billing", "events"]` */
  readonly path: readonly string[];
  readonly help: string;
  /** With the dashes before the name. */
  readonly options: readonly CompletedOption[];
  /** Values of the first argument, if its schema lists them. */
  readonly values: readonly string[];
  readonly completesFiles: boolean;
}

export function completedCommand(
  path: readonly string[],
  { summary, args = {}, options = {} }: Command,
): CompletedCommand {
  const [first] = Object.entries(args).map(([name, schema]) => factsOf(name, schema));
  const declared = Object.entries(options).map(([name, schema]) => {
    const { kind, description, choices, completesFiles } = factsOf(name, schema);
    const values = choices.filter(isPlainWord);
    return { word: `--${name}`, help: description, takesValue: kind !== "flag", values, completesFiles };
  });
  const help = { word: "--help", help: "Print this help", takesValue: false, values: [], completesFiles: false };
  return {
    path,
    help: summary,
    options: [...declared, help],
    values: (first?.choices ?? []).filter(isPlainWord),
    completesFiles: first?.completesFiles === true,
  };
}

/** Allows only plain words in a script, because `compgen -W` of bash would run a `$(…)`. */
const isPlainWord = (word: string): boolean => /^[\w.:@%+,/-]+$/.test(word);

/** Returns the words that can come first, each once. */
export function firstWords(commands: readonly CompletedCommand[]): Choice[] {
  const groups = [...new Set(commands.map(({ path }) => path[0] ?? ""))];
  return groups.map((word) => {
    const single = commands.find(({ path }) => path.length === 1 && path[0] === word);
    return { word, help: single?.help ?? `commands of ${word}` };
  });
}

/** Returns the commands of each group, by the group's name. */
export function groupsOf(commands: readonly CompletedCommand[]): ReadonlyMap<string, readonly Choice[]> {
  const groups = new Map<string, Choice[]>();
  for (const { path, help } of commands) {
    const [group = "", word] = path;
    if (word !== undefined) groups.set(group, [...(groups.get(group) ?? []), { word, help }]);
  }
  return groups;
}

/** Puts a text in single quotes, for bash and zsh. */
export const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** The completion script for fish. */
import { type CompletedCommand, firstWords, groupsOf } from "./completion_tree.ts";

export function fishScript(program: string, commands: readonly CompletedCommand[]): string {
  const complete = `complete -c ${program}`;
  const first = firstWords(commands).map(
    ({ word, help }) => `${complete} -n __fish_use_subcommand -a ${word} -d ${quotedForFish(help)}`,
  );
  const second = [...groupsOf(commands)].flatMap(([group, choices]) => {
    const others = choices.map(({ word }) => word).join(" ");
    const isNext = `__fish_seen_subcommand_from ${group}; and not __fish_seen_subcommand_from ${others}`;
    return choices.map(({ word, help }) => `${complete} -n '${isNext}' -a ${word} -d ${quotedForFish(help)}`);
  });
  return [
    `# Completion of ${program} for fish. To use it now: ${program} completion fish | source`,
    `# To keep it: ${program} completion fish > ~/.config/fish/completions/${program}.fish`,
    `${complete} -f`,
    `${complete} -l help -d 'Print this help'`,
    ...first,
    ...second,
    ...commands.flatMap((command) => afterCommand(complete, command)),
  ].join("\n");
}

function afterCommand(complete: string, { path, options, values, completesFiles }: CompletedCommand): string[] {
  const isHere = path.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
  const here = `${complete} -n '${isHere}'`;
  return [
    ...(values.length > 0 ? [`${here} -a '${values.join(" ")}'`] : []),
    ...(completesFiles ? [`${here} -F`] : []),
    ...options
      .filter(({ word }) => word !== "--help")
      .map(({ word, help, takesValue, values: possible, completesFiles: files }) => {
        const value = !takesValue
          ? ""
          : files
            ? " -r -F"
            : ` -x${possible.length > 0 ? ` -a '${possible.join(" ")}'` : ""}`;
        return `${here} -l ${word.slice(2)}${value} -d ${quotedForFish(help)}`;
      }),
  ];
}

/** Escapes quotes and backslashes, as fish reads them in single quotes. */
const quotedForFish = (text: string): string => `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;

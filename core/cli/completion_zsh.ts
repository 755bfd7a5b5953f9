/** The completion script for zsh. */
import { code } from "./code_template.ts";
import { type Choice, type CompletedCommand, firstWords, groupsOf, quoted } from "./completion_tree.ts";

export function zshScript(program: string, commands: readonly CompletedCommand[]): string {
  return code`#compdef ${program}
# Completion of ${program} for zsh. To use it now: source <(${program} completion zsh)
# To keep it: ${program} completion zsh > a file _${program} in a folder of $fpath
_${program}() {
  local -a choices
  local command=\${words[2]} previous=\${words[CURRENT-1]}
  if (( CURRENT == 2 )); then
    choices=(${list(firstWords(commands))})
    _describe -t commands command choices
    return
  fi
  case $command in
${[...groupsOf(commands)].map(groupCase).join("\n")}
  esac
  if (( $#choices > 0 )); then
    if (( CURRENT == 3 )); then
      _describe -t commands command choices
      return
    fi
    command+=" \${words[3]}"
  fi
  case "$command $previous" in
${commands.flatMap(valueCases).join("\n")}
  esac
  case $command in
${commands.map(commandCase).join("\n")}
  esac
}
# A sourced script registers the function. A file in $fpath calls it.
if [[ $funcstack[1] == _${program} ]]; then _${program} "$@"; else compdef _${program} ${program}; fi`;
}

/** Writes choices as `word:help`, so that a colon in a word needs a backslash. */
const list = (choices: readonly Choice[]): string =>
  choices.map(({ word, help }) => quoted(`${word.replaceAll(":", String.raw`\:`)}:${help}`)).join(" ");

const groupCase = ([group, choices]: readonly [string, readonly Choice[]]): string =>
  `    ${group}) choices=(${list(choices)}) ;;`;

function valueCases({ path, options }: CompletedCommand): string[] {
  return options
    .filter(({ takesValue }) => takesValue)
    .map(({ word, values, completesFiles }) => {
      const reply = completesFiles ? "_files" : `compadd -- ${values.join(" ")}`;
      return code`    ${quoted([...path, word].join(" "))}) ${reply}; return ;;`;
    });
}

function commandCase({ path, options, values, completesFiles }: CompletedCommand): string {
  const steps = [
    ...(values.length > 0 ? [`compadd -- ${values.join(" ")}`] : []),
    ...(completesFiles ? ["[[ $PREFIX == -* ]] || _files"] : []),
    `choices=(${list(options)})`,
    "_describe -t options option choices",
  ];
  return code`    ${quoted(path.join(" "))}) ${steps.join("; ")} ;;`;
}

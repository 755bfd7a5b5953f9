/** The completion script for bash. */
import { code } from "./code_template.ts";
import { type CompletedCommand, firstWords, groupsOf } from "./completion_tree.ts";

/** Writes the script. Its words are checked names (`completion_tree.ts`, `command_shape.ts`) and need no quotes. */
export function bashScript(program: string, commands: readonly CompletedCommand[]): string {
  const words = (list: readonly { readonly word: string }[]): string => list.map(({ word }) => word).join(" ");
  return code`# Completion of ${program} for bash. To use it now: source <(${program} completion bash)
# To keep it: ${program} completion bash > ~/.local/share/bash-completion/completions/${program}
_${program}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command words=""
  # Bash splits --status=dead into three words.
  if [[ $current == "=" ]]; then current=""
  elif [[ $previous == "=" ]]; then previous=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "${words(firstWords(commands))} --help" -- "$current"))
    return
  fi
  command=\${COMP_WORDS[1]}
  case $command in
${[...groupsOf(commands)].map(([group, choices]) => `    ${group}) words="${words(choices)} --help" ;;`).join("\n")}
  esac
  if [[ -n $words ]]; then
    if ((COMP_CWORD == 2)); then
      COMPREPLY=($(compgen -W "$words" -- "$current"))
      return
    fi
    command+=" \${COMP_WORDS[2]}"
  fi
  case "$command $previous" in
${commands.flatMap(valueCases).join("\n")}
  esac
  case $command in
${commands.map(commandCase).join("\n")}
  esac
}
complete -F _${program} ${program}`;
}

function valueCases({ path, options }: CompletedCommand): string[] {
  return options
    .filter(({ takesValue }) => takesValue)
    .map(({ word, values, completesFiles }) => {
      const reply = completesFiles ? fileReply : `COMPREPLY=($(compgen -W "${values.join(" ")}" -- "$current"))`;
      return code`    "${[...path, word].join(" ")}") ${reply}; return ;;`;
    });
}

function commandCase({ path, options, values, completesFiles }: CompletedCommand): string {
  const words = [...values, ...options.map(({ word }) => word)].join(" ");
  const files = completesFiles ? `[[ $current == -* ]] || { ${fileReply}; } ` : "";
  return code`    "${path.join(" ")}") COMPREPLY=($(compgen -W "${words}" -- "$current")); ${files};;`;
}

/** Completes names of files. Names with spaces stay whole, and bash adds the slash of a folder. */
const fileReply = 'compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current")';

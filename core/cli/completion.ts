/** Writes the completion scripts. Every word is in the script, so that pressing Tab starts no process. */
import { bashScript } from "./completion_bash.ts";
import { fishScript } from "./completion_fish.ts";
import type { CompletedCommand } from "./completion_tree.ts";
import { zshScript } from "./completion_zsh.ts";

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** Returns the script that a shell reads to complete the words after the program's name. */
export function completionScript(shell: Shell, program: string, commands: readonly CompletedCommand[]): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](program, commands);
}

/** Finds the commands of the plugins, without a database and without reading any setting but `PLUGIN_PATH`. */
import { existsSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { pluginsFolder, loadFault, pluginFolders } from "../plugin/discovery.ts";
import type { Command } from "../plugin/command.ts";
import { commandsShapeFaults } from "./command_shape.ts";
import { foldersOf, type Variables } from "../config/env.ts";

export type Commands = Readonly<Record<string, Command>>;

export interface CommandGroups {
  /** The commands of each plugin that has a `cli.ts`, by the plugin's id. */
  readonly groups: ReadonlyMap<string, Commands>;
  /** One sentence for each plugin whose commands can't be loaded. */
  readonly faults: readonly string[];
}

/**
 * Loads the `cli.ts` of each plugin, which runs its code in this process.
 * @param only the id of the one plugin to load. Loads all plugins if none has this id.
 * @param coreWords words of the core. A plugin with such an id can't have commands.
 */
export async function findCommands(
  variables: Variables,
  only: string | undefined,
  coreWords: readonly string[],
): Promise<CommandGroups> {
  const roots = new Set([pluginsFolder, ...foldersOf(variables["PLUGIN_PATH"] ?? "")]);
  const inRoots = [...roots].map((root) => pluginFolders(root));
  const faults = inRoots.flatMap((each) => each.faults);
  const folders = inRoots.flatMap((each) => each.folders).filter((folder) => existsSync(path.join(folder, "cli.ts")));
  const named = folders.filter((folder) => path.basename(folder) === only);
  const groups = new Map<string, Commands>();
  for (const folder of named.length > 0 ? named : folders) {
    const id = path.basename(folder);
    if (coreWords.includes(id)) {
      faults.push(`The plugin ${id} has commands, and "${id}" is a word of the core's. Remedy: rename the plugin.`);
      continue;
    }
    const loaded = await loadCommands(folder);
    if (Array.isArray(loaded)) faults.push(...loaded);
    else groups.set(id, loaded);
  }
  return { groups, faults };
}

/** Imports a plugin's commands. @returns the commands, or the faults of their shape */
async function loadCommands(folder: string): Promise<Commands | string[]> {
  try {
    const { commands }: { commands?: unknown } = await import(pathToFileURL(path.join(folder, "cli.ts")).href);
    const faults = commandsShapeFaults(path.basename(folder), commands);
    // The assertion is safe: the shape was checked, and `defineCommand` gives `run` the types of its schemas.
    return faults.length > 0 ? faults : (commands as Commands);
  } catch (error) {
    return [loadFault(folder, error)];
  }
}

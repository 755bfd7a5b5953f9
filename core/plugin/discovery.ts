/** Finds the plugins: one folder each, nothing registered anywhere. */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { checkManifest } from "./checks.ts";
import { manifestShapeFaults } from "./manifest_schema.ts";
import type { LoadedPlugin, Plugin } from "./contract.ts";

/** Where the plugins that ship with Keyrack live. */
export const pluginsFolder = path.join(import.meta.dirname, "..", "..", "plugins");

export interface Discovery {
  /** In the order of their `requires`: what a plugin needs stands before it. */
  readonly plugins: readonly LoadedPlugin[];
  /** The names of all plugins that are here, those that were not loaded included. */
  readonly here: readonly string[];
  /** What is wrong, each with its remedy; a boot stops on any. */
  readonly faults: readonly string[];
}

/** Reads one plugin. @returns undefined where it can't be read, which goes into `faults` */
export type PluginReader = (folder: string, faults: string[]) => Promise<LoadedPlugin | undefined>;

/**
 * Loads the plugins below the given folders and puts them in order.
 * @param list `PLUGINS`: only these are loaded, and what they require; no other plugin's code runs. Undefined: all
 * @param read how a plugin is read; by default its module is imported, which runs its code in this process
 */
export async function discoverPlugins(
  roots: readonly string[],
  list?: readonly string[],
  read: PluginReader = loadPlugin,
): Promise<Discovery> {
  const faults: string[] = [];
  const found = new Map<string, LoadedPlugin>();
  const unread = new Set<string>();
  // A folder that is named twice, or lies in plugins/ and is named by PLUGIN_PATH too, is one plugin.
  const folders = [...new Set(roots.flatMap((root) => pluginFolders(root, faults)))];
  const here = [...new Set(folders.map((folder) => path.basename(folder)))];
  const wanted = new Set(chosenIds(here, list) ?? here);
  // What a plugin requires is wanted too, and known once the plugin is read. A set's end moves while it is walked.
  for (const id of wanted) {
    for (const folder of folders.filter((one) => path.basename(one) === id)) {
      const plugin = await readChecked(folder, read, faults);
      if (plugin === undefined) {
        unread.add(id);
        continue;
      }
      const twin = found.get(id);
      if (twin === undefined) found.set(id, plugin);
      else faults.push(`Two plugins are called ${id}: ${twin.folder} and ${folder}. Remedy: rename or remove one.`);
      for (const needed of plugin.manifest.requires ?? []) wanted.add(needed);
    }
  }
  const inFolders = new Map(
    here.flatMap((id) => {
      const plugin = found.get(id);
      return plugin === undefined ? [] : [[id, plugin] as const];
    }),
  );
  return { plugins: inOrder(inFolders, unread, faults), here, faults };
}

async function readChecked(folder: string, read: PluginReader, faults: string[]): Promise<LoadedPlugin | undefined> {
  const plugin = await read(folder, faults);
  if (plugin === undefined) return undefined;
  const misplaced = faultOfName(plugin.manifest.id, folder);
  const shape = misplaced === undefined ? manifestShapeFaults(plugin.manifest) : [misplaced];
  faults.push(...(shape.length > 0 ? shape : checkManifest(plugin.manifest)));
  return shape.length > 0 ? undefined : plugin;
}

/**
 * What a list of `PLUGINS` stands for: the plugins that it names or, where each has a minus before it, all but those.
 * So the processes of the Procfile have a place for a plugin that is dropped in.
 */
export function chosenIds(here: readonly string[], list: readonly string[] | undefined): readonly string[] | undefined {
  if (list === undefined || list.length === 0 || !list.every((word) => word.startsWith("-"))) return list;
  return here.filter((id) => !list.includes(`-${id}`));
}

/** The folders of plugins below one that was named. */
export function pluginFolders(root: string, faults: string[]): string[] {
  if (!existsSync(root)) {
    faults.push(`The plugin folder ${root} does not exist. Remedy: correct PLUGIN_PATH.`);
    return [];
  }
  // PLUGIN_PATH may name one plugin, or a folder of plugins.
  if (existsSync(path.join(root, "mod.ts"))) return [root];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => path.join(root, entry.name))
    .sort();
}

/**
 * Names whose schema or roles are the core's own, or PostgreSQL's: a plugin called `platform` would have the role of
 * the group that is let past the tenant wall, one called `gate_pms` the login of another plugin's process.
 */
const takenName = /^(core|public|bullmq|information_schema|gate|queue|platform)$|^(pg|gate)_|_platform$/;

/** Imports a plugin's module, which runs its code in this process. */
export async function loadPlugin(folder: string, faults: string[]): Promise<LoadedPlugin | undefined> {
  const file = path.join(folder, "mod.ts");
  try {
    const { default: plugin }: { default?: Plugin } = await import(pathToFileURL(file).href);
    if (typeof plugin?.setup !== "function" || typeof plugin.manifest?.id !== "string") {
      faults.push(
        `${file} has no plugin as its default export. Remedy: export default definePlugin({ manifest, setup }).`,
      );
      return undefined;
    }
    return { manifest: plugin.manifest, setup: plugin.setup, folder };
  } catch (error) {
    faults.push(loadFault(folder, error));
    return undefined;
  }
}

/** The fault of a plugin whose code can't be run. */
export function loadFault(folder: string, error: unknown): string {
  const [why] = (error instanceof Error ? error.message : String(error)).split(/\.?(\n|$)/, 1);
  return `The plugin in ${folder} does not load: ${why}. Remedy: correct it, or remove the folder.`;
}

function faultOfName(id: string, folder: string): string | undefined {
  const name = path.basename(folder);
  if (id !== name) {
    return `The plugin in ${folder} calls itself "${id}". Remedy: make manifest.id "${name}", the name of its folder.`;
  }
  if (/^[a-z][a-z0-9_]{1,30}$/.test(name) && !takenName.test(name)) return undefined;
  return `"${name}" can't be a plugin's name: it becomes a schema and a role. Remedy: snake_case, 2 to 31 letters, none of the core's or PostgreSQL's own (core, public, gate_…, …_platform).`;
}

/**
 * Depth first over `requires`; a plugin that can't be placed is a fault and is left out. Those that were not read have
 * theirs.
 */
function inOrder(
  found: ReadonlyMap<string, LoadedPlugin>,
  unread: ReadonlySet<string>,
  faults: string[],
): LoadedPlugin[] {
  const order: LoadedPlugin[] = [];
  const state = new Map<string, "open" | "done">();
  const place = (plugin: LoadedPlugin, trail: readonly string[]): void => {
    const { id, requires = [] } = plugin.manifest;
    if (state.get(id) === "done") return;
    if (state.get(id) === "open") {
      faults.push(
        `Plugins require each other in a circle: ${[...trail, id].join(" -> ")}. Remedy: remove one of these from its manifest's requires.`,
      );
      return;
    }
    state.set(id, "open");
    for (const needed of requires) {
      const other = found.get(needed);
      if (unread.has(needed)) continue;
      if (other === undefined) {
        faults.push(
          `The plugin ${id} requires "${needed}", which is not here. Remedy: add that plugin, or take it out of ${id}'s requires.`,
        );
      } else place(other, [...trail, id]);
    }
    state.set(id, "done");
    order.push(plugin);
  };
  for (const plugin of found.values()) place(plugin, []);
  return order;
}

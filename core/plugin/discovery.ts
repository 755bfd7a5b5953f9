/** Finds the plugins by their folders, without a registry. */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { checkManifest } from "./checks.ts";
import { manifestShapeFaults } from "./manifest_schema.ts";
import type { LoadedPlugin, Plugin } from "./contract.ts";

/** The folder of the plugins that ship with Keyrack. */
export const pluginsFolder = path.join(import.meta.dirname, "..", "..", "plugins");

export interface Discovery {
  /** The loaded plugins. A required plugin comes before the plugins that require it. */
  readonly plugins: readonly LoadedPlugin[];
  /** The names of all installed plugins, including those that were not loaded. */
  readonly here: readonly string[];
  /** The faults, each with its remedy. Any fault stops the boot. */
  readonly faults: readonly string[];
}

/** Reads one plugin. @returns undefined after adding a fault, if it can't be read */
export type PluginReader = (folder: string, faults: string[]) => Promise<LoadedPlugin | undefined>;

/**
 * Loads the plugins below the given folders and puts them in order.
 * @param list the value of `PLUGINS`. Only these plugins and their requirements are loaded. Undefined means all
 * @param read reads a plugin. By default, it imports the plugin's module, which runs its code in this process
 */
export async function discoverPlugins(
  roots: readonly string[],
  list?: readonly string[],
  read: PluginReader = loadPlugin,
): Promise<Discovery> {
  const faults: string[] = [];
  const found = new Map<string, LoadedPlugin>();
  const unread = new Set<string>();
  // Removes duplicates, because PLUGIN_PATH can name a folder twice, or a folder of plugins/.
  const folders = [...new Set(roots.flatMap((root) => pluginFolders(root, faults)))];
  const here = [...new Set(folders.map((folder) => path.basename(folder)))];
  const wanted = new Set(chosenIds(here, list) ?? here);
  // The loop adds requirements to the set that it iterates, because they are known only after a plugin is read.
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
 * Returns the plugins that `PLUGINS` selects. A list of names selects these. A list with a minus before each name
 * selects all others, so that one process of the Procfile also runs plugins that are added later.
 */
export function chosenIds(here: readonly string[], list: readonly string[] | undefined): readonly string[] | undefined {
  return isExclusion(list) ? here.filter((id) => list?.includes(`-${id}`) !== true) : list;
}

/** Whether a list of `PLUGINS` names the plugins to leave out: each has a minus before it. */
export function isExclusion(list: readonly string[] = []): boolean {
  return list.length > 0 && list.every((word) => word.startsWith("-"));
}

/** Returns the folders of the plugins in a folder, and adds a fault if it does not exist. */
export function pluginFolders(root: string, faults: string[]): string[] {
  if (!existsSync(root)) {
    faults.push(`The plugin folder ${root} does not exist. Remedy: correct PLUGIN_PATH.`);
    return [];
  }
  // PLUGIN_PATH can name one plugin, or a folder of plugins.
  if (existsSync(path.join(root, "mod.ts"))) return [root];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => path.join(root, entry.name))
    .sort();
}

/**
 * Matches names whose schema or roles belong to the core or to PostgreSQL. A plugin called `platform` would get the
 * role of the group that works across tenants. A plugin called `gate_pms` would get the login of another process.
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

/** Describes the fault of a plugin whose code fails to load. */
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
  return (
    `"${name}" can't be a plugin's name: it becomes a schema and a role. ` +
    "Remedy: use 2 to 31 characters in snake_case, and no name of the core or of PostgreSQL, " +
    "such as core, public, gate_… or …_platform."
  );
}

/**
 * Orders the plugins depth first by `requires`. Adds a fault for a circle and for a requirement that is not installed.
 * A plugin that was not read has its own fault already.
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
        `Plugins require each other in a circle: ${[...trail, id].join(" -> ")}. ` +
          "Remedy: remove one of them from requires in a manifest.",
      );
      return;
    }
    state.set(id, "open");
    for (const needed of requires) {
      const other = found.get(needed);
      if (unread.has(needed)) continue;
      if (other === undefined) {
        faults.push(
          `The plugin ${id} requires "${needed}", which is not installed. ` +
            `Remedy: add that plugin, or remove it from requires in the manifest of ${id}.`,
        );
      } else place(other, [...trail, id]);
    }
    state.set(id, "done");
    order.push(plugin);
  };
  for (const plugin of found.values()) place(plugin, []);
  return order;
}

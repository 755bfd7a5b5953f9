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

/** A plugin. One with faults stops the boot. Without a plugin, the folder can't be read. */
interface PluginReading {
  readonly plugin?: LoadedPlugin;
  readonly faults: readonly string[];
}

/** Reads the plugin of a folder. */
export type PluginReader = (folder: string) => Promise<PluginReading>;

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
  const inRoots = roots.map((root) => pluginFolders(root));
  faults.push(...inRoots.flatMap((each) => each.faults));
  const folders = [...new Set(inRoots.flatMap((each) => each.folders))];
  const here = [...new Set(folders.map((folder) => path.basename(folder)))];
  const wanted = new Set(chosenIds(here, list) ?? here);
  // The loop adds requirements to the set that it iterates, because they are known only after a plugin is read.
  for (const id of wanted) {
    for (const folder of folders.filter((one) => path.basename(one) === id)) {
      const { plugin, faults: ofPlugin } = await readChecked(folder, read);
      faults.push(...ofPlugin);
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
  const ordered = inOrder(inFolders, unread);
  return { plugins: ordered.plugins, here, faults: [...faults, ...ordered.faults] };
}

async function readChecked(folder: string, read: PluginReader): Promise<PluginReading> {
  const reading = await read(folder);
  const { plugin } = reading;
  if (plugin === undefined) return reading;
  const misplaced = faultOfName(plugin.manifest.id, folder);
  const shape = misplaced === undefined ? manifestShapeFaults(plugin.manifest) : [misplaced];
  if (shape.length > 0) return { faults: [...reading.faults, ...shape] };
  return { plugin, faults: [...reading.faults, ...checkManifest(plugin.manifest)] };
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

interface Folders {
  readonly folders: readonly string[];
  readonly faults: readonly string[];
}

/** Finds the folders of the plugins in a folder, which must exist. */
export function pluginFolders(root: string): Folders {
  if (!existsSync(root))
    return { folders: [], faults: [`The plugin folder ${root} does not exist. Remedy: correct PLUGIN_PATH.`] };
  // PLUGIN_PATH can name one plugin, or a folder of plugins.
  if (existsSync(path.join(root, "mod.ts"))) return { folders: [root], faults: [] };
  const folders = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => path.join(root, entry.name))
    .sort();
  return { folders, faults: [] };
}

/**
 * Matches names whose schema or roles belong to the core or to PostgreSQL. A plugin called `platform` would get the
 * role of the group that works across tenants. A plugin called `gate_pms` would get the login of another process.
 */
const takenName = /^(core|public|bullmq|information_schema|gate|queue|platform)$|^(pg|gate)_|_platform$/;

/** Imports a plugin's module, which runs its code in this process. */
export async function loadPlugin(folder: string): Promise<PluginReading> {
  const file = path.join(folder, "mod.ts");
  try {
    const { default: plugin }: { default?: Plugin } = await import(pathToFileURL(file).href);
    if (typeof plugin?.setup !== "function" || typeof plugin.manifest?.id !== "string") {
      const remedy = "Remedy: export default definePlugin({ manifest, setup }).";
      return { faults: [`${file} has no plugin as its default export. ${remedy}`] };
    }
    return { plugin: { manifest: plugin.manifest, setup: plugin.setup, folder }, faults: [] };
  } catch (error) {
    return { faults: [loadFault(folder, error)] };
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
 * Orders the plugins depth first by `requires`. Finds a fault for a circle and for a requirement that is not installed.
 * A plugin that was not read has its own fault already.
 */
function inOrder(
  found: ReadonlyMap<string, LoadedPlugin>,
  unread: ReadonlySet<string>,
): Pick<Discovery, "plugins" | "faults"> {
  const faults: string[] = [];
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
  return { plugins: order, faults };
}

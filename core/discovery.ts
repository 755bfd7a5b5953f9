/** Finds the plugins: one folder each, nothing registered anywhere. */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { checkManifest } from "./boot_checks.ts";
import { manifestShapeFaults } from "./manifest_shape.ts";
import type { Manifest, Plugin } from "./plugin.ts";

/** A plugin and where it was found. */
export interface LoadedPlugin {
  readonly manifest: Manifest;
  readonly setup: Plugin["setup"];
  readonly folder: string;
}

export interface Discovery {
  /** In the order of their `requires`: what a plugin needs stands before it. */
  readonly plugins: readonly LoadedPlugin[];
  /** What is wrong, each with its remedy; a boot stops on any. */
  readonly faults: readonly string[];
}

/** Loads every plugin below the given folders and puts them in order. */
export async function discoverPlugins(roots: readonly string[]): Promise<Discovery> {
  const faults: string[] = [];
  const found = new Map<string, LoadedPlugin>();
  const misshapen = new Set<string>();
  // A folder that is named twice, or lies in plugins/ and is named by PLUGIN_PATH too, is one plugin.
  for (const folder of new Set(roots.flatMap((root) => pluginFolders(root, faults)))) {
    const loaded = await loadPlugin(folder, faults);
    if (loaded === undefined) continue;
    const shape = manifestShapeFaults(loaded.manifest);
    faults.push(...shape);
    if (shape.length > 0) {
      misshapen.add(loaded.manifest.id);
      continue;
    }
    faults.push(...checkManifest(loaded.manifest));
    const { id } = loaded.manifest;
    const twin = found.get(id);
    if (twin === undefined) found.set(id, loaded);
    else faults.push(`Two plugins are called ${id}: ${twin.folder} and ${folder}. Remedy: rename or remove one.`);
  }
  return { plugins: inOrder(found, misshapen, faults), faults };
}

function pluginFolders(root: string, faults: string[]): string[] {
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
 * Names whose schema or roles are the core's own, or PostgreSQL's: a plugin called `platform` would have the role of the
 * group that is let past the tenant wall, one called `gate_pms` the login of another plugin's process.
 */
const takenName = /^(core|public|bullmq|information_schema|gate|queue|platform)$|^(pg|gate)_|_platform$/;

async function loadPlugin(folder: string, faults: string[]): Promise<LoadedPlugin | undefined> {
  const file = path.join(folder, "mod.ts");
  const name = path.basename(folder);
  try {
    const { default: plugin } = (await import(pathToFileURL(file).href)) as { default?: Plugin };
    if (typeof plugin?.setup !== "function" || typeof plugin.manifest?.id !== "string") {
      faults.push(
        `${file} has no plugin as its default export. Remedy: export default definePlugin({ manifest, setup }).`,
      );
      return undefined;
    }
    if (plugin.manifest.id !== name) {
      faults.push(
        `The plugin in ${folder} calls itself "${plugin.manifest.id}". Remedy: make manifest.id "${name}", the name of its folder.`,
      );
      return undefined;
    }
    if (!/^[a-z][a-z0-9_]{1,30}$/.test(name) || takenName.test(name)) {
      faults.push(
        `"${name}" can't be a plugin's name: it becomes a schema and a role. Remedy: snake_case, 2 to 31 letters, none of the core's or PostgreSQL's own (core, public, gate_…, …_platform).`,
      );
      return undefined;
    }
    return { manifest: plugin.manifest, setup: plugin.setup, folder };
  } catch (error) {
    const [why] = (error instanceof Error ? error.message : String(error)).split(/\.?(\n|$)/, 1);
    faults.push(`The plugin in ${folder} does not load: ${why}. Remedy: correct it, or remove the folder.`);
    return undefined;
  }
}

/** Depth first over `requires`; a plugin that can't be placed is a fault and is left out. The misshapen have theirs. */
function inOrder(
  found: ReadonlyMap<string, LoadedPlugin>,
  misshapen: ReadonlySet<string>,
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
      if (misshapen.has(needed)) continue;
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

/** Checks the screens of a plugin against its manifest, its folder and the operations of all plugins. */
import { existsSync } from "node:fs";
import path from "node:path";

import type { LoadedPlugin, PluginParts } from "./contract.ts";

/** The file with a plugin's screens, in its folder. */
const entry = path.join("web", "mod.tsx");

/**
 * Checks that a manifest has the entry `web` if and only if the plugin has screens. The screens must call only
 * operations of the plugin itself and of plugins that it requires.
 * @returns the faults, each with its remedy
 */
export function checkScreens(plugins: readonly LoadedPlugin[], parts: ReadonlyMap<string, PluginParts>): string[] {
  const owners = new Map<string, string>();
  for (const [id, { routes = [] }] of parts) for (const route of routes) owners.set(route.id, id);
  return plugins.flatMap(({ manifest: { id, requires = [], web }, folder }) => {
    const hasEntry = existsSync(path.join(folder, entry));
    if (web === undefined) {
      if (!hasEntry) return [];
      return [
        `The plugin ${id} has ${entry}, and its manifest has no web. ` +
          "Remedy: add `web: { calls: [] }` to the manifest.",
      ];
    }
    if (!hasEntry) return [`The manifest of ${id} has web, and ${entry} is missing. Remedy: add it, or remove web.`];
    // A process that runs some plugins does not know the operations of the others.
    if (!requires.every((needed) => parts.has(needed))) return [];
    return web.calls.flatMap((call) => {
      const owner = owners.get(call);
      if (owner === id || (owner !== undefined && requires.includes(owner))) return [];
      if (owner === undefined)
        return [`The screens of ${id} call ${call}, and no plugin has this operation. Remedy: correct web.calls.`];
      return [
        `The screens of ${id} call ${call} of ${owner}, which ${id} does not require. ` +
          `Remedy: add "${owner}" to requires in the manifest.`,
      ];
    });
  });
}

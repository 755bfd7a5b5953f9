/**
 * The order of the folders and files of each plugin. A plugin of one subject needs only a few lines. A new folder of a
 * plugin gets its line here.
 */
import { isLayered, type Layers, upwardImports } from "./layers.ts";
import { pluginOf } from "./boundaries.ts";
import type { Source } from "./source.ts";

/** The declarations of a plugin. They import no folder of the plugin, so every folder can import them. */
const declarations = ["context.ts", "errors.ts", "jobs.ts", "manifest.ts", "port.ts"];

/** The modules that the core loads, and the types of the routes. They connect the folders: no folder imports them. */
const entries = ["api.ts", "cli.ts", "demo.ts", "mod.ts"];

/** The two layers that every plugin has. Screens import the types of the routes. */
const top: Layers = [entries, ["web"]];

/** The layers of each plugin, from the ground up, with paths from the plugin's folder. */
const pluginLayers: Readonly<Record<string, Layers>> = {
  "plugins/identity": [
    // The face for other plugins exports the limits of a trial.
    [...declarations, "hotels/trial.ts"],
    ["models"],
    ["views.ts", "names"],
    ["passwords", "rights"],
    ["sessions"],
    ["browser"],
    ["login"],
    ["staff", "lock"],
    ["hotels"],
    ...top,
  ],
  "plugins/pms": [
    declarations,
    ["models"],
    ["business_date", "policies"],
    ["inventory"],
    ["rates"],
    ["allocation", "booking_record"],
    ["closures", "guests", "housekeeping"],
    ["bookings/nights", "bookings/rules"],
    ["bookings"],
    ["bookings/repack"],
    ["desk"],
    ["demo_data"],
    ...top,
  ],
  "plugins/billing": [
    declarations,
    ["models", "stripe"],
    ["facts"],
    ["entitlement", "inbox"],
    ["apply", "checkout"],
    ["recovery"],
    ["commands", "routes.ts"],
    ...top,
  ],
  "plugins/reporting": [
    declarations,
    ["models", "csv"],
    ["kinds"],
    ["build"],
    ["requests"],
    ["download", "expiry.ts", "schedules"],
    ...top,
  ],
  "examples/plugins/minibar": [
    declarations,
    ["models"],
    ["charges.ts", "restock.ts", "views.ts"],
    ["routes_charges.ts", "routes_restock.ts"],
    ...top,
  ],
};

/** Imports inside of a plugin that run upward, and files of a plugin that have no layer. */
export function upwardPluginImports(sources: readonly Source[], table = pluginLayers): string[] {
  return [...byPlugin(sources)].flatMap(([folder, files]) =>
    upwardImports(files, layersOf(folder, table), "pluginLayers in testing/rules/plugin_layers.ts"),
  );
}

/** Lines of the table that name no file, except the declarations and entries that a plugin can lack. */
export function unusedPluginLayers(sources: readonly Source[], table = pluginLayers): string[] {
  const plugins = byPlugin(sources);
  const optional = new Set([...declarations, ...top.flat()]);
  return Object.entries(table).flatMap(([folder, layers]) =>
    layers
      .flat()
      .filter((entry) => !optional.has(entry))
      .filter((entry) => !(plugins.get(folder) ?? []).some(({ file }) => isLayered(file, `${folder}/${entry}`)))
      .map((entry) => `${folder}/${entry} has a layer and no file. Remedy: remove it from pluginLayers.`),
  );
}

function byPlugin(sources: readonly Source[]): ReadonlyMap<string, Source[]> {
  const plugins = new Map<string, Source[]>();
  for (const source of sources) {
    const folder = pluginOf(source.file)?.folder.replace(/\/$/, "");
    if (folder !== undefined) plugins.set(folder, [...(plugins.get(folder) ?? []), source]);
  }
  return plugins;
}

const layersOf = (folder: string, table: Readonly<Record<string, Layers>>): Layers =>
  (table[folder] ?? []).map((layer) => layer.map((entry) => `${folder}/${entry}`));

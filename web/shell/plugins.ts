/** The plugins whose screens are loaded. */
import { signal } from "@preact/signals";

import { pageData } from "../api/page_data.ts";
import type { ScreensOfPlugin } from "./screens.ts";

export interface LoadedPlugin {
  readonly id: string;
  readonly screens: ScreensOfPlugin;
}

const plugins = signal<readonly LoadedPlugin[]>([]);
/** Ids of plugins whose screens did not load. */
export const failedPlugins = signal<readonly string[]>([]);

/** Loads the entry of each plugin. A plugin that fails takes only its own screens away. */
export async function loadPlugins(): Promise<void> {
  const loads = await Promise.all(
    pageData.plugins.map(async ({ id, script }) => {
      try {
        const { default: screens }: { readonly default: ScreensOfPlugin } = await import(script);
        return { id, screens };
      } catch (error) {
        reportError(error);
        return { id, screens: undefined };
      }
    }),
  );
  plugins.value = loads.flatMap(({ id, screens }) => (screens === undefined ? [] : [{ id, screens }]));
  failedPlugins.value = loads.flatMap(({ id, screens }) => (screens === undefined ? [id] : []));
}

/** The entries of one kind of all plugins, with the plugin of each. */
export function allOf<K extends keyof ScreensOfPlugin>(
  kind: K,
): readonly { readonly pluginId: string; readonly item: NonNullable<ScreensOfPlugin[K]>[number] }[] {
  return plugins.value.flatMap(({ id, screens }) =>
    // TypeScript does not relate the items of `screens[kind]` to `kind` inside of a generic function.
    (screens[kind] ?? []).map((item) => ({ pluginId: id, item: item as NonNullable<ScreensOfPlugin[K]>[number] })),
  );
}

/** Whether a user of this role can call an operation of a plugin. */
export function canCall(pluginId: string, operation: string, role: string): boolean {
  const roles = pageData.plugins.find(({ id }) => id === pluginId)?.calls[operation]?.[2];
  return roles === "public" || roles?.includes(role) === true;
}

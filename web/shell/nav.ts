/** The pages and commands that a role can use. */
import { textOf } from "../i18n/messages.ts";
import { allOf, canCall } from "./plugins.ts";
import type { Command } from "./screens.ts";

/** The entries of the navigation for a role, in their order. */
export function navOf(role: string) {
  return allOf("nav")
    .filter(({ pluginId, item }) => canCall(pluginId, item.needs, role))
    .map(({ pluginId, item }) => ({ ...item, text: textOf<Record<string, string>>(pluginId)(item.label) }))
    .sort((a, b) => a.order - b.order);
}

interface ShownCommand extends Command {
  readonly text: string;
}

/** The commands for a role. */
export function commandsOf(role: string): readonly ShownCommand[] {
  return allOf("commands")
    .filter(({ pluginId, item }) => canCall(pluginId, item.needs, role))
    .map(({ pluginId, item }) => ({ ...item, text: textOf<Record<string, string>>(pluginId)(item.label) }));
}

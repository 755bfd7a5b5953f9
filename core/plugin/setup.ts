/** Sets up one plugin. If its code throws or returns a wrong value, the boot reports a fault with the plugin's name. */
import type { LoadedPlugin, PluginContext, PluginParts } from "./contract.ts";
import { withoutValues } from "./plugin_env.ts";
import { partsShapeFaults } from "./parts_schema.ts";
import { memberOf } from "../values/unknown_value.ts";

/** The parts of a plugin, or the faults of its setup. */
type SetupOutcome = { readonly parts: PluginParts } | { readonly faults: readonly string[] };

/** Runs the plugin's `setup`. */
export async function setUp(
  { manifest, setup }: LoadedPlugin,
  context: PluginContext,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<SetupOutcome> {
  let parts: PluginParts;
  try {
    // The context was made from the same manifest that types the parameter of `setup`.
    parts = await setup(context as never);
  } catch (error) {
    const read = Object.keys(manifest.permissions?.env ?? {}).map((name) => variables[name]);
    const words = withoutValues(firstLine(error), [...read, ...Object.values(context.env)]);
    const message = words ?? "the message is hidden because it quotes a variable";
    return {
      faults: [
        `The setup of ${manifest.id} failed${placeOf(error)}: ${message}. Remedy: correct it, or remove the folder.`,
      ],
    };
  }
  const faults = partsShapeFaults(manifest.id, parts);
  if (faults.length === 0) return { parts };
  // Closes the resources that it opened, because they would keep the process alive.
  const close = memberOf(parts, "close");
  if (typeof close === "function") await Promise.resolve(close()).catch(() => undefined);
  return { faults };
}

function firstLine(error: unknown): string {
  return ((error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "").replace(/\.$/, "");
}

/** Returns the innermost place of the error in the code. It is usually the plugin's code. */
function placeOf(error: unknown): string {
  const [, place] = /\n\s+at .*?([^/\\()\s]+:\d+):\d+\)?/.exec(error instanceof Error ? (error.stack ?? "") : "") ?? [];
  return place === undefined ? "" : ` at ${place}`;
}

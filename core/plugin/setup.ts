/**
 * Sets one plugin up. Its code may throw or give back anything: that is a fault with its name, and no crash without.
 */
import type { LoadedPlugin, PluginContext, PluginParts } from "./contract.ts";
import { withoutValues } from "./plugin_env.ts";
import { partsShapeFaults } from "./parts_schema.ts";
import { memberOf } from "../values/unknown_value.ts";

/** @returns undefined where there is a fault, which goes into `faults` */
export async function setUp(
  { manifest, setup }: LoadedPlugin,
  context: PluginContext,
  variables: Readonly<Record<string, string | undefined>>,
  faults: string[],
): Promise<PluginParts | undefined> {
  let parts: PluginParts;
  try {
    parts = await setup(context as never);
  } catch (error) {
    const read = Object.keys(manifest.permissions?.env ?? {}).map((name) => variables[name]);
    const words = withoutValues(firstLine(error), [...read, ...Object.values(context.env)]);
    faults.push(
      `The setup of ${manifest.id} failed${placeOf(error)}: ${words ?? "its words quote a variable, and are not told"}. Remedy: correct it, or remove the folder.`,
    );
    return undefined;
  }
  const shape = partsShapeFaults(manifest.id, parts);
  if (shape.length === 0) return parts;
  faults.push(...shape);
  // What it opened all the same would keep the process alive.
  const close = memberOf(parts, "close");
  if (typeof close === "function") await Promise.resolve(close()).catch(() => undefined);
  return undefined;
}

function firstLine(error: unknown): string {
  return ((error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "").replace(/\.$/, "");
}

/** The innermost place in the code, which is most often the plugin's. */
function placeOf(error: unknown): string {
  const [, place] = /\n\s+at .*?([^/\\()\s]+:\d+):\d+\)?/.exec(error instanceof Error ? (error.stack ?? "") : "") ?? [];
  return place === undefined ? "" : ` at ${place}`;
}

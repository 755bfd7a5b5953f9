/**
 * Evaluates plugins' manifests and prints them as JSON. Runs on Deno, and can only read code. The process that started
 * it has permissions that no plugin may use, so it gets data and never the module.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { loadFault } from "../plugin/discovery.ts";
import { type Reading, readingOf } from "../plugin/manifest_data.ts";
import type { Manifest } from "../plugin/manifest.ts";

const readings: Reading[] = [];
for (const folder of process.argv.slice(2)) readings.push(await read(folder));
process.stdout.write(`\n${JSON.stringify(readings)}\n`);

async function read(folder: string): Promise<Reading> {
  try {
    const manifest = await importManifest(folder);
    if (typeof manifest?.id === "string") return readingOf(manifest);
    const remedy = "Remedy: export manifest from manifest.ts, or a plugin by default from mod.ts.";
    return { faults: [`The plugin in ${folder} has no manifest. ${remedy}`] };
  } catch (error) {
    return { faults: [loadFault(folder, error)] };
  }
}

/** Imports `manifest.ts`, which imports little, or else `mod.ts`. */
async function importManifest(folder: string): Promise<Manifest | undefined> {
  const file = path.join(folder, "manifest.ts");
  if (existsSync(file)) {
    const { manifest }: { manifest?: Manifest } = await import(pathToFileURL(file).href);
    return manifest;
  }
  const whole = pathToFileURL(path.join(folder, "mod.ts")).href;
  const { default: plugin }: { default?: { manifest?: Manifest } } = await import(whole);
  return plugin?.manifest;
}

/**
 * Rules about the direction of imports and the size of folders. They are functions over sources, so that a test can
 * plant a violation and see each rule refuse it.
 */
import path from "node:path";

import { isTest, targetOf } from "./boundaries.ts";
import type { Source } from "./source.ts";

/** Layers from the ground up. Each is a list of folders and files. */
export type Layers = readonly (readonly string[])[];

/**
 * The layers of the platform, from the ground up. A file may import from its own layer and from the layers below it.
 * An entry is a folder or a file; the longest entry that matches decides.
 */
const platformLayers: Layers = [
  ["embedded"],
  ["core/errors.ts", "core/values"],
  // Plain data: the database's grants and the queues are derived from manifests and job definitions.
  ["core/jobs/job_definition.ts", "core/plugin/manifest.ts"],
  ["core/config", "core/process"],
  ["core/db"],
  ["core/files", "core/jobs", "core/live"],
  ["core/http"],
  ["core/audit"],
  ["core/plugin"],
  // Migration reads every plugin's manifest and folder, so it is above the plugin contract.
  ["core/db/migrate"],
  ["core/boot.ts"],
  ["core/cli", "core/deno", "core/migrate_database.ts", "core/serve.ts"],
  ["core/mod.ts"],
  ["workers"],
  // The build of the browser app reads the list of plugins. The app itself imports types of the core alone.
  ["web"],
  ["bin"],
];

/** Production files in one folder, at most: a reader must be able to see a folder at a glance. */
export const mostFiles = 16;

/** Returns whether an entry of a layer is this file, or a folder that contains it. */
export const isLayered = (file: string, entry: string): boolean => file === entry || file.startsWith(`${entry}/`);

function layerOf(file: string, layers: Layers): number | undefined {
  let best: { readonly length: number; readonly layer: number } | undefined;
  for (const [layer, entries] of layers.entries()) {
    for (const entry of entries) {
      if (!isLayered(file, entry)) continue;
      if (best === undefined || entry.length > best.length) best = { length: entry.length, layer };
    }
  }
  return best?.layer;
}

const isProduction = ({ file }: Source): boolean => !isTest(file) && !/\/migrations\//.test(file);

/** The files that a file imports, among the given sources. Imports of types count: a reader follows them too. */
function importsOf({ file, imports }: Source, known: ReadonlySet<string>): string[] {
  const targets = imports.map(({ from }) => (from === undefined ? "" : targetOf(file, from)));
  return [...new Set(targets)].filter((target) => known.has(target));
}

/** Imports that run upward: from a layer to one above it. Also names each file that has no layer. */
export function upwardImports(
  sources: readonly Source[],
  layers = platformLayers,
  table = "platformLayers in testing/rules/layers.ts",
): string[] {
  const production = sources.filter(isProduction);
  const known = new Set(production.map(({ file }) => file));
  return production.flatMap((source) => {
    const from = layerOf(source.file, layers);
    if (from === undefined) return [`${source.file} has no layer. Remedy: ${table}.`];
    return importsOf(source, known)
      .filter((target) => (layerOf(target, layers) ?? from) > from)
      .map((target) => `${source.file} imports ${target}, which is above it.`);
  });
}

/** Circles of imports, each as the path that leads back to its first file. At least one is reported for each knot. */
export function importCircles(sources: readonly Source[]): string[] {
  const production = sources.filter(isProduction);
  const known = new Set(production.map(({ file }) => file));
  const edges = new Map(production.map((source) => [source.file, importsOf(source, known)]));
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    const start = trail.indexOf(file);
    if (start >= 0) {
      circles.push([...trail.slice(start), file].join(" -> "));
      return;
    }
    if (done.has(file)) return;
    for (const target of edges.get(file) ?? []) visit(target, [...trail, file]);
    done.add(file);
  };
  for (const file of edges.keys()) visit(file, []);
  return circles;
}

/** Folders with more production files than a reader can see at a glance. Migrations are a list, and do not count. */
export function crowdedFolders(sources: readonly Source[], most = mostFiles): string[] {
  const counts = new Map<string, number>();
  for (const { file } of sources.filter((source) => isProduction(source) || /(^|\/)testing\//.test(source.file))) {
    if (/_test\.[jt]s$|\/migrations\//.test(file)) continue;
    const folder = path.posix.dirname(file);
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count > most)
    .map(
      ([folder, count]) => `${folder} has ${count} files, at most ${most}. Remedy: a folder for one of its subjects.`,
    );
}

/** Rules about imports and global names. They are functions of source text, so that tests can plant violations. */
import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { isScreen, screenFaults } from "./screens.ts";
import type { Import, Source } from "./source.ts";

/** The folder of the project. */
export const root = path.join(import.meta.dirname, "..", "..");

/**
 * Modules that a plugin can import besides its own files, the core's face and ports. None of them leaves the process.
 */
const pluginModules = new Set([
  "@node-rs/argon2",
  "@zxcvbn-ts/language-common",
  "csv-stringify",
  "fresh",
  "jose",
  "koa-passport",
  "lru-cache",
  "node:crypto",
  "node:events",
  "node:os",
  "node:path",
  "node:stream",
  "node:stream/promises",
  "node:timers/promises",
  "node:zlib",
  "objection",
  "p-limit",
  "passport",
  "passport-local",
  // Stripe's client gets ctx.fetch for its requests.
  "stripe",
  "zod",
]);

/** Modules of which a plugin can import types. */
const pluginTypes = new Set(["knex", "koa"]);

/** Global names that a plugin must not use, each with its replacement. */
const noPluginNames: Readonly<Record<string, string>> = {
  process: "ctx.env for a variable",
  fetch: "ctx.fetch",
  XMLHttpRequest: "ctx.fetch",
  WebSocket: "ctx.fetch",
  EventSource: "ctx.fetch",
  navigator: "ctx.fetch",
  require: "import",
  module: "import",
  eval: "code that can be read",
  Function: "code that can be read",
  globalThis: "the names that it needs",
  global: "the names that it needs",
  window: "the names that it needs",
  self: "the names that it needs",
  Deno: "an API that Node and Deno share",
  Worker: "a job",
  SharedWorker: "a job",
  caches: "a table",
  localStorage: "a table",
  sessionStorage: "a table",
};

/** Modules that only some files can import, so that their use is checked there. */
const homes: readonly { readonly modules: RegExp; readonly allowed: RegExp }[] = [
  { modules: /^(pg|pg-copy-streams)(\/|$)/, allowed: /^core\/(db|jobs)\/|^embedded\/|^core\/live\/listener\.ts$/ },
  { modules: /^(ioredis|bullmq)(\/|$)/, allowed: /^core\/jobs\/|^core\/db\/migrate\/bullmq_schema\.ts$/ },
  { modules: /^knex(\/|$)/, allowed: /^(core|workers)\// },
  { modules: /^node:process$/, allowed: /^$/ },
];

export const isTest = (file: string): boolean => /_test\.[mc]?[jt]sx?$|(^|\/)testing\/|\/_test_/.test(file);

/** Returns the plugin of a file, with its id and folder: `plugins/pms`, `examples/plugins/minibar`. */
export function pluginOf(file: string): { readonly folder: string; readonly id: string } | undefined {
  const [folder, id] = /^(?:examples\/)?plugins\/([^/]+)\//.exec(file) ?? [];
  return folder === undefined || id === undefined ? undefined : { folder, id };
}

/** The `imports` of package.json: names that are the same in any folder, so that a plugin can be in several places. */
const { imports: names } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
  imports: Record<string, string>;
};

function named(imported: string): string | undefined {
  for (const [name, to] of Object.entries(names)) {
    const [before = "", after] = name.split("*");
    if (after === undefined ? imported !== name : !(imported.startsWith(before) && imported.endsWith(after))) continue;
    return to.replace("*", imported.slice(before.length, imported.length - (after ?? "").length));
  }
  return undefined;
}

const isAddress = (imported: string): boolean => /^(\/|\\|(?!node:)[a-z][a-z0-9+.-]*:)/i.test(imported);

/**
 * Returns the target of an import. A file is named from the root, with forward slashes (`../` outside of the project).
 * A package has its own name. Resolves by a URL as Node does. So it sees through `./%2e%2e/`, and through a path that
 * leaves the project and comes back.
 */
export function targetOf(file: string, imported: string): string {
  const local = imported.startsWith("#") ? named(imported)?.replace(/^\.\//, "/") : imported;
  if (local === undefined) return imported;
  if (isBuiltin(local)) return `node:${local.replace(/^node:/, "")}`;
  const isPath = /^\.{0,2}\//.test(local) || /^\.{1,2}$/.test(local) || local.startsWith("file:");
  if (!isPath) return local;
  try {
    const base = pathToFileURL(path.join(root, imported.startsWith("#") ? "package.json" : file));
    const url = new URL(imported.startsWith("#") ? `.${local}` : local, base);
    return path.relative(root, fileURLToPath(url)).replaceAll(path.sep, "/") + url.search + url.hash;
  } catch {
    return imported;
  }
}

/** Finds the forbidden imports and names of a plugin's file. @param requires of its manifest */
export function pluginFaults(source: Source, requires: readonly string[]): string[] {
  const plugin = pluginOf(source.file);
  if (plugin === undefined || isTest(source.file)) return [];
  if (isScreen(source.file)) return screenFaults(source, plugin.folder, requires);
  const imports = source.imports.flatMap((one) => {
    const why = importFault(source.file, plugin, one, requires);
    return why === undefined ? [] : [`${source.file} imports ${one.from ?? "a computed name"}: ${why}.`];
  });
  const bases = new Set(source.names.map((name) => name.split(".")[0] ?? ""));
  const used = [...bases]
    .filter((name) => Object.hasOwn(noPluginNames, name))
    .map((name) => `${source.file} uses ${name}. Remedy: ${noPluginNames[name]}.`);
  return [...imports, ...used];
}

function importFault(
  file: string,
  plugin: { readonly folder: string; readonly id: string },
  { from, typeOnly }: Import,
  requires: readonly string[],
): string | undefined {
  if (from === undefined) return "the rule can't see its target. Remedy: a name in quotes";
  const to = targetOf(file, from);
  const other = pluginOf(to);
  if (isTest(to)) return "that is for tests. Remedy: move the shared code out of testing";
  if (other !== undefined && other.folder !== plugin.folder) {
    if (to !== `plugins/${other.id}/port.ts`)
      return `that is the inside of another plugin. Remedy: #plugins/${other.id}/port.ts`;
    if (!requires.includes(other.id))
      return `its plugin does not require ${other.id}. Remedy: add "${other.id}" to requires in its manifest`;
  }
  if (isScreen(to)) return "that is code for the browser. Remedy: move the shared code out of web/";
  if (isAddress(from)) return "that is an address. Remedy: a name, or a path that begins with ./";
  if (other !== undefined)
    return /\.(m?[jt]s|json)$/.test(to) ? undefined : "that file can't be imported. Remedy: a file that ends with .ts";
  if (to === "core/mod.ts") return undefined;
  if (from.startsWith(".") || from.startsWith("#") || /^(bin|core|embedded|workers|examples|bench)\//.test(to))
    return "that is neither the plugin's own nor the core's face. Remedy: #core/mod.ts";
  if (pluginModules.has(to) || (typeOnly && pluginTypes.has(to))) return undefined;
  return `plugins can't import ${to}. Remedy: #core/mod.ts, or pluginModules in testing/rules/boundaries.ts`;
}

/**
 * Finds imports of helpers that a plugin's test must import from the face of `testing/`. So the files behind the face
 * can change without the tests.
 * @param helpers the files that the face exports
 */
export function testFaceFaults({ file, imports }: Source, helpers: ReadonlySet<string>): string[] {
  if (pluginOf(file) === undefined) return [];
  return imports
    .map(({ from }) => (from === undefined ? "" : targetOf(file, from)))
    .filter((to) => helpers.has(to))
    .map((to) => `${file} imports ${to}: the face of testing exports it. Remedy: #testing/mod.ts.`);
}

/** Finds the forbidden imports and names of a file outside of the plugins. */
export function platformFaults({ file, imports, names: used }: Source): string[] {
  if (pluginOf(file) !== undefined || isTest(file)) return [];
  const targets = imports.map(({ from, typeOnly }) => ({
    to: from === undefined ? "" : targetOf(file, from),
    typeOnly,
  }));
  const wrong = (words: string, breaks: (to: string, typeOnly: boolean) => boolean): string[] =>
    targets.filter(({ to, typeOnly }) => breaks(to, typeOnly)).map(({ to }) => `${file} imports ${to}: ${words}.`);
  return [
    ...wrong("that is for tests", isTest),
    ...wrong("the platform must not import plugins", (to) => pluginOf(to) !== undefined),
    ...(file.startsWith("core/")
      ? wrong("the core must import neither workers nor programs", (to) => /^(bin|workers|examples)\//.test(to))
      : []),
    ...(/^web\/(?!build\/)/.test(file)
      ? wrong("a browser must get no code of the server", (to, typeOnly) => !typeOnly && to.startsWith("core/"))
      : []),
    ...homes.flatMap(({ modules, allowed }) =>
      wrong("only other folders can import it", (to, typeOnly) => !typeOnly && modules.test(to) && !allowed.test(file)),
    ),
    // The embedded server passes some variables of the environment on to its programs.
    ...(file === "core/config/env.ts" || file.startsWith("embedded/")
      ? []
      : used
          .filter((name) => /^process\.(env|\*)$/.test(name))
          .map((name) => `${file} uses ${name}: only core/config/env.ts reads the environment.`)),
  ];
}

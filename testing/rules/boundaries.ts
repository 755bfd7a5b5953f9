/** House rules about who may import and use what, as functions over source text: so each of them can be seen to refuse. */
import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import type { Import, Source } from "./source.ts";

/** The checkout. */
export const root = path.join(import.meta.dirname, "..", "..");

/** What a plugin may import beside its own files, the core's face and ports: nothing that leaves the process by itself. */
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
  // Its requests go by ctx.fetch, which its client is made with.
  "stripe",
  "zod",
]);

/** Of these a plugin may know the types. */
const pluginTypes = new Set(["knex", "koa"]);

/** Names that lead out of what a plugin was given, with what it has in their place. */
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
  Deno: "what both runtimes have",
  Worker: "a job",
  SharedWorker: "a job",
  caches: "a table",
  localStorage: "a table",
  sessionStorage: "a table",
};

/** Modules that have one home, so that what goes through them can be guarded there. */
const homes: readonly { readonly modules: RegExp; readonly allowed: RegExp }[] = [
  { modules: /^(pg|pg-copy-streams)(\/|$)/, allowed: /^core\/(db|jobs)\/|^embedded\/|^workers\/relay\.ts$/ },
  { modules: /^(ioredis|bullmq)(\/|$)/, allowed: /^core\/jobs\/|^core\/db\/migrate\/bullmq_schema\.ts$/ },
  { modules: /^knex(\/|$)/, allowed: /^(core|workers)\// },
  { modules: /^node:process$/, allowed: /^$/ },
];

export const isTest = (file: string): boolean => /_test\.[mc]?[jt]sx?$|(^|\/)testing\/|\/_test_/.test(file);

/** The folder of the plugin that a file belongs to, with its id: `plugins/pms`, `examples/plugins/minibar`. */
export function pluginOf(file: string): { readonly folder: string; readonly id: string } | undefined {
  const [folder, id] = /^(?:examples\/)?plugins\/([^/]+)\//.exec(file) ?? [];
  return folder === undefined || id === undefined ? undefined : { folder, id };
}

/** The `imports` of package.json: names that mean the same from any folder, for plugins that may lie in several. */
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
 * Where an import leads: from the root, with forward slashes (`../` for what lies outside); a module by its name. As Node
 * resolves it, by way of a URL, so that `./%2e%2e/` and a way out of the checkout and in again are seen for what they are.
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

/** What a file of a plugin's does that it may not. @param requires of its manifest */
export function pluginFaults(source: Source, requires: readonly string[]): string[] {
  const plugin = pluginOf(source.file);
  if (plugin === undefined || isTest(source.file)) return [];
  const imports = source.imports.flatMap((one) => {
    const why = importFault(source.file, plugin, one, requires);
    return why === undefined ? [] : [`${source.file} imports ${one.from ?? "what is computed"}: ${why}.`];
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
  if (from === undefined) return "nobody can say what that is. Remedy: a name in quotes";
  const to = targetOf(file, from);
  const other = pluginOf(to);
  if (isTest(to)) return "that is for tests. Remedy: move what is shared out of testing";
  if (other !== undefined && other.folder !== plugin.folder) {
    if (to !== `plugins/${other.id}/port.ts`)
      return `that is the inside of another plugin. Remedy: #plugins/${other.id}/port.ts`;
    if (!requires.includes(other.id))
      return `its plugin does not require ${other.id}. Remedy: requires: ["${other.id}"] in its manifest`;
  }
  if (isAddress(from)) return "that is an address and no name. Remedy: a name, or a path that begins with ./";
  if (other !== undefined)
    return /\.(m?[jt]s|json)$/.test(to) ? undefined : "that is nothing to import. Remedy: a file that ends with .ts";
  if (to === "core/mod.ts") return undefined;
  if (from.startsWith(".") || from.startsWith("#") || /^(bin|core|embedded|workers|examples|bench)\//.test(to))
    return "that is neither the plugin's own nor the core's face. Remedy: #core/mod.ts";
  if (pluginModules.has(to) || (typeOnly && pluginTypes.has(to))) return undefined;
  return `plugins do without ${to}. Remedy: #core/mod.ts, or pluginModules in testing/rules/boundaries.ts`;
}

/** What a file of the core's or the workers' does that it may not. */
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
    ...wrong("the platform knows no plugin", (to) => pluginOf(to) !== undefined),
    ...(file.startsWith("core/")
      ? wrong("the core knows neither a worker nor a program", (to) => /^(bin|workers|examples)\//.test(to))
      : []),
    ...homes.flatMap(({ modules, allowed }) =>
      wrong("it has another home", (to, typeOnly) => !typeOnly && modules.test(to) && !allowed.test(file)),
    ),
    // The embedded server's programs get the environment handed on whole.
    ...(file === "core/config/env.ts" || file.startsWith("embedded/")
      ? []
      : used
          .filter((name) => /^process\.(env|\*)$/.test(name))
          .map((name) => `${file} uses ${name}: the environment is read in core/config/env.ts alone.`)),
  ];
}

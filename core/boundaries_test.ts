/** House rules about who may import what, read from every file. */
import { expect } from "chai";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

import { discoverPlugins } from "./discovery.ts";
import { pluginsFolder } from "./boot.ts";

const root = path.join(import.meta.dirname, "..");

interface SourceFile {
  /** From the root, with forward slashes. */
  readonly file: string;
  readonly text: string;
  readonly imports: readonly string[];
  /** Without those of types alone, which are gone when the code runs. */
  readonly runtimeImports: readonly string[];
}

const importPattern =
  /(?:^|[\s;])(?:import|export)\s(type\s)?[^"'`;]*?from\s*["']([^"']+)["']|import\s*\(?\s*["']([^"']+)["']/g;

function sources(): SourceFile[] {
  return ["core", "plugins", "workers", "examples/plugins"].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => /\.(ts|js)$/.test(file))
      .map((file) => {
        const text = readFileSync(path.join(root, folder, file), "utf8");
        const found = [...text.matchAll(importPattern)];
        const named = (matches: readonly RegExpMatchArray[]) => matches.map(([, , from, alone]) => from ?? alone ?? "");
        return {
          file: `${folder}/${file.replaceAll(path.sep, "/")}`,
          text,
          imports: named(found),
          runtimeImports: named(found.filter(([, type]) => type === undefined)),
        };
      }),
  );
}

const isTest = (file: string): boolean => /_test\.ts$|\/testing\/|\/_test_/.test(file);

/** The `imports` of package.json: names that mean the same from any folder, for plugins that may lie in several. */
const { imports: names } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
  imports: Record<string, string>;
};

/** Where an import leads, from the root; bare module names stay as they are. */
function target({ file }: SourceFile, imported: string): string {
  if (imported.startsWith("#")) return path.posix.normalize(named(imported) ?? imported);
  return imported.startsWith(".") ? path.posix.join(path.posix.dirname(file), imported) : imported;
}

function named(imported: string): string | undefined {
  for (const [name, to] of Object.entries(names)) {
    const [before = "", after] = name.split("*");
    if (after === undefined ? imported !== name : !(imported.startsWith(before) && imported.endsWith(after))) continue;
    return to.replace("*", imported.slice(before.length, imported.length - (after ?? "").length));
  }
  return undefined;
}

/** The folder of the plugin that a file belongs to, with its id: `plugins/pms`, `examples/plugins/minibar`. */
const pluginOf = (file: string): { folder: string; id: string } | undefined => {
  const [folder, id] = /^(?:examples\/)?plugins\/([^/]+)\//.exec(file) ?? [];
  return folder === undefined || id === undefined ? undefined : { folder, id };
};

/** Modules that have one home, so that what goes through them can be guarded there. */
const homes: readonly { readonly modules: RegExp; readonly allowed: RegExp }[] = [
  { modules: /^(pg|pg-copy-streams|pg-cursor)$/, allowed: /^core\/(db|jobs|embedded)\/|^workers\/relay\.ts$/ },
  { modules: /^ioredis$/, allowed: /^core\/jobs\// },
  { modules: /^bullmq$/, allowed: /^core\/jobs\// },
  { modules: /^knex(\/|$)/, allowed: /^(core|workers)\// },
  {
    modules: /^node:(fs|fs\/promises|net|http|https|child_process|worker_threads|dgram|tls)$/,
    allowed: /^(core|workers)\//,
  },
];

describe("boundaries", () => {
  const all = sources();
  const production = all.filter(({ file }) => !isTest(file));

  /** Collects what breaks a rule as "file: import". */
  const offenders = (
    files: readonly SourceFile[],
    breaks: (file: SourceFile, to: string) => boolean,
    which: "imports" | "runtimeImports" = "imports",
  ): string[] =>
    files.flatMap((source) =>
      source[which]
        .map((imported) => target(source, imported))
        .filter((to) => breaks(source, to))
        .map((to) => `${source.file}: ${to}`),
    );

  it("reads the project's files and their imports", () => {
    const boot = all.find(({ file }) => file === "core/boot.ts");
    expect(boot?.imports).to.include.members(["./discovery.ts", "node:path"]);
    expect(all.length).to.be.greaterThan(80);
  });

  it("the core imports no plugin and no worker", () => {
    const core = production.filter(({ file }) => file.startsWith("core/"));
    expect(offenders(core, (_, to) => /^(plugins|workers|examples)\//.test(to))).to.deep.equal([]);
  });

  it("the workers import no plugin", () => {
    const workers = production.filter(({ file }) => file.startsWith("workers/"));
    expect(offenders(workers, (_, to) => pluginOf(to) !== undefined)).to.deep.equal([]);
  });

  it("a plugin imports the core's face, itself, and the ports of what it requires", async () => {
    const { plugins } = await discoverPlugins([pluginsFolder, path.join(root, "examples", "plugins")]);
    const requires = new Map(plugins.map(({ manifest }) => [manifest.id, manifest.requires ?? []]));
    const strays = offenders(production, ({ file }, to) => {
      const plugin = pluginOf(file);
      if (plugin === undefined) return false;
      if (!/^(core|plugins|workers|examples)\//.test(to)) return /^(\.\.|#)/.test(to);
      if (to === "core/mod.ts" || to.startsWith(plugin.folder)) return false;
      return !(requires.get(plugin.id) ?? []).some((needed) => to === `plugins/${needed}/port.ts`);
    });
    expect(strays).to.deep.equal([]);
  });

  it("a plugin that is to be copied reaches the core and the ports by names alone, never by a way up", () => {
    const copied = all.filter(({ file }) => file.startsWith("examples/plugins/"));
    expect(copied.length).to.be.greaterThan(8);
    expect(copied.flatMap(({ imports }) => imports)).to.include.members(["#core/mod.ts", "#plugins/pms/port.ts"]);
    const byPath = copied.map((source) => ({ ...source, imports: source.imports.filter((to) => to.startsWith(".")) }));
    const leaves = ({ file }: SourceFile, to: string): boolean => !to.startsWith(pluginOf(file)?.folder ?? file);
    expect(offenders(byPath, leaves)).to.deep.equal([]);
  });

  it("the drivers, the file system and the network have one home each", () => {
    const strays = homes.flatMap(({ modules, allowed }) =>
      offenders(production, ({ file }, to) => modules.test(to) && !allowed.test(file), "runtimeImports"),
    );
    expect(strays).to.deep.equal([]);
  });

  it("the environment is read in core/env.ts alone", () => {
    const readers = production.filter(({ file, text }) => /process\.env/.test(text) && file !== "core/env.ts");
    // The embedded server's programs get the environment handed on whole.
    expect(readers.map(({ file }) => file).filter((file) => !file.startsWith("core/embedded/"))).to.deep.equal([]);
  });

  it("a plugin calls other hosts by its own ctx.fetch alone", () => {
    const callers = production.filter(
      ({ file, text }) => pluginOf(file) !== undefined && /(?<![.\w])fetch\(/.test(text),
    );
    expect(callers.map(({ file }) => file)).to.deep.equal([]);
  });

  it("the core knows no word of the trade", () => {
    const words = /\b(hotel|room|booking|guest|stripe|invoice|receptionist)s?\b/i;
    const speakers = production.filter(({ file, text }) => file.startsWith("core/") && words.test(text));
    expect(speakers.map(({ file, text }) => `${file}: ${words.exec(text)?.[0]}`)).to.deep.equal([]);
  });

  it("no file is longer than 400 lines", () => {
    const long = all.filter(({ text }) => text.split("\n").length > 400);
    expect(long.map(({ file }) => file)).to.deep.equal([]);
  });
});

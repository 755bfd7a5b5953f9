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
  return ["core", "plugins", "workers"].flatMap((folder) =>
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

/** Where an import leads, from the root; bare module names stay as they are. */
function target({ file }: SourceFile, imported: string): string {
  return imported.startsWith(".") ? path.posix.join(path.posix.dirname(file), imported) : imported;
}

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
    expect(offenders(core, (_, to) => /^(plugins|workers)\//.test(to))).to.deep.equal([]);
  });

  it("the workers import no plugin", () => {
    const workers = production.filter(({ file }) => file.startsWith("workers/"));
    expect(offenders(workers, (_, to) => to.startsWith("plugins/"))).to.deep.equal([]);
  });

  it("a plugin imports the core's face, itself, and the ports of what it requires", async () => {
    const { plugins } = await discoverPlugins([pluginsFolder]);
    const requires = new Map(plugins.map(({ manifest }) => [manifest.id, manifest.requires ?? []]));
    const ofPlugins = production.filter(({ file }) => file.startsWith("plugins/"));
    const foreign = offenders(ofPlugins, ({ file }, to) => {
      const id = file.split("/")[1] ?? "";
      if (!/^(core|plugins|workers)\//.test(to)) return to.startsWith("..");
      if (to === "core/mod.ts" || to.startsWith(`plugins/${id}/`)) return false;
      return !(requires.get(id) ?? []).some((needed) => to === `plugins/${needed}/port.ts`);
    });
    expect(foreign).to.deep.equal([]);
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
      ({ file, text }) => file.startsWith("plugins/") && /(?<![.\w])fetch\(/.test(text),
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

/** Checks the rules about imports on every file, and plants each way around them. */
import { expect } from "chai";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { discoverPlugins, pluginsFolder } from "../../core/plugin/discovery.ts";
import type { LoadedPlugin } from "../../core/plugin/contract.ts";
import { isTest, platformFaults, pluginFaults, pluginOf, root, targetOf, testFaceFaults } from "./boundaries.ts";
import { readSource, readSources } from "./source.ts";

const { plugins, faults: missing } = await discoverPlugins([pluginsFolder, path.join(root, "examples", "plugins")]);
const requiresOf = (id: string): readonly string[] =>
  plugins.find(({ manifest }) => manifest.id === id)?.manifest.requires ?? [];
const folderOf = ({ folder }: LoadedPlugin): string => path.relative(root, folder).replaceAll(path.sep, "/");

/** Checks a plugin's file with this text. */
const faultsOf = (text: string, file = "plugins/reporting/planted.ts"): string[] =>
  pluginFaults(readSource(file, text), requiresOf(pluginOf(file)?.id ?? ""));

describe("The boundaries", () => {
  const all = readSources(root, ["bin", "core", "embedded", "plugins", "web", "workers", "examples/plugins"]);
  const production = all.filter(({ file }) => !isTest(file));

  it("The rules read the project's files and their imports", () => {
    const boot = all.find(({ file }) => file === "core/boot.ts");
    expect(boot?.imports.map(({ from }) => from)).to.include.members(["./plugin/discovery.ts", "knex"]);
    expect(boot?.imports.find(({ from }) => from === "knex")?.typeOnly).to.equal(true);
    expect(all.length).to.be.greaterThan(80);
    expect(missing, "plugins that are not seen").to.deep.equal([]);
  });

  it("The rules read every kind of file that can run", async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "keyrack-sources-"));
    try {
      const kinds = ["ts", "mts", "cts", "js", "mjs", "cjs", "tsx", "jsx"];
      await mkdir(path.join(folder, "plugins", "deep"), { recursive: true });
      for (const kind of kinds) {
        await writeFile(path.join(folder, "plugins", "deep", `a.${kind}`), "import('node:fs'); process.env;");
      }
      await writeFile(path.join(folder, "plugins", "notes.md"), "no program");
      const sources = readSources(folder, ["plugins"]);
      expect(sources.map(({ file }) => file).sort()).to.deep.equal(
        kinds.map((kind) => `plugins/deep/a.${kind}`).sort(),
      );
      for (const source of sources) expect(pluginFaults(source, []), source.file).to.have.length(2);
      await symlink("/etc", path.join(folder, "plugins", "deep", "elsewhere"));
      expect(() => readSources(folder, ["plugins"])).to.throw(/plugins\/deep\/elsewhere is a symbolic link/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("Every plugin imports only the core's face, itself, required ports and harmless modules", () => {
    const files = all.filter(({ file }) => pluginOf(file) !== undefined);
    expect(new Set(files.map(({ file }) => pluginOf(file)?.id))).to.have.length(plugins.length);
    expect(files.flatMap((source) => pluginFaults(source, requiresOf(pluginOf(source.file)?.id ?? "")))).to.deep.equal(
      [],
    );
  });

  it("The core and the workers import no plugin, and use drivers and the environment in few files", () => {
    expect(all.flatMap(platformFaults)).to.deep.equal([]);
  });

  it("The browser app imports types of the core, and no code", () => {
    const planted = (text: string, file = "web/shell/planted.ts") => platformFaults(readSource(file, text));
    expect(planted('import type { PageData } from "../../core/http/screens/page.ts";')).to.deep.equal([]);
    expect(planted('import { boot } from "../../core/boot.ts";').join()).to.match(/no code of the server/);
    expect(planted('import { boot } from "../../core/boot.ts";', "web/build/planted.ts")).to.deep.equal([]);
  });

  it("A plugin that can be copied imports the core and ports by names, never by a path that goes up", () => {
    const copied = all.filter(({ file }) => file.startsWith("examples/plugins/"));
    expect(copied.length).to.be.greaterThan(8);
    const imports = copied.flatMap(({ file, imports: of }) => of.map(({ from = "" }) => ({ file, from })));
    expect(imports.map(({ from }) => from)).to.include.members(["#core/mod.ts", "#plugins/pms/port.ts"]);
    const leaves = imports.filter(
      ({ file, from }) => from.startsWith(".") && !targetOf(file, from).startsWith(pluginOf(file)?.folder ?? file),
    );
    expect(leaves).to.deep.equal([]);
  });

  it("The core contains no word of the hotel trade", () => {
    const words = /\b(hotel|room|booking|guest|stripe|invoice|receptionist)s?\b/i;
    const speakers = production.filter(({ file, text }) => file.startsWith("core/") && words.test(text));
    expect(speakers.map(({ file, text }) => `${file}: ${words.exec(text)?.[0]}`)).to.deep.equal([]);
  });

  it("No file is longer than 400 lines", () => {
    const long = all.filter(({ text }) => text.split("\n").length > 400);
    expect(long.map(({ file }) => file)).to.deep.equal([]);
  });
});

describe("The boundary of a plugin", () => {
  const login = path.join(root, "plugins", "identity", "login.ts");
  const inside = /: that is the inside of another plugin\. Remedy: #plugins\/identity\/port\.ts\.$/;
  const without = /: plugins can't import [\w:./-]+\. Remedy: #core\/mod\.ts, or pluginModules in/;
  const address = /: that is an address\. Remedy: a name, or a path that begins with \.\//;
  const notIts = /: that is neither the plugin's own nor the core's face\. Remedy: #core\/mod\.ts/;
  const computed = /imports a computed name: the rule can't see its target\. Remedy: a name in quotes/;
  const forTests = /: that is for tests\. Remedy: move the shared code out of testing/;

  const refused: readonly (readonly [string, RegExp])[] = [
    ...[
      "fs",
      "node:fs",
      "node:process",
      "process",
      "node:http2",
      "node:child_process",
      "node:worker_threads",
      "node:vm",
    ].map((module) => [`import x from "${module}";`, without] as const),
    ['import { createRequire } from "node:module"; export const load = createRequire("file:///");', without],
    ['import Client from "pg/lib/client.js";', without],
    ['import "pg";', without],
    ['import { Redis } from "ioredis";', without],
    ['import { request } from "undici";', without],
    ['import { knex } from "knex";', without],
    ['import { type Knex } from "knex";', without],
    ['export { readFile } from "node:fs/promises";', without],
    ['export * from "node:fs";', without],
    ['import fs = require("fs");', without],
    ['await import("node:fs");', without],
    ["await import(`node:fs`);", without],
    ['import login from "../identity/login.ts";', inside],
    ['import type { Login } from "../identity/login.ts";', inside],
    ['type Login = import("../identity/login.ts").Login;', inside],
    ["await import(`../identity/login.ts`);", inside],
    ['import "./%2e%2e/identity/login.ts";', inside],
    ['import "./../identity/../identity/login.ts";', inside],
    ['import "../identity/login.ts?again";', inside],
    ['import "#plugins/identity/sub/port.ts";', inside],
    [`import ${JSON.stringify(login)};`, inside],
    [`import ${JSON.stringify(pathToFileURL(login).href)};`, inside],
    [`import "../../../${path.basename(root)}/plugins/identity/login.ts";`, inside],
    ['import "/etc/elsewhere.ts";', address],
    ['import "file:///etc/elsewhere.ts";', address],
    ['import "data:text/javascript,1";', address],
    ['import "https://example.com/mod.ts";', address],
    [`import ${JSON.stringify(path.join(root, "plugins", "reporting", "mod.ts"))};`, address],
    ['import "../../core/env.ts";', notIts],
    ['import "../../workers/relay.ts";', notIts],
    ['import "../../node_modules/pg/lib/index.js";', notIts],
    ['import "../../../elsewhere.ts";', notIts],
    ['import "#core/config/env.ts";', notIts],
    ['const from = "node:fs"; await import(from);', computed],
    ['await import(`node:${"fs"}`);', computed],
    ['import "./testing/bookings.ts";', forTests],
    ['import "./build_test.ts";', forTests],
    ['import "#testing/platform.ts";', forTests],
    ['import "./native.node";', /: that file can't be imported\. Remedy: a file that ends with \.ts/],
    ['export const url = process["env"].DATABASE_URL;', /uses process\. Remedy: ctx\.env for a variable\.$/],
    ["const { env } = process;", /uses process\. /],
    ['process.getBuiltinModule("fs");', /uses process\. /],
    ["const p = process;", /uses process\. /],
    ['await fetch("https://example.com");', /uses fetch\. Remedy: ctx\.fetch\.$/],
    ["export const call = { fetch };", /uses fetch\. /],
    ['await globalThis.fetch("https://example.com");', /uses globalThis\. Remedy: the names that it needs\.$/],
    ['await globalThis["fe" + "tch"]("https://example.com");', /uses globalThis\. /],
    ["new XMLHttpRequest();", /uses XMLHttpRequest\. Remedy: ctx\.fetch/],
    ['new WebSocket("wss://example.com");', /uses WebSocket\. /],
    ['new EventSource("https://example.com");', /uses EventSource\. /],
    ['require("fs");', /uses require\. Remedy: import/],
    ['new Function("return 1")();', /uses Function\. Remedy: code that can be read/],
    ['(0, eval)("1");', /uses eval\. /],
    ["Deno.exit();", /uses Deno\. /],
  ];

  for (const [text, words] of refused) {
    it(`A plugin can't contain ${text.replaceAll(root, "<the checkout>")}`, () => {
      const faults = faultsOf(text);
      expect(faults, faults.join("\n")).to.have.length(1);
      expect(faults[0]).to.match(/^plugins\/reporting\/planted\.ts (imports|uses) /);
      expect(faults[0]).to.match(words);
    });
  }

  it("JavaScript and other kinds of files get the same faults, each with its own message", () => {
    const text =
      'import fs from "node:fs"; fs.writeFileSync("x", process.env.KEY); await fetch("https://example.com");';
    for (const kind of ["mts", "mjs", "js", "tsx"])
      expect(faultsOf(text, `plugins/reporting/planted.${kind}`), kind).to.have.length(3);
  });

  it("Allowed imports and names have no faults", () => {
    const text = `
      import * as z from "zod";
      import { createHash } from "crypto";
      import type { Knex } from "knex";
      import { route } from "../../core/mod.ts";
      import { defineJob } from "#core/mod.ts";
      import { readHotel } from "../identity/port.ts";
      import { more } from "#plugins/pms/port.ts";
      import { own } from "./models/report.ts";
      // process.env and fetch() in a comment, and in a text: "process.env"
      type Fetch = typeof fetch;
      export const read = (ctx: { fetch: Fetch; env: { process: string } }) => ctx.fetch(ctx.env.process);
      export const shape = { process: 1, require: 2, fetch() { return import.meta.filename; } };
    `;
    expect(faultsOf(text)).to.deep.equal([]);
    expect(
      faultsOf('import "node:fs"; process.env; import "../identity/login.ts";', "plugins/reporting/x_test.ts"),
    ).to.deep.equal([]);
  });

  it("A file that can't be parsed stops the check", () => {
    expect(() => faultsOf("import {")).to.throw(/plugins\/reporting\/planted\.ts can't be parsed: /);
  });

  for (const plugin of plugins) {
    const here = folderOf(plugin);
    const { id } = plugin.manifest;
    it(`The plugin ${id} can't import other plugins' files, or a port that it does not require`, () => {
      let tried = 0;
      for (const other of plugins.filter((one) => one !== plugin)) {
        const files = readSources(root, [folderOf(other)]).map(({ file }) => file);
        expect(files.length).to.be.greaterThan(5);
        for (const file of files) {
          const relative = path.posix.relative(here, file);
          const port = file === `${folderOf(other)}/port.ts` && folderOf(other).startsWith("plugins/");
          const allowed = port && (plugin.manifest.requires ?? []).includes(other.manifest.id);
          const [where = "", ...more] = [
            `import ${JSON.stringify(relative)};`,
            `export * from ${JSON.stringify(relative)};`,
            `await import(\`${relative}\`);`,
            ...(allowed ? [] : [`import ${JSON.stringify(pathToFileURL(path.join(root, file)).href)};`]),
          ].map((text) => faultsOf(text, `${here}/planted.ts`).join());
          const words = isTest(file)
            ? /that is for tests/
            : port
              ? /its plugin does not require \w+\. Remedy: add "\w+" to requires/
              : /that is the inside of another plugin/;
          for (const answer of [where, ...more]) {
            if (allowed) expect(answer, file).to.equal("");
            else expect(answer, file).to.match(words);
          }
          tried += 1;
        }
      }
      expect(tried).to.be.greaterThan(20);
    });
  }
});

describe("The face of testing", () => {
  const sources = readSources(root, ["plugins", "examples/plugins", "testing"]);
  const faceFile = "testing/mod.ts";
  const face = sources.find(({ file }) => file === faceFile);
  const helpers = new Set(face?.imports.map(({ from = "" }) => targetOf(faceFile, from)));

  it("The tests of plugins import the helpers of the project from the face", () => {
    expect([...helpers]).to.include.members(["testing/platform.ts", "testing/client.ts", "testing/postgres.ts"]);
    const users = sources.filter(
      ({ file, imports }) =>
        pluginOf(file) !== undefined && imports.some(({ from = "" }) => targetOf(file, from) === faceFile),
    );
    expect(users.length, "tests that import the face").to.be.greaterThan(50);
    expect(sources.flatMap((source) => testFaceFaults(source, helpers))).to.deep.equal([]);
  });

  const planted = "plugins/pms/desk/planted_test.ts";
  for (const text of [
    'import { startTestPlatform } from "../../../testing/platform.ts";',
    'import type { TestClient } from "#testing/client.ts";',
    'export { createTestDatabase } from "../../../testing/postgres.ts";',
    "await import(`../../../testing/web_processes.ts`);",
  ])
    it(`A plugin's test can't contain ${text}`, () => {
      const faults = testFaceFaults(readSource(planted, text), helpers);
      expect(faults, text).to.have.length(1);
      expect(faults[0]).to.match(/planted_test\.ts imports testing\/\w+\.ts: .* Remedy: #testing\/mod\.ts\.$/);
    });

  it("A plugin's test can import the face, special helpers and the helpers of its plugin", () => {
    const text = `
      import { startTestPlatform } from "#testing/mod.ts";
      import { startS3 } from "../../../testing/s3/s3.ts";
      import { openDesk } from "../testing/desk.ts";
    `;
    expect(testFaceFaults(readSource(planted, text), helpers)).to.deep.equal([]);
    const outside = readSource("workers/planted_test.ts", 'import "../testing/platform.ts";');
    expect(testFaceFaults(outside, helpers), "a test of the platform").to.deep.equal([]);
  });
});

describe("The boundary of the platform", () => {
  const refused: readonly (readonly [string, string, RegExp])[] = [
    ["core/planted.ts", 'import "../plugins/pms/port.ts";', /: the platform must not import plugins\.$/],
    ["workers/planted.ts", "await import(`../plugins/pms/mod.ts`);", /: the platform must not import plugins\.$/],
    ["core/planted.ts", 'import "../workers/relay.ts";', /: the core must import neither workers nor programs\.$/],
    ["core/planted.ts", 'import "../bin/web.ts";', /: the core must import neither workers nor programs\.$/],
    ["core/planted.ts", 'import "../testing/postgres.ts";', /: that is for tests\.$/],
    ["workers/planted.ts", 'import "pg/lib/client.js";', /: only other folders can import it\.$/],
    ["core/http/planted.ts", 'import { Redis } from "ioredis";', /: only other folders can import it\.$/],
    ["core/planted.ts", 'import { env } from "process";', /: only other folders can import it\.$/],
    [
      "core/planted.mts",
      'process["env"].KEY;',
      /uses process\.env: only core\/config\/env\.ts reads the environment\.$/,
    ],
    ["workers/planted.ts", "const { env } = process;", /uses process\.env: /],
    ["core/planted.ts", 'process["e" + "nv"];', /uses process\.\*: /],
  ];
  for (const [file, text, words] of refused) {
    it(`${file} can't contain ${text}`, () => {
      const faults = platformFaults(readSource(file, text));
      expect(faults).to.have.length(1);
      expect(faults[0]).to.match(words);
    });
  }
});

/** Writes plugins with a fault into a temporary folder, and returns the faults that a boot reports. */
import { expect } from "chai";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { boot } from "../core/boot.ts";
import { BootError } from "../core/errors.ts";
import { migrateDatabase } from "../core/migrate_database.ts";
import { createTestDatabase, type TestDatabase, testSecret } from "./postgres.ts";

/** Parts of a faulty plugin, as source text of its module. */
export interface Faulty {
  /** Fields of the manifest besides its id. */
  readonly manifest?: string;
  /** The return value of `setup`. */
  readonly parts?: string;
  /** The whole module, instead of `manifest` and `parts`. */
  readonly module?: string;
}

export interface Fault extends Faulty {
  readonly title: string;
  readonly words: RegExp;
  readonly variables?: Readonly<Record<string, string>>;
  /** The name of the folder. Default: `faulty`. */
  readonly folder?: string;
  /** Runs `npm run migrate` first, which makes the login of a process for this plugin alone. */
  readonly migrated?: true;
  /** Another plugin in the same PLUGIN_PATH. */
  readonly beside?: Faulty & { readonly folder: string };
}

/**
 * Makes the source of a module. In it, `look()` and `at("/a/{b}")` return routes and `handle()` returns a handler, all
 * without a fault.
 */
const moduleText = (id: string, { manifest = "", parts = "{}", module }: Faulty): string => String.raw`
  import * as z from ${JSON.stringify(import.meta.resolve("zod"))};
  import * as core from ${JSON.stringify(import.meta.resolve("../core/mod.ts"))};
  const job = (name) => core.defineJob({ name, payload: z.strictObject({}) });
  const handle = (name) => core.handleJob(job(name), async () => {});
  const look = (more = {}) => core.route({ id: "look", method: "GET", path: "/faulty/look", summary: "Look",
    access: "public", transaction: "none", status: 204, handler: async () => ({}), ...more });
  const at = (path, id = "look") => look({ path, id, params: z.strictObject(Object.fromEntries(
    [...path.matchAll(/[{](.*?)[}]/g)].map(([, name]) => [name, z.string()]))) });
  ${
    module ??
    String.raw`export default core.definePlugin({
      manifest: { id: "${id}", summary: "", ${manifest} },
      setup: (ctx) => (${parts}),
    });`
  }
`;

export interface FaultyPlugins {
  write(id: string, plugin: Faulty): Promise<void>;
  variables(more?: Readonly<Record<string, string>>): Record<string, string>;
  faultsOf(starting: Promise<{ close(): Promise<void> } | void>): Promise<readonly string[]>;
}

/** Gives a `describe` one database for all its tests, and each test an empty folder of plugins. */
export function useFaultyPlugins(): FaultyPlugins {
  let database: TestDatabase;
  let folder: string;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "keyrack-faults-"));
    // Without this file, Node loads the folder's files as CommonJS modules.
    await writeFile(path.join(folder, "package.json"), '{ "type": "module" }');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  return {
    write: async (id, plugin) => {
      await mkdir(path.join(folder, id));
      await writeFile(path.join(folder, id, "mod.ts"), moduleText(id, plugin));
    },
    variables: (more = {}) => ({
      NODE_ENV: "test",
      DATABASE_URL: database.url,
      SECRET_KEY: testSecret,
      DATA_DIR: folder,
      LOG_LEVEL: "silent",
      PLUGIN_PATH: folder,
      ...more,
    }),
    faultsOf: (starting) =>
      starting.then(
        async (started) => {
          await started?.close();
          return [];
        },
        (error: unknown) => {
          if (error instanceof BootError) return error.faults;
          throw error;
        },
      ),
  };
}

/**
 * Adds a test for each fault. The boot must stop on this one fault with these words. Its message must never contain the
 * value of a variable ("hush-hush").
 */
export function stopsOnEach(faults: readonly Fault[], { write, variables, faultsOf }: FaultyPlugins): void {
  for (const { title, words, variables: more, folder: name = "faulty", beside, migrated, ...plugin } of faults) {
    it(`The boot stops on ${title}`, async () => {
      await write(name, plugin);
      if (beside !== undefined) await write(beside.folder, beside);
      if (migrated) await migrateDatabase(variables());
      const found = await faultsOf(boot("web", variables(more)));
      expect(found, found.join("\n")).to.have.length(1);
      expect(found[0]).to.match(words);
      expect(found[0]).to.match(/ Remedy: .*\.$/s);
      expect(found[0]).not.to.include("hush-hush");
    });
  }
}

/** A boot stops on each kind of fault. Its message names the plugin and the remedy. Each test has one fault. */
import { expect } from "chai";

import { boot } from "../boot.ts";
import { BootError } from "../errors.ts";
import { migrateDatabase } from "../migrate_database.ts";
import { type Fault, stopsOnEach, useFaultyPlugins } from "../../testing/faulty_plugins.ts";

const faults: readonly Fault[] = [
  {
    title: "a plugin that does not load",
    module: 'throw new Error("the tap is broken.");',
    words: /The plugin in \S+faulty does not load: the tap is broken\. Remedy: correct it, or remove the folder/,
  },
  {
    title: "a plugin that imports a missing module",
    module: 'import "./nowhere.ts";',
    words: /The plugin in \S+faulty does not load: Cannot find module .*nowhere\.ts.* Remedy: correct it/,
  },
  {
    title: "an id that differs from the folder's name",
    folder: "minibar",
    module: 'export default core.definePlugin({ manifest: { id: "faulty", summary: "" }, setup: () => ({}) });',
    words: /The plugin in \S+minibar calls itself "faulty"\. Remedy: make manifest\.id "minibar"/,
  },
  {
    title: "a name that can't be a schema's",
    folder: "Faulty-One",
    words: /"Faulty-One" can't be a plugin's name: it becomes a schema and a role\. Remedy: use .* snake_case/,
  },
  {
    title: "a name whose role belongs to the core",
    folder: "platform",
    words: /"platform" can't be a plugin's name: it becomes a schema and a role\. Remedy: .*no name of the core/,
  },
  {
    title: "a module without a plugin as its default export",
    module: "export const plugin = 1;",
    words: /faulty\/mod\.ts has no plugin as its default export\. Remedy: export default definePlugin/,
  },
  {
    title: "a missing required plugin",
    manifest: 'requires: ["spa"]',
    words:
      /The plugin faulty requires "spa", which is not installed\. Remedy: add that plugin, or remove it from requires/,
  },
  {
    title: "plugins that require each other",
    manifest: 'requires: ["other"]',
    beside: { folder: "other", manifest: 'requires: ["faulty"]' },
    words: /in a circle: faulty -> other -> faulty\. Remedy: remove one of them from requires in a manifest/,
  },
  {
    title: "two plugins with one id",
    folder: "identity",
    words: /Two plugins are called identity: \S+plugins\/identity and \S+identity\. Remedy: rename or remove one/,
  },
  {
    title: "a job with an unknown value of waitsFor",
    manifest: 'permissions: { jobs: [{ ...job("faulty.note"), waitsFor: "disk" }] }',
    words: /: permissions\.jobs\[0\]\.waitsFor must be "network"\. Remedy: write `waitsFor: "network"`, or remove it/,
  },
  {
    title: "a missing variable",
    manifest: "permissions: { env: { FAULTY_KEY: z.string() } }",
    words: /FAULTY_KEY is missing \(the plugin faulty reads it\)\. Remedy: set it/,
  },
  {
    title: "an invalid variable",
    manifest: 'permissions: { env: { FAULTY_KEY: z.string().min(20, "is shorter than 20 characters") } }',
    variables: { FAULTY_KEY: "hush-hush" },
    words: /^FAULTY_KEY is shorter than 20 characters \(the plugin faulty reads it\)\. Remedy: set it/,
  },
  {
    title: "a table that does not exist",
    manifest: 'requires: ["pms"], permissions: { tables: { "pms.minibars": { select: "*" } } }',
    words: /faulty asks for pms\.minibars, which does not exist\. Remedy: correct permissions\.tables in its manifest/,
  },
  {
    title: "a column that does not exist",
    manifest:
      'requires: ["pms"], permissions: { tables: { "pms.rooms": { select: ["room_id"], update: ["minibar"] } } }',
    words: /faulty asks for pms\.rooms \(minibar\), which does not exist\. Remedy: correct permissions\.tables/,
  },
  {
    title: "a table of a plugin that is not required",
    manifest: 'requires: ["identity"], permissions: { tables: { "pms.rooms": { select: ["room_id"] } } }',
    words: /The plugin faulty asks for pms\.rooms, .* not require\. Remedy: add "pms" to requires in its/,
  },
  {
    title: "a table of the core",
    manifest: 'permissions: { tables: { "core.outbox": { delete: true } } }',
    words: /The plugin faulty asks for core\.outbox, a table that only the core can use\. Remedy: remove it from/,
  },
  {
    title: "a table of its own among the tables of others",
    manifest: 'permissions: { tables: { "faulty.notes": { select: ["note"] } } }',
    words: /The plugin faulty asks for faulty\.notes, which is its own table\. Remedy: remove it/,
  },
  {
    title: "an invalid name of a job",
    manifest: `permissions: { jobs: [job("faulty.note'); DROP")] }`,
    parts: `{ jobs: [handle("faulty.note'); DROP")] }`,
    words:
      /The plugin faulty has a job with the invalid name "faulty\.note'\); DROP"\. Remedy: name it plugin\.verb-noun/,
  },
  {
    title: "a job that it may enqueue but no plugin handles",
    manifest: 'permissions: { jobs: [job("faulty.note")] }',
    words: /faulty can enqueue faulty\.note, which has no handler\. Remedy: add handleJob\(faulty\.note\) to the jobs/,
  },
  {
    title: "a job of a missing plugin",
    manifest: 'permissions: { jobs: [job("spa.heat")] }',
    words: /faulty can enqueue spa\.heat, which has no handler\. Remedy: add handleJob\(spa\.heat\) to the jobs of spa/,
  },
  {
    title: "a job with two handlers",
    parts: '{ jobs: [handle("faulty.note"), handle("faulty.note")] }',
    words: /The job faulty\.note has 2 handlers, of faulty\. Remedy: keep one/,
  },
  {
    title: "a handler of another plugin's job",
    parts: '{ jobs: [handle("pms.tidy")] }',
    words:
      /faulty handles pms\.tidy, a job of another plugin\. Remedy: rename the job to faulty\.…, or move the handler/,
  },
  {
    title: "a route without an access rule",
    parts: "{ routes: [look({ access: undefined })] }",
    words: /GET \/faulty\/look of faulty has no access rule\. Remedy: set access to "public" or a list of roles/,
  },
  {
    title: "a route without a role",
    parts: "{ routes: [look({ access: [] })] }",
    words: /GET \/faulty\/look of faulty has no access rule\. Remedy: set access to "public" or a list of roles/,
  },
  {
    title: "a public route inside a tenant",
    parts: '{ routes: [look({ transaction: "tenant" })] }',
    words: /GET \/faulty\/look of faulty is public, so it has no tenant\. Remedy: set transaction to "crossTenant" or/,
  },
  {
    title: "a route across tenants without the permission",
    parts: '{ routes: [look({ transaction: "crossTenant" })] }',
    words:
      /GET \/faulty\/look of faulty works across tenants without permission\. Remedy: add permissions\.crossTenant/,
  },
  {
    title: "two routes with one path",
    parts: '{ routes: [at("/faulty/{a}"), at("/faulty/{b}/", "other")] }',
    words: /GET \/faulty\/\{\} is declared by faulty and by faulty\. Remedy: rename or remove one/,
  },
  {
    title: "a route of another plugin",
    parts: '{ routes: [look({ path: "/hotels/me" })] }',
    words: /GET \/hotels\/me is declared by \w+ and by \w+\. Remedy: rename or remove one/,
  },
  {
    title: "two operations with one id",
    parts: '{ routes: [look(), look({ path: "/faulty/other" })] }',
    words: /operation look is declared by faulty and by faulty\. Remedy: rename or remove one/,
  },
  {
    title: "two authenticators",
    parts: "{ authenticator: async () => undefined }",
    words: /(identity and faulty|faulty and identity) each have an authenticator\. Remedy: keep one/,
  },
  {
    title: "a missing authenticator",
    parts: '{ routes: [look({ access: ["manager"] })] }',
    variables: { PLUGINS: "faulty" },
    migrated: true,
    words: /Routes of faulty need an authenticator, and no loaded plugin has one\. Remedy: add the plugin/,
  },
];

describe("The boot", () => {
  const { write, variables, faultsOf } = useFaultyPlugins();

  it("A plugin without a fault starts", async () => {
    await write("faulty", {
      manifest: `requires: ["identity", "pms"], permissions: {
        env: { FAULTY_KEY: z.string() },
        tables: { "pms.rooms": { select: ["room_id"] } },
        jobs: [job("faulty.note")],
        crossTenant: "a test",
      }`,
      parts: `{ routes: [look(), look({ id: "other", method: "POST", access: ["manager"], transaction: "tenant" })],
        jobs: [handle("faulty.note")] }`,
    });
    expect(await faultsOf(boot("web", variables({ FAULTY_KEY: "is set" })))).to.deep.equal([]);
  });

  stopsOnEach(faults, { write, variables, faultsOf });

  it("One message lists all faults of the plugins", async () => {
    await write("faulty", { parts: '{ routes: [look({ access: [] })], jobs: [handle("pms.tidy")] }' });
    await write("other", { manifest: 'permissions: { jobs: [job("other.note")] }' });
    const error = await boot("web", variables()).catch((reason: unknown) => reason);
    expect((error as BootError).message).to.match(
      /^Keyrack can't start:\n {2}- GET \/faulty.*\n {2}- faulty handles pms.*\n {2}- other can enqueue other\.note.*$/,
    );
  });

  it("Migrate refuses a faulty manifest before it makes a grant", async () => {
    await write("faulty", { manifest: 'permissions: { tables: { "core.outbox": { select: "*" } } }' });
    expect(await faultsOf(migrateDatabase(variables()))).to.match(/a table that only the core can use/);
  });

  it("Migrate names a column that does not exist, and revokes no grant", async () => {
    await write("faulty", {
      manifest: 'requires: ["identity"], permissions: { tables: { "identity.hotels": { select: ["minibar_key"] } } }',
    });
    expect(await faultsOf(migrateDatabase(variables()))).to.match(
      /identity\.hotels \(minibar_key\), which does not exist/,
    );
  });
});

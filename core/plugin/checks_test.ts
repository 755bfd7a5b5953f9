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
    words: /"Faulty-One" can't be a plugin's name: it becomes a schema and a role\. Remedy: snake_case/,
  },
  {
    title: "a name whose role belongs to the core",
    folder: "platform",
    words: /"platform" can't be a plugin's name: it becomes a schema and a role\. Remedy: .*none of the core's/,
  },
  {
    title: "a module without a plugin as its default export",
    module: "export const plugin = 1;",
    words: /faulty\/mod\.ts has no plugin as its default export\. Remedy: export default definePlugin/,
  },
  {
    title: "a missing required plugin",
    manifest: 'requires: ["spa"]',
    words: /The plugin faulty requires "spa", which is not here\. Remedy: add that plugin, or take it out of faulty's/,
  },
  {
    title: "plugins that require each other",
    manifest: 'requires: ["other"]',
    beside: { folder: "other", manifest: 'requires: ["faulty"]' },
    words: /in a circle: faulty -> other -> faulty\. Remedy: remove one of these from its manifest's requires/,
  },
  {
    title: "two plugins with one id",
    folder: "identity",
    words: /Two plugins are called identity: \S+plugins\/identity and \S+identity\. Remedy: rename or remove one/,
  },
  {
    title: "a job with an unknown value of waitsFor",
    manifest: 'permissions: { jobs: [{ ...job("faulty.note"), waitsFor: "disk" }] }',
    words: /: permissions\.jobs\[0\]\.waitsFor is not "network"\. Remedy: waitsFor: "network", or take it out/,
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
    words: /faulty wants pms\.minibars, which does not exist\. Remedy: correct permissions\.tables in its manifest/,
  },
  {
    title: "a column that does not exist",
    manifest:
      'requires: ["pms"], permissions: { tables: { "pms.rooms": { select: ["room_id"], update: ["minibar"] } } }',
    words: /faulty wants pms\.rooms \(minibar\), which does not exist\. Remedy: correct permissions\.tables/,
  },
  {
    title: "a table of a plugin that is not required",
    manifest: 'requires: ["identity"], permissions: { tables: { "pms.rooms": { select: ["room_id"] } } }',
    words: /The plugin faulty wants pms\.rooms, .* not require\. Remedy: requires: \["pms"\] in its manifest, or take/,
  },
  {
    title: "a table of the core",
    manifest: 'permissions: { tables: { "core.outbox": { delete: true } } }',
    words: /The plugin faulty wants core\.outbox, which only the core has\. Remedy: take it out of permissions\.tables/,
  },
  {
    title: "a table of its own among the tables of others",
    manifest: 'permissions: { tables: { "faulty.notes": { select: ["note"] } } }',
    words: /The plugin faulty asks for faulty\.notes, which it owns and has\. Remedy: take it out/,
  },
  {
    title: "an invalid name of a job",
    manifest: `permissions: { jobs: [job("faulty.note'); DROP")] }`,
    parts: `{ jobs: [handle("faulty.note'); DROP")] }`,
    words: /The plugin faulty names a job "faulty\.note'\); DROP"\. Remedy: plugin\.verb-noun, such as faulty\.write/,
  },
  {
    title: "a job that it may enqueue but no plugin handles",
    manifest: 'permissions: { jobs: [job("faulty.note")] }',
    words:
      /faulty may enqueue faulty\.note, which nobody handles\. Remedy: handleJob\(faulty\.note\) in the jobs of faulty/,
  },
  {
    title: "a job of a missing plugin",
    manifest: 'permissions: { jobs: [job("spa.heat")] }',
    words: /faulty may enqueue spa\.heat, which nobody handles\. Remedy: handleJob\(spa\.heat\) in the jobs of spa/,
  },
  {
    title: "a job with two handlers",
    parts: '{ jobs: [handle("faulty.note"), handle("faulty.note")] }',
    words: /The job faulty\.note has 2 handlers, of faulty\. Remedy: keep one/,
  },
  {
    title: "a handler of another plugin's job",
    parts: '{ jobs: [handle("pms.tidy")] }',
    words: /faulty handles pms\.tidy, a job of another plugin\. Remedy: name it faulty\.…, or move the handler/,
  },
  {
    title: "a route without an access rule",
    parts: "{ routes: [look({ access: undefined })] }",
    words: /GET \/faulty\/look of faulty has no access rule\. Remedy: access: "public" or a list of roles/,
  },
  {
    title: "a route without a role",
    parts: "{ routes: [look({ access: [] })] }",
    words: /GET \/faulty\/look of faulty has no access rule\. Remedy: access: "public" or a list of roles/,
  },
  {
    title: "a public route inside a tenant",
    parts: '{ routes: [look({ transaction: "tenant" })] }',
    words: /GET \/faulty\/look of faulty is public and has no tenant\. Remedy: transaction: "crossTenant" or "none"/,
  },
  {
    title: "a route across tenants without the permission",
    parts: '{ routes: [look({ transaction: "crossTenant" })] }',
    words:
      /GET \/faulty\/look of faulty works across tenants\. Remedy: permissions\.crossTenant in its manifest, with the/,
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
    words: /(identity and faulty|faulty and identity) both say who is calling\. Remedy: keep one authenticator/,
  },
  {
    title: "a missing authenticator",
    parts: '{ routes: [look({ access: ["manager"] })] }',
    variables: { PLUGINS: "faulty" },
    migrated: true,
    words: /faulty must know who is calling, and no plugin here says so\. Remedy: the plugin with the authenticator in/,
  },
];

describe("a boot", () => {
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
      /^Keyrack can't start:\n {2}- GET \/faulty.*\n {2}- faulty handles pms.*\n {2}- other may enqueue other\.note.*$/,
    );
  });

  it("Migrate refuses a faulty manifest before it makes a grant", async () => {
    await write("faulty", { manifest: 'permissions: { tables: { "core.outbox": { select: "*" } } }' });
    expect(await faultsOf(migrateDatabase(variables()))).to.match(/which only the core has/);
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

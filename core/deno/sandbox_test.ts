/** The launcher, `migrate` and `permissions` have all permissions. A plugin's code must never run with them. */
import { expect } from "chai";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { findAllPlugins } from "../boot.ts";
import { migratorConfig } from "../db/migrate/migration_source.ts";
import { openPool } from "../db/pool.ts";
import { discoverPlugins } from "../plugin/discovery.ts";
import { processVariables } from "../config/env.ts";
import { createTestDatabase, type TestDatabase, testSecret } from "../../testing/postgres.ts";
import { findDeno } from "./command.ts";
import { root } from "./core_needs.ts";
import { denoJsonText, findPlugins, staticProcesses } from "./deno_json.ts";
import { createSandbox } from "./sandbox.ts";

const deno = findDeno();

(deno === undefined ? describe.skip : describe)("the code of plugins before they are approved", function () {
  this.timeout(300_000);
  let folder: string;
  let traces: string;
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(path.join(os.tmpdir(), "keyrack-sandbox-")));
    traces = path.join(folder, "traces");
    await mkdir(traces);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Code that leaves a trace for each attempt that succeeds. */
  const harm = (name: string): string => `
    import { execFileSync } from "node:child_process";
    import { appendFileSync } from "node:fs";
    const trace = ${JSON.stringify(traces)} + "/${name}-";
    for (const attempt of [
      () => appendFileSync(trace + "written", ""),
      () => execFileSync("touch", [trace + "run"]),
      () => { if (process.env.STRIPE_API_KEY !== undefined) console.error("read sk_test_of_the_operator"); },
    ]) try { attempt(); } catch {}`;
  const write = async (file: string, text: string): Promise<void> => {
    const whole = path.join(folder, "plugins", file);
    await mkdir(path.dirname(whole), { recursive: true });
    await writeFile(whole, text);
  };
  const manifestText = (id: string) => `{ id: "${id}", summary: "Means harm.", permissions: { env: {} } }`;
  const addPlugins = async (): Promise<string> => {
    const plugin = (id: string) => `export default { manifest: ${manifestText(id)}, setup: () => ({}) };`;
    await write("in_module/mod.ts", `${harm("module")}\n${plugin("in_module")}`);
    await write("in_manifest/mod.ts", plugin("in_manifest"));
    await write(
      "in_manifest/manifest.ts",
      `${harm("manifest")}\nexport const manifest = ${manifestText("in_manifest")};`,
    );
    await write(
      "in_manifest/migrations/0001_notes.ts",
      `${harm("migration")}
       export async function up(knex) {
         const write = () => appendFileSync(trace + "written", "");
         const run = () => execFileSync("touch", [trace + "run"]);
         for (const attempt of [write, run]) try { attempt(); } catch {}
         await knex.raw("CREATE TABLE in_manifest.words (word text PRIMARY KEY)");
       }`,
    );
    return path.join(folder, "plugins");
  };
  const run = (script: string, ...args: string[]) =>
    new Promise<{ code: number | string | null | undefined; output: string }>((resolve) => {
      const { PATH, HOME } = processVariables();
      const env = {
        PATH,
        HOME,
        NODE_ENV: "test",
        PLUGIN_PATH: path.join(folder, "plugins"),
        DATABASE_URL: database.url,
        DATA_DIR: path.join(folder, "data"),
        SECRET_KEY: testSecret,
        STRIPE_API_KEY: "sk_test_of_the_operator",
      };
      execFile(process.execPath, ["--import", "tsx", script, ...args], { cwd: root, env }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : error.code, output: stdout + stderr }),
      );
    });
  const traceNames = ["module", "manifest", "migration"].flatMap((name) => [`${name}-written`, `${name}-run`]);
  const traced = (): string[] => traceNames.filter((name) => existsSync(path.join(traces, name)));

  it("A plugin's code writes and runs nothing while start, migrate and permissions read its manifest", async () => {
    await addPlugins();
    const started = await run("bin/start.ts", "--deno");
    expect([started.code, started.output]).to.deep.equal([
      1,
      "start: Keyrack can't start:\n  - deno.json is not what the manifests add up to. " +
        "Remedy: npm run permissions -- --write, and look at what changed.\n",
    ]);
    const shown = await run("bin/permissions.ts");
    expect(shown.output).to.include("in_module: Means harm.").and.to.include("in_manifest: Means harm.");
    const migrated = await run("bin/migrate.ts");
    expect([migrated.code, traced()], migrated.output).to.deep.equal([0, []]);
    for (const { output } of [started, shown, migrated]) expect(output).not.to.include("sk_test_of_the_operator");
    const owner = openPool({ url: database.url, max: 1, name: "test sandbox" });
    try {
      expect(await owner("core.migrations").whereLike("name", "in_%").pluck("name")).to.deep.equal([
        "in_manifest/0001_notes.ts",
      ]);
      expect(await owner("in_manifest.words").pluck("word")).to.deep.equal([]);
    } finally {
      await owner.destroy();
    }
  });

  it("The same code leaves every trace in a process without the sandbox", async () => {
    const roots = [await addPlugins()];
    await findAllPlugins(roots, undefined);
    expect(traced()).to.deep.equal(["module-written", "module-run"]);
    const folder = path.join(roots[0] ?? "", "in_manifest", "migrations");
    const source = migratorConfig([{ id: "in_manifest", folder }]).migrationSource;
    const [migration] = (await source?.getMigrations([])) ?? [];
    await source?.getMigration(migration);
    expect(traced()).to.include.members(["migration-written", "migration-run"]);
  });

  it("A plugin that prints a false manifest falsifies only its own", async () => {
    const lie = JSON.stringify([
      { manifest: { id: "billing", summary: "", permissions: { crossTenant: "all of it" } } },
    ]);
    await write("liar/mod.ts", `process.stdout.write(${JSON.stringify(`\n${lie}\n`)}); process.exit(0);`);
    await write("silent/mod.ts", "process.exit(0);");
    await write("broken/mod.ts", 'throw new Error("broken");');
    await write("misshapen/mod.ts", 'export default { manifest: { id: "misshapen", summary: "", permission: {} } };');
    const { plugins, faults } = await createSandbox(deno ?? "").find([path.join(folder, "plugins")], undefined);
    expect(plugins).to.deep.equal([]);
    expect(faults).to.have.length(4);
    const all = faults.join("\n");
    expect(all)
      .to.match(/liar calls itself "billing"/)
      .and.to.match(/broken does not load: broken/);
    expect(all)
      .to.match(/silent does not load/)
      .and.to.match(/misshapen.*permission/);
  });

  it("The sandbox reads the same permissions of the shipped plugins as an import of their modules", async () => {
    const read = await findPlugins({}, createSandbox(deno ?? "").find);
    const imported = await findPlugins({}, (roots) => discoverPlugins(roots));
    const [ours, theirs] = [read, imported].map((plugins) => denoJsonText(staticProcesses(plugins, {})));
    expect(ours).to.equal(theirs);
  });
});

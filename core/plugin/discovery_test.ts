import { expect } from "chai";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { readBlueprint } from "../boot.ts";
import { crossTenantRoleOf } from "../db/database.ts";
import { discoverPlugins } from "./discovery.ts";
import { BootError } from "../errors.ts";
import { coreRole, loginRole, loginRoleOf, platformGroup, queueRole, queueSchema } from "../db/role_names.ts";

describe("discovery of plugins", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "keyrack-plugins-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const plugin = async (name: string, manifest: object, source?: string): Promise<void> => {
    await mkdir(path.join(folder, name), { recursive: true });
    const text =
      source ?? `export default { manifest: ${JSON.stringify({ summary: "", ...manifest })}, setup: () => ({}) };`;
    await writeFile(path.join(folder, name, "mod.ts"), text);
  };

  it("A required plugin comes before the plugin that requires it", async () => {
    await plugin("alpha", { id: "alpha", requires: ["beta"] });
    await plugin("beta", { id: "beta" });
    const { plugins, faults } = await discoverPlugins([folder]);
    expect(faults).to.deep.equal([]);
    expect(plugins.map(({ manifest }) => manifest.id)).to.deep.equal(["beta", "alpha"]);
  });

  it("Discovery reports all faults at once, each with its remedy", async () => {
    await plugin("alpha", { id: "alpha", requires: ["beta"] });
    await plugin("beta", { id: "beta", requires: ["alpha"] });
    await plugin("gamma", { id: "delta" });
    await plugin("epsilon", { id: "epsilon", requires: ["nowhere"] });
    await plugin("zeta", {}, "export const nothing = 1;");
    await plugin("eta", {}, 'throw new Error("broken");');
    const { faults } = await discoverPlugins([folder]);
    const all = faults.join("\n");
    expect(all).to.match(/circle: alpha -> beta -> alpha/);
    expect(all).to.match(/calls itself "delta"/);
    expect(all).to.match(/epsilon requires "nowhere"/);
    expect(all).to.match(/zeta.*no plugin as its default export/);
    expect(all).to.match(/eta does not load: broken/);
    for (const fault of faults) expect(fault).to.match(/Remedy: /);
    expect(faults).to.have.length(5);
  });

  it("A plugin can't have a name whose schema or role belongs to another owner", async () => {
    const own = [loginRole, coreRole, queueRole, platformGroup, loginRoleOf("pms"), crossTenantRoleOf("pms")];
    const names = [
      ...own.map((role) => role.replace("keyrack_", "")),
      queueSchema,
      "public",
      "pg_temp",
      "information_schema",
    ];
    for (const name of [...names, "Mini", "mini-bar", "x", "m".repeat(32)]) {
      await plugin(name, { id: name });
      const { plugins, faults } = await discoverPlugins([path.join(folder, name)]);
      expect(plugins, name).to.deep.equal([]);
      expect(faults.join("\n")).to.match(new RegExp(`^"${name}" can't be a plugin's name: .* Remedy: .*$`));
    }
  });

  it("A folder that is named twice is one plugin, and two folders of the same name are a fault", async () => {
    await plugin("alpha", { id: "alpha" });
    const twice = await discoverPlugins([folder, path.join(folder, "alpha")]);
    expect(twice.plugins.map(({ manifest }) => manifest.id)).to.deep.equal(["alpha"]);
    expect(twice.faults).to.deep.equal([]);
    await plugin("more/alpha", { id: "alpha" });
    const { faults } = await discoverPlugins([path.join(folder, "alpha"), path.join(folder, "more")]);
    expect(faults.join("\n")).to.match(/^Two plugins are called alpha: .* Remedy: rename or remove one\.$/);
  });

  it("One message of the boot lists every missing and wrong variable", async () => {
    const variables = {
      NODE_ENV: "production",
      PORT: "http",
      DATA_DIR: folder,
      TRIAL_DAYS: "soon",
      PLUGIN_PATH: path.join(folder, "no"),
    };
    const error = await readBlueprint(variables).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(BootError);
    const { message } = error as BootError;
    expect(message).to.match(/PORT is not a whole number/);
    expect(message).to.match(/TRIAL_DAYS .*the plugin identity/);
    const missing = await readBlueprint({ NODE_ENV: "production", DATA_DIR: folder, PLUGINS: "nothing" }).then(
      () => "",
      (reason: Error) => reason.message,
    );
    expect(missing).to.match(/SECRET_KEY is missing/);
    expect(missing).to.match(/PLUGINS names "nothing"/);
  });

  it("PLUGINS lists the plugins to run or, with a minus before each, the plugins to leave out", async () => {
    await plugin("minibar", { id: "minibar" });
    const chosen = async (list: string) =>
      (await readBlueprint({ DATA_DIR: folder, PLUGIN_PATH: folder, PLUGINS: list })).env.PLUGINS;
    expect(await chosen("pms, minibar")).to.deep.equal(["pms", "minibar"]);
    const all = (await readBlueprint({ DATA_DIR: folder, PLUGIN_PATH: folder })).plugins;
    const but = (...left: string[]) => all.map(({ manifest }) => manifest.id).filter((id) => !left.includes(id));
    expect(await chosen("-reporting"))
      .to.have.members(but("reporting"))
      .and.to.include("minibar");
    expect(await chosen("-reporting,-pms")).to.have.members(but("reporting", "pms"));
    for (const wrong of ["-nothing", "pms,-nothing", "pms,-reporting"]) {
      const error = await chosen(wrong).catch((reason: Error) => reason);
      expect((error as Error).message, wrong).to.match(
        /PLUGINS names "(nothing|-nothing|-reporting)", which is not installed/,
      );
    }
  });

  it("Discovery runs no code of a plugin that the process does not need", async () => {
    const trace = path.join(folder, "trace");
    const harm = `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(trace)}, "");`;
    const rest = 'export default { manifest: { id: "harmful", summary: "" }, setup: () => ({}) };';
    await plugin("harmful", {}, `${harm} ${rest}`);
    await plugin("alpha", { id: "alpha", requires: ["beta"] });
    await plugin("beta", { id: "beta" });
    const { plugins, here, faults } = await discoverPlugins([folder], ["alpha"]);
    expect(plugins.map(({ manifest }) => manifest.id)).to.deep.equal(["beta", "alpha"]);
    expect([here, faults]).to.deep.equal([["alpha", "beta", "harmful"], []]);
    expect(existsSync(trace)).to.equal(false);
    await discoverPlugins([folder]);
    expect(existsSync(trace)).to.equal(true);
  });

  it("PLUGIN_PATH can name the folder of a plugin or a folder of plugins", async () => {
    await plugin("minibar", { id: "minibar", requires: ["identity"] });
    for (const where of [folder, path.join(folder, "minibar")]) {
      const { plugins } = await readBlueprint({ DATA_DIR: folder, PLUGIN_PATH: where });
      expect(plugins.map(({ manifest }) => manifest.id)).to.include.members(["minibar", "pms"]);
    }
  });
});

import { expect } from "chai";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { readBlueprint } from "./boot.ts";
import { discoverPlugins } from "./discovery.ts";
import { BootError } from "./errors.ts";

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

  it("puts what a plugin requires before it", async () => {
    await plugin("alpha", { id: "alpha", requires: ["beta"] });
    await plugin("beta", { id: "beta" });
    const { plugins, faults } = await discoverPlugins([folder]);
    expect(faults).to.deep.equal([]);
    expect(plugins.map(({ manifest }) => manifest.id)).to.deep.equal(["beta", "alpha"]);
  });

  it("tells every fault at once, each with its remedy", async () => {
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

  it("stops a boot with one message that lists every missing and wrong variable", async () => {
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

  it("finds a plugin by PLUGIN_PATH, one folder or a folder of them", async () => {
    await plugin("minibar", { id: "minibar", requires: ["identity"] });
    for (const where of [folder, path.join(folder, "minibar")]) {
      const { plugins } = await readBlueprint({ DATA_DIR: folder, PLUGIN_PATH: where });
      expect(plugins.map(({ manifest }) => manifest.id)).to.include.members(["minibar", "pms"]);
    }
  });
});

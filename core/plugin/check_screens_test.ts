import { expect } from "chai";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { route } from "../http/route.ts";
import { checkScreens } from "./check_screens.ts";
import type { LoadedPlugin, PluginParts } from "./contract.ts";
import type { Manifest } from "./manifest.ts";

const read = (id: string) =>
  route({
    id,
    method: "GET",
    path: `/${id}`,
    summary: id,
    access: "public",
    transaction: "none",
    status: 204,
    handler: () => Promise.resolve({}),
  });

describe("The checks of screens at boot", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "keyrack-screens-"));
    await mkdir(path.join(folder, "seen", "web"), { recursive: true });
    await writeFile(path.join(folder, "seen", "web", "mod.tsx"), "export default {};");
  });
  after(() => rm(folder, { recursive: true }));

  const faultsOf = (manifest: Omit<Manifest, "summary">, where: string): string[] => {
    const other: LoadedPlugin = { manifest: { id: "pms", summary: "" }, setup: () => ({}), folder };
    const plugin: LoadedPlugin = {
      manifest: { ...manifest, summary: "" },
      setup: () => ({}),
      folder: path.join(folder, where),
    };
    const parts = new Map<string, PluginParts>([
      ["pms", { routes: [read("readBoard")] }],
      [manifest.id, { routes: [read("readMinibar")] }],
    ]);
    return checkScreens([other, plugin], parts);
  };

  it("Accept own operations and those of a required plugin", () => {
    expect(
      faultsOf({ id: "bar", requires: ["pms"], web: { calls: ["readMinibar", "readBoard"] } }, "seen"),
    ).to.deep.equal([]);
    expect(faultsOf({ id: "bar" }, "unseen")).to.deep.equal([]);
  });

  it("Refuse a folder and a manifest that disagree", () => {
    expect(faultsOf({ id: "bar" }, "seen").join()).to.match(/its manifest has no web\. Remedy: add `web: \{ calls/);
    expect(faultsOf({ id: "bar", web: { calls: [] } }, "unseen").join()).to.match(/mod\.tsx is missing\. Remedy/);
  });

  it("Refuse an operation that does not exist, and one of a plugin that is not required", () => {
    expect(faultsOf({ id: "bar", web: { calls: ["readBored"] } }, "seen").join()).to.match(
      /no plugin has this operation/,
    );
    expect(faultsOf({ id: "bar", web: { calls: ["readBoard"] } }, "seen").join()).to.match(
      /Remedy: add "pms" to requires/,
    );
  });
});

import { expect } from "chai";

import { root } from "./boundaries.ts";
import { crowdedFolders, importCircles, mostFiles, upwardImports } from "./layers.ts";
import { readSource, readSources } from "./source.ts";

describe("The layers of the project", () => {
  const platform = readSources(root, ["bin", "core", "embedded", "web", "workers"]);
  const all = [...platform, ...readSources(root, ["bench", "examples", "faults", "plugins", "testing"])];

  it("Let no import of the platform run upward", () => {
    expect(platform.length).to.be.greaterThan(150);
    expect(upwardImports(platform)).to.deep.equal([]);
  });

  it("Have no circle of imports", () => {
    expect(importCircles(all)).to.deep.equal([]);
  });

  it(`Have at most ${mostFiles} source files in a folder`, () => {
    expect(crowdedFolders(all)).to.deep.equal([]);
  });

  const planted = (...files: readonly (readonly [string, string])[]) =>
    files.map(([file, text]) => readSource(file, text));

  it("Refuse an import from a layer above, of a value or of a type", () => {
    const above: readonly (readonly [string, string])[] = [
      ["core/db/planted.ts", 'import { serve } from "../http/route.ts";'],
      ["core/values/planted.ts", 'import type { Route } from "../http/route.ts";'],
      ["core/plugin/manifest.ts", 'import { check } from "./checks.ts";'],
      ["core/db/pool.ts", 'export * from "./migrate/migrate.ts";'],
      ["core/boot.ts", 'await import("../bin/start.ts");'],
    ];
    const targets = planted(
      ["core/http/route.ts", ""],
      ["core/plugin/checks.ts", ""],
      ["core/db/migrate/migrate.ts", ""],
      ["bin/start.ts", ""],
    );
    for (const [file, text] of above) {
      const faults = upwardImports([readSource(file, text), ...targets]);
      expect(faults, text).to.have.length(1);
      expect(faults[0]).to.match(new RegExp(`^${file} imports .*, which is above it\\.$`));
    }
  });

  it("Accept imports from the same layer and from layers below", () => {
    const sources = planted(
      ["core/http/route.ts", 'import "../db/pool.ts"; import "./actor.ts"; import "../plugin/manifest.ts";'],
      ["core/http/actor.ts", 'import "../values/ids.ts";'],
      ["core/db/pool.ts", ""],
      ["core/plugin/manifest.ts", ""],
      ["core/values/ids.ts", ""],
    );
    expect(upwardImports(sources)).to.deep.equal([]);
  });

  it("Refuse a file that has no layer", () => {
    expect(upwardImports(planted(["core/planted.ts", ""]))).to.deep.equal([
      "core/planted.ts has no layer. Remedy: platformLayers in testing/rules/layers.ts.",
    ]);
  });

  it("Refuse a circle of two files and of three, also by types alone", () => {
    expect(
      importCircles(planted(["core/a.ts", 'import "./b.ts";'], ["core/b.ts", 'import type { A } from "./a.ts";'])),
    ).to.deep.equal(["core/a.ts -> core/b.ts -> core/a.ts"]);
    const three = planted(
      ["core/start.ts", 'import "./a.ts";'],
      ["core/a.ts", 'import "./b.ts"; import "./c.ts";'],
      ["core/b.ts", 'import "./c.ts";'],
      ["core/c.ts", 'import "./a.ts";'],
    );
    expect(importCircles(three)).to.deep.equal(["core/a.ts -> core/b.ts -> core/c.ts -> core/a.ts"]);
    expect(importCircles(three.slice(0, 3))).to.deep.equal([]);
  });

  it("Refuse a crowded folder, and count neither tests nor migrations", () => {
    const many = (suffix: string, count: number) =>
      Array.from({ length: count }, (_, at) => readSource(`core/crowd/${suffix.replace("*", String(at))}`, ""));
    expect(crowdedFolders(many("f*.ts", mostFiles))).to.deep.equal([]);
    expect(crowdedFolders(many("f*.ts", mostFiles + 1))).to.deep.equal([
      `core/crowd has ${mostFiles + 1} files, at most ${mostFiles}. Remedy: a folder for one of its subjects.`,
    ]);
    expect(crowdedFolders([...many("f*_test.ts", 20), ...many("migrations/*.ts", 20)])).to.deep.equal([]);
  });
});

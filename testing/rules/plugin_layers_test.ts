import { expect } from "chai";

import { root } from "./boundaries.ts";
import { unusedPluginLayers, upwardPluginImports } from "./plugin_layers.ts";
import { readSource, readSources } from "./source.ts";

describe("The layers of a plugin", () => {
  const plugins = readSources(root, ["examples/plugins", "plugins"]);
  const planted = (...files: readonly (readonly [string, string])[]) =>
    files.map(([file, text]) => readSource(file, text));

  it("Let no import of a plugin run upward, and leave no file without a layer", () => {
    expect(plugins.length).to.be.greaterThan(250);
    expect(upwardPluginImports(plugins)).to.deep.equal([]);
  });

  it("Name only folders and files that exist", () => {
    expect(unusedPluginLayers(plugins)).to.deep.equal([]);
  });

  const violations: readonly (readonly [file: string, text: string, target: string])[] = [
    [
      "plugins/pms/closures/planted.ts",
      'import "../bookings/check_in_out.ts";',
      "plugins/pms/bookings/check_in_out.ts",
    ],
    [
      "plugins/pms/guests/planted.ts",
      'import type { A } from "../bookings/views.ts";',
      "plugins/pms/bookings/views.ts",
    ],
    ["plugins/pms/rates/planted.ts", 'import "../bookings/nights/nights.ts";', "plugins/pms/bookings/nights/nights.ts"],
    ["plugins/pms/bookings/rules/planted.ts", 'export * from "../reserve.ts";', "plugins/pms/bookings/reserve.ts"],
    ["plugins/pms/errors.ts", 'import "./models/booking.ts";', "plugins/pms/models/booking.ts"],
    ["plugins/pms/desk/planted.ts", 'import "../mod.ts";', "plugins/pms/mod.ts"],
    ["plugins/identity/sessions/planted.ts", 'import "../login/login.ts";', "plugins/identity/login/login.ts"],
    [
      "plugins/billing/apply/planted.ts",
      'await import("../recovery/replay.ts");',
      "plugins/billing/recovery/replay.ts",
    ],
    ["plugins/reporting/csv/planted.ts", 'import "../kinds/mod.ts";', "plugins/reporting/kinds/mod.ts"],
    [
      "examples/plugins/minibar/charges.ts",
      'import "./routes_charges.ts";',
      "examples/plugins/minibar/routes_charges.ts",
    ],
  ];
  for (const [file, text, target] of violations) {
    it(`Refuse ${text} in ${file}`, () => {
      const others = plugins.filter((source) => source.file !== file);
      expect(upwardPluginImports([...others, readSource(file, text)])).to.deep.equal([
        `${file} imports ${target}, which is above it.`,
      ]);
    });
  }

  it("Accept imports from the same layer, from layers below, and from another plugin's face", () => {
    const sources = planted(
      ["plugins/pms/mod.ts", 'import "./desk/board.ts";'],
      [
        "plugins/pms/desk/board.ts",
        'import "../bookings/views.ts"; import "./day.ts"; import "../../identity/port.ts";',
      ],
      ["plugins/pms/desk/day.ts", 'import "../errors.ts";'],
      ["plugins/pms/bookings/views.ts", ""],
      ["plugins/pms/errors.ts", ""],
      ["plugins/identity/port.ts", 'import "./hotels/trial.ts";'],
      ["plugins/identity/hotels/trial.ts", ""],
    );
    expect(upwardPluginImports(sources)).to.deep.equal([]);
  });

  it("Refuse a new folder and a new plugin that have no layer", () => {
    const remedy = "has no layer. Remedy: pluginLayers in testing/rules/plugin_layers.ts.";
    const files = ["plugins/pms/planted/a.ts", "plugins/planted/mod.ts", "examples/plugins/planted/mod.ts"];
    expect(upwardPluginImports(files.map((file) => readSource(file, "")))).to.deep.equal(
      files.map((file) => `${file} ${remedy}`),
    );
  });

  it("Refuse a line of the table that names no file", () => {
    const table = {
      "plugins/pms": [
        ["errors.ts", "port.ts"],
        ["desk", "gone"],
      ],
    };
    expect(unusedPluginLayers(planted(["plugins/pms/desk/board.ts", ""]), table)).to.deep.equal([
      "plugins/pms/gone has a layer and no file. Remedy: remove it from pluginLayers.",
    ]);
  });
});

/** The table of settings in docs/production.md has each variable of the core and of the plugins, with its default. */
import { expect } from "chai";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import * as z from "zod";

import { coreSchema } from "../../core/config/env.ts";
import type { Manifest } from "../../core/plugin/manifest.ts";
import { collectSettings, settingsFaults } from "./settings.ts";

const root = path.join(import.meta.dirname, "..", "..");

async function readManifest(id: string): Promise<Manifest> {
  const file = path.join(root, "plugins", id, "manifest.ts");
  const { manifest } = (await import(pathToFileURL(file).href)) as { manifest: Manifest };
  return manifest;
}

describe("The table of settings", () => {
  it("Has one row for each variable of the core and the plugins, with readers, values and default", async () => {
    const ids = readdirSync(path.join(root, "plugins")).sort();
    const manifests = await Promise.all(ids.map(readManifest));
    const settings = collectSettings([
      ["core", coreSchema.shape],
      ...manifests.map(({ id, permissions }) => [id, permissions?.env ?? {}] as const),
    ]);
    expect(settings.length).to.be.greaterThan(30);
    const page = readFileSync(path.join(root, "docs", "production.md"), "utf8");
    expect(settingsFaults(page, settings)).to.deep.equal([]);
  });

  const settings = collectSettings([
    ["core", { PORT: z.coerce.number().int().min(0).max(65_535).default(8000), KEY: z.string().optional() }],
    ["pms", { LEVEL: z.enum(["low", "high"]).default("low"), KEY: z.string(), MOST: z.coerce.number().int().min(1) }],
  ]);
  const rows = [
    "| `KEY` | core, pms | any text | signs tokens | none |",
    "| `LEVEL` | pms | `low`, `high` | the level | `low` |",
    "| `MOST` | pms | 1 or more | the most | none: it is required |",
    "| `PORT` | core | 0 to 65535 | the port | `8000` |",
  ];
  const change = (at: number, from: string, to: string): string =>
    rows.map((row, index) => (index === at ? row.replace(from, to) : row)).join("\n");

  it("Accepts a page that agrees with the schemas", () => {
    expect(settingsFaults(rows.join("\n"), settings)).to.deep.equal([]);
  });

  const refused: readonly (readonly [string, string, string])[] = [
    ["a missing row", rows.slice(1).join("\n"), "KEY has no row in the table."],
    ["a row twice", [...rows, rows[3]].join("\n"), "PORT has more than one row."],
    [
      "a row of no schema",
      `${rows.join("\n")}\n| \`OLD\` | core | a | b | none |`,
      "OLD is in the table, and no schema reads it.",
    ],
    ["a wrong default", change(3, "`8000`", "`8080`"), "PORT has the default 8000, not 8080."],
    ["a missing default", change(1, "`low` |", "none |"), "LEVEL has the default low, not none."],
    ["an invented default", change(2, "none:", "`1`"), "MOST has the default none, not 1."],
    ["a wrong range", change(3, "65535", "99999"), "PORT takes 0 to 65535, the row omits it."],
    ["a missing value", change(1, ", `high`", ""), "LEVEL takes `high`, the row omits it."],
    ["a missing reader", change(0, "core, pms", "core"), "KEY is read by core, pms."],
  ];
  for (const [title, page, fault] of refused) {
    it(`Refuses a page with ${title}`, () => {
      expect(settingsFaults(page, settings)).to.deep.equal([fault]);
    });
  }
});

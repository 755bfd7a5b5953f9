/** Every path and link of the pages leads to a file, a folder or a heading. */
import { expect } from "chai";
import { readFileSync } from "node:fs";
import path from "node:path";

import { pageFaults } from "./page_links.ts";
import { filesAt } from "./prose.ts";

const root = path.join(import.meta.dirname, "..", "..");
const folders = ["docs", "plugins", "examples"];
const files = ["README.md", "CONTRIBUTING.md", "AGENTS.md", "SECURITY.md"];
const pages = [...folders, ...files].flatMap(filesAt).filter((file) => file.endsWith(".md"));

describe("The paths and links of the pages", () => {
  it("Lead to files, folders and headings that exist", () => {
    expect(pages.length).to.be.greaterThan(20);
    const faults = pages.flatMap((file) =>
      pageFaults(root, file, readFileSync(path.join(root, file), "utf8")).map(
        ({ line, target }) => `${file}:${line}: ${target}`,
      ),
    );
    expect(faults.join("\n")).to.equal("");
  });

  const refused: readonly (readonly [string, string])[] = [
    ["Look into `core/nowhere.ts`.", "core/nowhere.ts"],
    ["`node --import tsx core/nowhere.ts` starts it.", "core/nowhere.ts"],
    ["  core/nowhere    a line of a picture", "core/nowhere"],
    ["The folder `plugins/nothing/` is new.", "plugins/nothing"],
    ["[A page](nowhere.md)", "docs/nowhere.md"],
    ["[A page](../nowhere.md)", "nowhere.md"],
    ["[A heading](plugins.md#no-such-heading)", "docs/plugins.md#no-such-heading"],
    ["[A heading](#no-such-heading)", "docs/deno.md#no-such-heading"],
  ];
  for (const [text, target] of refused) {
    it(`Refuse this page: ${text.trim()}`, () => {
      expect(pageFaults(root, "docs/deno.md", `# Title\n${text}`)).to.deep.equal([{ line: 2, target }]);
    });
  }

  it("Refuse the name of a file that the folder of a plugin lacks", () => {
    const faults = (name: string) => pageFaults(root, "plugins/pms/README.md", `Look into \`${name}\`.`);
    expect(faults("bookings/nowhere.ts")).to.deep.equal([{ line: 1, target: "plugins/pms/bookings/nowhere.ts" }]);
    expect(faults("bookings/reserve.ts")).to.deep.equal([]);
    expect(faults("core/mod.ts")).to.deep.equal([]);
  });

  it("Accept what exists, addresses, and paths with a placeholder", () => {
    const page = [
      "`core/mod.ts`, `docs/`, `plugins/<id>/port.ts`, `plugins/*/port.ts` and `#core/nowhere.ts` are fine.",
      "[Plugins](plugins.md), [the README](../README.md) and [another site](https://example.com/core/nowhere.ts).",
      "[The first heading of this page](#keyrack-on-deno)",
    ].join("\n");
    expect(pageFaults(root, "docs/deno.md", page)).to.deep.equal([]);
  });
});

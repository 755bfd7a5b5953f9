import { expect } from "chai";
import { readFileSync } from "node:fs";
import path from "node:path";

import { root } from "./boundaries.ts";
import { readSource, readSources } from "./source.ts";
import { type PackageFile, undeclaredPackages, unusedDependencies } from "./dependencies.ts";
import { readIncludedPaths } from "./unused_exports.ts";

const declares = (dependencies: readonly string[], devDependencies: readonly string[] = []): PackageFile => ({
  dependencies: Object.fromEntries(dependencies.map((name) => [name, "1.0"])),
  devDependencies: Object.fromEntries(devDependencies.map((name) => [name, "1.0"])),
});
const noText = () => "";

describe("The rule for package.json", () => {
  it("It refuses a dependency that nothing uses", () => {
    const source = readSource("core/planted.ts", 'import "pg/lib/client.js"; import { a } from "./koa.ts"; "koa";');
    expect(unusedDependencies(declares(["pg"]), [source], noText)).to.deep.equal([]);
    for (const name of ["koa", "@koa/cors", "@types/koa__cors", "p-limit"]) {
      const words = [`package.json declares ${name}, and nothing uses it. Remedy: npm uninstall ${name}.`];
      expect(unusedDependencies(declares(["pg", name]), [source], noText), name).to.deep.equal(words);
      expect(unusedDependencies(declares(["pg"], [name]), [source], noText), name).to.deep.equal(words);
    }
  });

  it("It takes the types of a used package, and a tool whose use can be read, for used", () => {
    const source = readSource("core/planted.ts", 'import cors from "@koa/cors"; await import("stripe");');
    const used = declares(["@koa/cors", "stripe"], ["@types/koa__cors", "@types/stripe"]);
    expect(unusedDependencies(used, [source], noText)).to.deep.equal([]);
    expect(unusedDependencies(declares([], ["oxfmt"]), [], () => "oxfmt --check && mocha")).to.deep.equal([]);
    expect(unusedDependencies(declares([], ["oxfmt"]), [], noText)).to.have.length(1);
  });

  it("It refuses an import of a package that is not declared, or only for development", () => {
    const text =
      'import fs from "fs"; import path from "node:path"; import { x } from "#core/mod.ts"; import a from "@a/b/c";';
    const refused = (file: string, packages: PackageFile) => undeclaredPackages(packages, [readSource(file, text)]);
    const words = (file: string) => [
      `${file} imports @a/b, which package.json does not declare for it. Remedy: npm install @a/b.`,
    ];
    for (const file of ["core/planted.ts", "plugins/pms/planted_test.ts", "bench/planted.ts"]) {
      expect(refused(file, declares([])), file).to.deep.equal(words(file));
      expect(refused(file, declares(["@a/b"])), file).to.deep.equal([]);
    }
    expect(refused("core/planted.ts", declares([], ["@a/b"]))).to.deep.equal(words("core/planted.ts"));
    expect(refused("core/planted_test.ts", declares([], ["@a/b"]))).to.deep.equal([]);
  });

  it("The project's package.json keeps it", () => {
    const packages = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as PackageFile;
    const folders = readIncludedPaths().filter((entry) => !entry.endsWith(".ts"));
    const knexfile = readFileSync(path.join(root, "knexfile.ts"), "utf8");
    const sources = [...readSources(root, folders), readSource("knexfile.ts", knexfile)];
    expect(sources.length).to.be.greaterThan(400);
    expect(unusedDependencies(packages, sources)).to.deep.equal([]);
    expect(undeclaredPackages(packages, sources)).to.deep.equal([]);
  });
});

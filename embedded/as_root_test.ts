import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { chown, cp, lstat, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { startEmbeddedPostgres } from "./mod.ts";
import { canReach, serverUser } from "./server_user.ts";
import { killHard, makeDataDir, query, removeDataDir, serverPid, spawnStarter } from "./testing/server_tools.ts";

const isRoot = process.getuid?.() === 0;

async function startAndQuery(dataDir: string, sql: string): Promise<Record<string, unknown>[]> {
  const database = await startEmbeddedPostgres({ dataDir, settings: { fsync: "off" } });
  try {
    return await query(database.url, sql);
  } finally {
    await database.stop();
  }
}

describe("The embedded PostgreSQL, started by root", function () {
  this.timeout(60_000);
  let dataDir: string;

  before(function () {
    if (!isRoot) {
      this.test?.parent?.tests.forEach((test) => (test.title += " (needs root)"));
      this.skip();
    }
  });
  beforeEach(async () => {
    dataDir = await makeDataDir({ isClosed: true });
  });
  afterEach(() => removeDataDir(dataDir));

  it("A start below a folder that only root can enter moves the database, and finds it again", async () => {
    const below = path.join(dataDir, "checkout/data");
    await startAndQuery(below, "CREATE TABLE rooms AS SELECT 7 AS id");
    expect((await lstat(path.join(below, "postgres"))).isSymbolicLink()).to.equal(true);
    expect(await startAndQuery(below, "SELECT id FROM rooms")).to.deep.equal([{ id: 7 }]);
    await rm(path.join(below, "postgres"));
    expect(
      await startAndQuery(below, `SELECT to_regclass('rooms') AS rooms`),
      "without the link: a new, empty database",
    ).to.deep.equal([{ rooms: null }]);
    await removeDataDir(below);
  });

  it("The server runs as another user, and a copied link to its files is refused while it runs", async () => {
    const database = await startEmbeddedPostgres({ dataDir, settings: { fsync: "off" } });
    const { uid } = await stat(`/proc/${await serverPid(dataDir)}`);
    expect(uid)
      .to.equal((await serverUser())?.uid)
      .and.not.equal(0);
    const copy = await mkdtemp(path.join(tmpdir(), "keyrack-copied-"));
    try {
      await cp(path.join(dataDir, "postgres"), path.join(copy, "postgres"), { verbatimSymlinks: true });
      const answer = await startAndQuery(copy, "SELECT 1").then(
        () => "was not refused",
        (error: Error) => error.message,
      );
      expect(answer).to.match(/in use by another Keyrack/);
      await query(database.url, "SELECT 1");
    } finally {
      await database.stop();
      await rm(copy, { recursive: true, force: true });
    }
  });

  it("A database that another user made keeps its owner", async function () {
    const nobody = {
      uid: Number(execFileSync("id", ["-u", "nobody"])),
      gid: Number(execFileSync("id", ["-g", "nobody"])),
    };
    if (!(await canReach(nobody, import.meta.dirname))) this.skip();
    const open = await makeDataDir();
    await chown(open, nobody.uid, nobody.gid);
    const { child, firstLine } = spawnStarter(open, nobody);
    expect(await firstLine).to.match(/^ready /);
    await killHard(child);
    expect(await startAndQuery(open, "SELECT 1 AS one")).to.deep.equal([{ one: 1 }]);
    expect((await stat(path.join(open, "postgres"))).uid).to.equal(nobody.uid);
    await removeDataDir(open);
  });
});

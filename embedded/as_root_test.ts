import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { chown, cp, lstat, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedPostgres } from "./mod.ts";
import { canReach, serverUser } from "./server_user.ts";
import { killHard, makeDataDir, query, removeDataDir, serverPid, spawnStarter } from "./_test_tools.ts";

const isRoot = process.getuid?.() === 0;

async function startAndAsk(dataDir: string, sql: string): Promise<Record<string, unknown>[]> {
  const database = await startEmbeddedPostgres({ dataDir, settings: { fsync: "off" } });
  try {
    return await query(database.url, sql);
  } finally {
    await database.stop();
  }
}

describe("embedded PostgreSQL started by root", function () {
  this.timeout(15_000);
  let dataDir: string;

  before(function () {
    if (!isRoot) {
      this.test?.parent?.tests.forEach((test) => (test.title += " (needs root)"));
      this.skip();
    }
  });
  beforeEach(async () => {
    dataDir = await makeDataDir({ closed: true });
  });
  afterEach(() => removeDataDir(dataDir));

  it("works below a folder that only root can enter", async () => {
    const below = join(dataDir, "checkout/data");
    await startAndAsk(below, "CREATE TABLE rooms AS SELECT 7 AS id");
    expect((await lstat(join(below, "postgres"))).isSymbolicLink()).to.equal(true);
    expect(await startAndAsk(below, "SELECT id FROM rooms")).to.deep.equal([{ id: 7 }]);
    await rm(join(below, "postgres"));
    expect(
      await startAndAsk(below, `SELECT to_regclass('rooms') AS rooms`),
      "without the link: a new, empty database",
    ).to.deep.equal([{ rooms: null }]);
    await removeDataDir(below);
  });

  it("the server runs as another user, and a copied folder, whose link leads to the same files, is refused while the first lives", async () => {
    const database = await startEmbeddedPostgres({ dataDir, settings: { fsync: "off" } });
    const { uid } = await stat(`/proc/${await serverPid(dataDir)}`);
    expect(uid)
      .to.equal((await serverUser())?.uid)
      .and.not.equal(0);
    const copy = await mkdtemp(join(tmpdir(), "keyrack-copied-"));
    try {
      await cp(join(dataDir, "postgres"), join(copy, "postgres"), { verbatimSymlinks: true });
      const answer = await startAndAsk(copy, "SELECT 1").then(
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

  it("a database made without root goes on as its owner's", async function () {
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
    expect(await startAndAsk(open, "SELECT 1 AS one")).to.deep.equal([{ one: 1 }]);
    expect((await stat(join(open, "postgres"))).uid).to.equal(nobody.uid);
    await removeDataDir(open);
  });
});

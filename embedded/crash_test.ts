import { expect } from "chai";
import { readdirSync } from "node:fs";
import { startEmbeddedPostgres } from "./mod.ts";
import {
  keeperPid,
  killHard,
  makeDataDir,
  processGroup,
  query,
  removeDataDir,
  runs,
  serverPid,
  spawnStarter,
} from "./_test_tools.ts";
import { waitUntil } from "./processes.ts";

describe("embedded PostgreSQL after a crash", function () {
  this.timeout(20_000);
  let dataDir: string;
  let child: ReturnType<typeof spawnStarter>["child"] | undefined;

  async function startElsewhere(): Promise<string> {
    const starter = spawnStarter(dataDir);
    child = starter.child;
    const line = await starter.firstLine;
    expect(line).to.match(/^ready /);
    return line.slice("ready ".length);
  }

  async function startsAgain(sql = "SELECT 1"): Promise<Record<string, unknown>[]> {
    const database = await startEmbeddedPostgres({ dataDir, settings: { fsync: "off" } });
    try {
      return await query(database.url, sql);
    } finally {
      await database.stop();
    }
  }

  // One folder for all: a crash must leave it fit for the next one.
  before(async () => {
    dataDir = await makeDataDir();
  });
  afterEach(async () => {
    if (child) await killHard(child);
    child = undefined;
  });
  after(() => removeDataDir(dataDir));

  it("a start that was killed while it made the database does not block the next one", async () => {
    child = spawnStarter(dataDir).child;
    const begun = () => readdirSync(dataDir).some((name) => name.startsWith("postgres.initdb-"));
    expect(await waitUntil(async () => begun(), 8_000, 5)).to.equal(true);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(begun(), "still at it").to.equal(true);
    await killHard(child);
    await startsAgain();
  });

  it("a killed starter leaves no server behind, and the next start finds what was committed", async () => {
    const url = await startElsewhere();
    await query(url, "CREATE TABLE rooms AS SELECT 7 AS id");
    const [server, keeper] = [await serverPid(dataDir), process.platform === "linux" ? await keeperPid(dataDir) : 0];
    if (child) await killHard(child);
    expect(await waitUntil(async () => !(await runs(server)), 4_000), "the server ends").to.equal(true);
    if (keeper) expect(await waitUntil(async () => !(await runs(keeper)), 1_000), "the keeper ends").to.equal(true);
    expect(await startsAgain("SELECT id FROM rooms")).to.deep.equal([{ id: 7 }]);
  });

  it("a start right after the kill does not have to wait for the old server by hand", async () => {
    await startElsewhere();
    if (child) await killHard(child);
    await startsAgain();
  });

  it("a server that lost its starter and its keeper is ended by the next start", async function () {
    if (process.platform !== "linux") this.skip();
    await startElsewhere();
    const [server, keeper] = [await serverPid(dataDir), await keeperPid(dataDir)];
    // Frozen first, so that it cannot notice the starter's end before it is killed itself.
    process.kill(keeper, "SIGSTOP");
    if (child) await killHard(child);
    process.kill(keeper, "SIGKILL");
    expect(await waitUntil(async () => !(await runs(keeper)), 2_000)).to.equal(true);
    expect(await runs(server), "the server is left alone").to.equal(true);
    await startsAgain();
    expect(await runs(server)).to.equal(false);
  });

  it("a killed keeper alone does not leave its server unwatched", async function () {
    if (process.platform !== "linux") this.skip();
    const database = await startEmbeddedPostgres({ dataDir, settings: { fsync: "off" } });
    const server = await serverPid(dataDir);
    process.kill(await keeperPid(dataDir), "SIGKILL");
    await database.exited;
    expect(await runs(server)).to.equal(false);
    await database.stop();
    await startsAgain();
  });

  it("a killed server is recovered by the next start", async () => {
    const database = await startEmbeddedPostgres({ dataDir, settings: { fsync: "off" } });
    await query(database.url, "UPDATE rooms SET id = 8");
    process.kill(await serverPid(dataDir), "SIGKILL");
    await database.exited;
    expect(await startsAgain("SELECT id FROM rooms")).to.deep.equal([{ id: 8 }]);
  });

  it("Ctrl-C at the terminal leaves the database to the program that started it", async function () {
    if (process.platform !== "linux") this.skip();
    await startElsewhere();
    const groups = await Promise.all(
      [child?.pid ?? 0, await serverPid(dataDir), await keeperPid(dataDir)].map(processGroup),
    );
    expect(groups[0]).to.not.be.oneOf(groups.slice(1));
  });
});

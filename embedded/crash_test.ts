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
  isRunning,
  serverPid,
  spawnStarter,
} from "./testing/server_tools.ts";
import { waitUntil } from "./processes.ts";

describe("The embedded PostgreSQL after a crash", function () {
  this.timeout(60_000);
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

  // One folder for all tests: after each crash it must work for the next start.
  before(async () => {
    dataDir = await makeDataDir();
  });
  afterEach(async () => {
    if (child) await killHard(child);
    child = undefined;
  });
  after(() => removeDataDir(dataDir));

  it("A start that was killed during initdb does not block the next start", async () => {
    child = spawnStarter(dataDir).child;
    const begun = () => readdirSync(dataDir).some((name) => name.startsWith("postgres.initdb-"));
    expect(await waitUntil(async () => begun(), 30_000, 5)).to.equal(true);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(begun(), "still at it").to.equal(true);
    await killHard(child);
    await startsAgain();
  });

  it("The server of a killed starter ends, and the next start finds the committed rows", async () => {
    const url = await startElsewhere();
    await query(url, "CREATE TABLE rooms AS SELECT 7 AS id");
    const [server, keeper] = [await serverPid(dataDir), process.platform === "linux" ? await keeperPid(dataDir) : 0];
    if (child) await killHard(child);
    expect(await waitUntil(async () => !(await isRunning(server)), 4_000), "the server ends").to.equal(true);
    if (keeper)
      expect(await waitUntil(async () => !(await isRunning(keeper)), 1_000), "the keeper ends").to.equal(true);
    expect(await startsAgain("SELECT id FROM rooms")).to.deep.equal([{ id: 7 }]);
  });

  it("A start right after the kill waits for the old server by itself", async () => {
    await startElsewhere();
    if (child) await killHard(child);
    await startsAgain();
  });

  it("The next start ends a server that lost its starter and its keeper", async function () {
    if (process.platform !== "linux") this.skip();
    await startElsewhere();
    const [server, keeper] = [await serverPid(dataDir), await keeperPid(dataDir)];
    // Stops the keeper first, so that it can't see the end of the starter before the test kills it.
    process.kill(keeper, "SIGSTOP");
    if (child) await killHard(child);
    process.kill(keeper, "SIGKILL");
    expect(await waitUntil(async () => !(await isRunning(keeper)), 2_000)).to.equal(true);
    expect(await isRunning(server), "the server is left alone").to.equal(true);
    await startsAgain();
    expect(await isRunning(server)).to.equal(false);
  });

  it("The server of a killed keeper ends, and its starter sees that", async function () {
    if (process.platform !== "linux") this.skip();
    const database = await startEmbeddedPostgres({ dataDir, settings: { fsync: "off" } });
    const server = await serverPid(dataDir);
    process.kill(await keeperPid(dataDir), "SIGKILL");
    await database.exited;
    expect(await isRunning(server)).to.equal(false);
    await database.stop();
    await startsAgain();
  });

  it("The next start recovers the data of a killed server", async () => {
    const database = await startEmbeddedPostgres({ dataDir, settings: { fsync: "off" } });
    await query(database.url, "UPDATE rooms SET id = 8");
    process.kill(await serverPid(dataDir), "SIGKILL");
    await database.exited;
    expect(await startsAgain("SELECT id FROM rooms")).to.deep.equal([{ id: 8 }]);
  });

  it("Ctrl-C at the terminal signals the starter only, not the server or its keeper", async function () {
    if (process.platform !== "linux") this.skip();
    await startElsewhere();
    const groups = await Promise.all(
      [child?.pid ?? 0, await serverPid(dataDir), await keeperPid(dataDir)].map(processGroup),
    );
    expect(groups[0]).to.not.be.oneOf(groups.slice(1));
  });
});

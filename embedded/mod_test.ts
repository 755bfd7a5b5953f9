import { expect } from "chai";
import { createServer } from "node:net";
import { readFile, stat, symlink, truncate, unlink, writeFile } from "node:fs/promises";
import path from "node:path";

import { makeDataDir, query, removeDataDir, serverPid, spawnStarter, killHard } from "./testing/server_tools.ts";
import { runningServerUrl } from "./running_server.ts";
import { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from "./mod.ts";

describe("The embedded PostgreSQL", function () {
  this.timeout(60_000);
  let dataDir: string;
  let running: EmbeddedPostgres[] = [];

  async function start(more: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
    const database = await startEmbeddedPostgres({ dataDir, settings: { fsync: "off" }, ...more });
    running.push(database);
    return database;
  }

  async function refusal(attempt: Promise<unknown>): Promise<string> {
    return attempt.then(
      () => "was not refused",
      (error: Error) => error.message,
    );
  }

  before(async () => {
    dataDir = await makeDataDir();
  });
  afterEach(async () => {
    for (const database of running) await database.stop();
    running = [];
  });
  after(() => removeDataDir(dataDir));

  it("A first start answers queries in UTF-8 as the superuser keyrack", async () => {
    const database = await start();
    expect(database.url).to.match(/^postgres:\/\/keyrack:[\w-]{20,}@127\.0\.0\.1:\d+\/keyrack$/);
    const [row] = await query(
      database.url,
      `SELECT current_user AS name, current_setting('is_superuser') AS superuser, lower('ÉÖ') AS lower,
         current_setting('server_encoding') AS encoding, current_setting('max_connections')::int AS connections,
         current_setting('TimeZone') AS zone`,
    );
    expect(row).to.deep.equal({
      name: "keyrack",
      superuser: "on",
      lower: "éö",
      encoding: "UTF8",
      connections: 200,
      zone: "UTC",
    });
    await query(database.url, "CREATE TABLE rooms AS SELECT 7 AS id");
  });

  it("A second start finds the data of the first", async () => {
    const database = await start();
    expect(await query(database.url, "SELECT id FROM rooms")).to.deep.equal([{ id: 7 }]);
  });

  it("A tool finds the server's address while the server runs, and not after", async () => {
    const { port } = await start();
    expect(await runningServerUrl(dataDir)).to.equal(`postgres://127.0.0.1:${port}/keyrack`);
    for (const database of running.splice(0)) await database.stop();
    expect(await runningServerUrl(dataDir)).to.equal(undefined);
  });

  it("A commit waits for the disk unless a setting switches that off", async () => {
    const database = await startEmbeddedPostgres({ dataDir });
    running.push(database);
    expect(await query(database.url, "SHOW fsync")).to.deep.equal([{ fsync: "on" }]);
  });

  it("The options set the name of the database and the server's settings", async () => {
    const database = await start({ database: 'Hotel "1" ü', settings: { fsync: "off", work_mem: "5MB" } });
    const rows = await query(database.url, `SELECT current_database() AS name, current_setting('work_mem') AS memory`);
    expect(rows).to.deep.equal([{ name: 'Hotel "1" ü', memory: "5MB" }]);
    expect(await refusal(start({ database: "a/b" }))).to.match(/a meaning in a URL/);
  });

  it("A connection with a wrong password is refused", async () => {
    const database = await start();
    expect(await refusal(query(database.url.replace(/:[\w-]+@/, ":wrong@"), "SELECT 1"))).to.match(
      /password authentication failed/,
    );
    expect((await stat(path.join(dataDir, "postgres/keyrack_password"))).mode & 0o777).to.equal(0o600);
  });

  it("A second start on the same folder is refused while the first runs, and the first goes on", async () => {
    const first = await start();
    expect(await refusal(start())).to.match(/in use by another Keyrack \(this process\).*DATA_DIR.*DATABASE_URL/);
    const { child, firstLine } = spawnStarter(dataDir);
    expect(await firstLine).to.contain(`in use by another Keyrack (process ${process.pid})`);
    await killHard(child);
    expect(await query(first.url, "SELECT 1 AS one")).to.deep.equal([{ one: 1 }]);
  });

  it("Exactly one of five starts at the same moment succeeds", async () => {
    const results = await Promise.allSettled([start(), start(), start(), start(), start()]);
    expect(results.filter((result) => result.status === "fulfilled")).to.have.length(1);
  });

  it("Several calls of stop end the server once", async () => {
    const database = await start();
    let hasExited = false;
    void database.exited.then(() => (hasExited = true));
    await Promise.all([database.stop(), database.stop()]);
    await database.stop();
    expect(await refusal(query(database.url, "SELECT 1"))).to.match(/ECONNREFUSED/);
    expect(hasExited, "exited does not resolve after stop()").to.equal(false);
  });

  it("The starter sees a server that ends by itself, and can start it again", async () => {
    const database = await start();
    process.kill(await serverPid(dataDir), "SIGINT");
    await database.exited;
    await database.stop();
    await start();
  });

  it("The error names a fixed port that another program uses", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const address = other.address();
    const port = address && typeof address === "object" ? address.port : 0;
    try {
      expect(await refusal(start({ port }))).to.match(new RegExp(`uses port ${port}\\.[^]*Address already in use`));
    } finally {
      other.close();
    }
    expect((await start({ port })).port).to.equal(port);
  });

  it("The error about a wrong setting contains PostgreSQL's own message", async () => {
    expect(await refusal(start({ settings: { max_connections: "many" } }))).to.match(
      /did not start[^]*invalid value for parameter "max_connections"/,
    );
    const lines: string[] = [];
    expect(await refusal(start({ settings: { shared_buffers: "-3" }, onLog: (line) => lines.push(line) }))).to.match(
      /"shared_buffers"/,
    );
    expect(lines.join("\n")).to.match(/"shared_buffers"/);
  });

  it("The server logs to a file of limited size, or to a function", async () => {
    const file = path.join(dataDir, "postgres.log");
    await truncate(file, 9_000_000);
    await (await start()).stop();
    expect((await stat(file)).size).to.be.lessThan(10_000);
    expect(await readFile(file, "utf8")).to.match(/ready to accept connections/);
    const lines: string[] = [];
    await (await start({ onLog: (line) => lines.push(line) })).stop();
    expect(lines.join("\n")).to.match(/ready to accept connections[^]*database system is shut down/);
  });

  it("A start replaces a pid file whose number now belongs to another program", async () => {
    await writeFile(path.join(dataDir, "postgres/postmaster.pid"), `${process.pid}\n${dataDir}/postgres\n`);
    await start();
  });

  it("A link to a database that is gone stops the start", async () => {
    const other = await makeDataDir();
    await symlink(path.join(other, "gone"), path.join(other, "postgres"));
    expect(await refusal(start({ dataDir: other }))).to.match(/points to a database that is gone/);
    await unlink(path.join(other, "postgres"));
    await removeDataDir(other);
  });
});

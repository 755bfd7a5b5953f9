import { expect } from "chai";
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";

import { isServedHere } from "./background.ts";
import { openPool } from "./db/pool.ts";
import { createTestDatabase, type TestDatabase } from "./testing/postgres.ts";

/** What a background process does, and then says: its own nice value, and its database process's. */
const program = (url: string) => `
  import os from "node:os";
  import { giveWay } from "./background.ts";
  import { openPool } from "./db/pool.ts";
  import { createLogger } from "./log.ts";
  const knex = openPool({ url: ${JSON.stringify(url)}, max: 1, name: "background test" });
  // The pool has its one connection already.
  const { rows } = await knex.raw("SELECT pg_backend_pid() AS pid");
  giveWay(knex, createLogger("silent"));
  await knex.raw("SELECT 1");
  process.stdout.write(os.getPriority() + " " + os.getPriority(rows[0].pid));
  await knex.destroy();
`;

describe("a background process", () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());

  it("gives way, and so does the database's process that works for it, where it runs here", async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "-e", program(database.url)],
      { cwd: path.join(import.meta.dirname) },
    );
    expect(stdout).to.equal(process.platform === "linux" ? "19 19" : "19 0");
  });

  it("takes no other process for the database's", async function () {
    if (process.platform !== "linux") this.skip();
    const knex = openPool({ url: database.url, max: 1, name: "background test" });
    try {
      const { rows } = (await knex.raw("SELECT pg_backend_pid() AS pid, inet_client_port() AS port")) as {
        rows: [{ pid: number; port: number }];
      };
      const [{ pid: processID, port }] = rows;
      const served = (pid: number | null, localPort: number) =>
        isServedHere({ processID: pid, connection: { stream: { localPort } } });
      expect(served(processID, port)).to.equal(true);
      expect(served(processID, port + 1), "another's connection").to.equal(false);
      expect(served(process.pid, port), "a process that is not PostgreSQL's").to.equal(false);
      expect(served(null, port)).to.equal(false);
      expect(isServedHere({ processID, connection: { stream: {} } }), "over a socket without a port").to.equal(false);
    } finally {
      await knex.destroy();
    }
  });
});

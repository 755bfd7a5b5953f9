/** Runs the migrations with Knex's own command line, as a developer who knows Knex expects. */
import { expect } from "chai";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { openPool } from "./db/pool.ts";
import { processVariables } from "./config/env.ts";
import { createEmptyDatabase, createTestDatabase, type TestDatabase, testSecret } from "../testing/postgres.ts";

const run = promisify(execFile);
const root = path.join(import.meta.dirname, "..");

/** Returns the grants of every table, and of every column with its own grants. */
async function grantsOf(database: TestDatabase): Promise<string[]> {
  const owner = openPool({ url: database.url, max: 1, name: "test knexfile" });
  try {
    const { rows } = await owner.raw<{ rows: { line: string }[] }>(`
      SELECT format('%s.%s %s %s', n.nspname, c.relname, a.attname, coalesce(a.attacl, c.relacl)) AS line
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attacl IS NOT NULL
      WHERE n.nspname IN ('core', 'identity', 'pms', 'billing', 'reporting', 'bullmq') ORDER BY 1`);
    return rows.map(({ line }) => line);
  } finally {
    await owner.destroy();
  }
}

describe("Knex's command line with knexfile.ts", function () {
  this.timeout(240_000);
  let database: TestDatabase;
  let folder: string;
  before(async () => {
    database = await createEmptyDatabase();
    folder = await mkdtemp(path.join(os.tmpdir(), "keyrack-knexfile-"));
  });
  after(async () => {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const knex = async (command: string): Promise<string> => {
    const variables = { DATABASE_URL: database.url, SECRET_KEY: testSecret, DATA_DIR: folder };
    const env = { ...processVariables(), ...variables };
    const { stdout } = await run("npx", ["knex", "--knexfile", "knexfile.ts", command], { cwd: root, env });
    return stdout;
  };

  it("`knex migrate:latest` gives an empty database the same grants as `npm run migrate`", async () => {
    expect(await knex("migrate:list")).to.match(/Found \d+ Pending Migration/);
    expect(await knex("migrate:latest")).to.match(/Batch 1 run: \d+ migrations/);
    const migrated = await createTestDatabase();
    try {
      expect(await grantsOf(database)).to.deep.equal(await grantsOf(migrated));
    } finally {
      await migrated.drop();
    }
    expect(await knex("migrate:list")).to.match(/core\/0001_core\.ts[^]*pms\/0001_\w+\.ts[^]*No Pending Migration/);
  });

  it("`knex seed:run` makes the demo hotel once, and prints its login", async () => {
    // The log can have lines with other times.
    const loginOf = (text: string): string | undefined => /^Log in as \S+ with the password \S+$/m.exec(text)?.[0];
    const first = loginOf(await knex("seed:run"));
    expect(first).to.be.a("string");
    expect(loginOf(await knex("seed:run"))).to.equal(first);
  });
});

import { expect } from "chai";
import type { Knex } from "knex";

import { processVariables } from "../../config/env.ts";
import { migrateDatabase } from "../../migrate_database.ts";
import { createTestDatabase, type TestDatabase, testSecret } from "../../../testing/postgres.ts";
import { openPool } from "../pool.ts";

describe("The ledger of migrations", function () {
  this.timeout(120_000);
  let database: TestDatabase;
  let owner: Knex;
  before(async () => {
    database = await createTestDatabase();
    owner = openPool({ url: database.url, max: 2, name: "test migrate" });
  });
  after(async () => {
    await owner.destroy();
    await database.drop();
  });

  const migrateAgain = () =>
    migrateDatabase({
      ...processVariables(),
      DATABASE_URL: database.url,
      SECRET_KEY: testSecret,
      LOG_LEVEL: "silent",
    });
  const ledger = () => owner("core.migrations").orderBy("name").pluck<string[]>("name");

  it("It takes over the ledgers of the plugins, and no migration is applied twice", async () => {
    const names = await ledger();
    expect(names).to.include.members(["core/0001_core.ts", "pms/0001_rooms_and_bookings.ts"]);
    for (const id of ["identity", "billing", "pms", "reporting"]) {
      await owner.raw(`
        CREATE TABLE ${id}.migrations (LIKE core.migrations INCLUDING ALL);
        CREATE TABLE ${id}.migrations_lock (LIKE core.migrations_lock INCLUDING ALL);
        INSERT INTO ${id}.migrations SELECT * FROM core.migrations WHERE starts_with(name, '${id}/');
        DELETE FROM core.migrations WHERE starts_with(name, '${id}/');
      `);
    }
    await migrateAgain();
    expect(await ledger()).to.deep.equal(names);
    const { rows } = await owner.raw<{ rows: unknown[] }>(
      "SELECT 1 FROM pg_tables WHERE tablename LIKE 'migrations%' AND schemaname <> 'core'",
    );
    expect(rows).to.deep.equal([]);
  });

  it("It refuses a database with migrations of a newer version", async () => {
    const newer = { name: "pms/9999_of_tomorrow.ts", batch: 99, migration_time: new Date() };
    await owner("core.migrations").insert(newer);
    const refusal = await migrateAgain().catch((error: unknown) => (error as Error).message);
    expect(refusal).to.include("pms/9999_of_tomorrow.ts").and.to.include("or a newer one");
    await owner("core.migrations").where({ name: newer.name }).delete();
    await migrateAgain();
  });

  it("It keeps the rows of a removed plugin", async () => {
    await owner("core.migrations").insert({ name: "spa/0001_pools.ts", batch: 99, migration_time: new Date() });
    await migrateAgain();
    expect(await ledger()).to.include("spa/0001_pools.ts");
  });
});

import { expect } from "chai";
import { randomUUID } from "node:crypto";
import type { Knex } from "knex";

import { createTestDatabase, type TestDatabase, testSecret } from "../../testing/postgres.ts";
import { databaseFor, type Trx } from "./database.ts";
import { openPool } from "./pool.ts";
import { query, queryOne } from "./query.ts";
import { loginRole, urlAs } from "./role_names.ts";

describe("a query with typed rows", () => {
  let database: TestDatabase;
  let pool: Knex;
  before(async () => {
    database = await createTestDatabase();
    pool = openPool({ url: urlAs(database.url, loginRole, testSecret), max: 1, name: "query test" });
  });
  after(async () => {
    await pool?.destroy();
    await database?.drop();
  });

  const inTransaction = <T>(work: (trx: Trx) => Promise<T>): Promise<T> =>
    databaseFor(pool, "pms", false).tenant(randomUUID(), work);
  const sql = "SELECT n FROM generate_series(1, ?::int) AS n";

  it("Returns all rows, and an empty list for none", async () => {
    const read = (most: number) => inTransaction((trx) => query<{ n: number }>(trx, sql, [most]));
    expect(await read(2)).to.deep.equal([{ n: 1 }, { n: 2 }]);
    expect(await read(0)).to.deep.equal([]);
  });

  it("Takes bindings by name", async () => {
    const rows = await inTransaction((trx) => query(trx, "SELECT :a::int - :b::int AS n", { b: 2, a: 7 }));
    expect(rows).to.deep.equal([{ n: 5 }]);
  });

  it("One row is returned by queryOne, also if its only value is NULL", async () => {
    expect(await inTransaction((trx) => queryOne(trx, "SELECT NULL AS n"))).to.deep.equal({ n: null });
  });

  it("No row is an error of queryOne", async () => {
    const error = await inTransaction((trx) => queryOne(trx, sql, [0])).catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(Error).with.property("message", "The statement must answer with a row.");
  });
});

import { expect } from "chai";
import { randomUUID } from "node:crypto";
import type { Knex } from "knex";

import { createTestDatabase, type TestDatabase, testSecret } from "../../testing/postgres.ts";
import { databaseFor, type Trx } from "./database.ts";
import { prepareNamed } from "./named_statement.ts";
import { openPool } from "./pool.ts";
import { loginRole, urlAs } from "./role_names.ts";

describe("a statement with named parameters", () => {
  let database: TestDatabase;
  let pool: Knex;
  before(async () => {
    database = await createTestDatabase();
    pool = openPool({ url: urlAs(database.url, loginRole, testSecret), max: 1, name: "named statement test" });
  });
  after(async () => {
    await pool?.destroy();
    await database?.drop();
  });

  const inTransaction = <T>(work: (trx: Trx) => Promise<T>): Promise<T> =>
    databaseFor(pool, "pms", false).tenant(randomUUID(), work);

  it("Numbers each name once, and leaves casts as they are", () => {
    const statement = prepareNamed("test_text", "SELECT :from::date, :to::date - :from::date WHERE a = :a_1");
    expect(statement.text).to.equal("SELECT $1::date, $2::date - $1::date WHERE a = $3");
    expect(statement.order({ a_1: "c", to: "b", from: "a" })).to.deep.equal(["a", "b", "c"]);
  });

  it("Runs with the value of each name, in any order of the values", async () => {
    const statement = prepareNamed<{ difference: number }>("test_run", "SELECT :more::int - :less::int AS difference");
    expect(await inTransaction((trx) => statement.run(trx, { more: 7, less: 2 }))).to.deep.equal([{ difference: 5 }]);
    expect(await inTransaction((trx) => statement.run(trx, { less: 7, more: 2 }))).to.deep.equal([{ difference: -5 }]);
  });

  it("Refuses values that are not exactly those of its parameters", async () => {
    const statement = prepareNamed("test_names", "SELECT :a, :b");
    await inTransaction(async (trx) => {
      expect(() => statement.run(trx, { a: 1, c: 2 })).to.throw("Missing: b. Unknown: c.");
      expect(() => statement.run(trx, { a: 1 })).to.throw("Missing: b. Unknown: none.");
    });
  });
});

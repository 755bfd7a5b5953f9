import { expect } from "chai";
import { once } from "node:events";
import type { Knex } from "knex";
import { buffer } from "node:stream/consumers";

import { createTestDatabase, type TestDatabase } from "../../testing/postgres.ts";
import { copyOut } from "./copy.ts";
import { runTransaction, sqlStateOf, type Trx } from "./database.ts";
import { openPool } from "./pool.ts";

const tenantId = "0199f3a0-7c1e-7b2a-9c53-2f4a6c8e0b1d";

describe("A COPY of rows", () => {
  let database: TestDatabase;
  let knex: Knex;
  before(async () => {
    database = await createTestDatabase();
    // With one connection, the next transaction shows if it was broken or kept.
    knex = openPool({ url: database.url, max: 1, name: "copy test" });
    await knex.raw("INSERT INTO core.rate_limits (key) VALUES ('seen')");
  });
  after(async () => {
    await knex.destroy();
    await database.drop();
  });

  const inUnit = <T>(work: (trx: Trx) => Promise<T>) => runTransaction(knex, { role: "keyrack_core", tenantId }, work);
  const csvOf = (sql: string, values: readonly string[] = []): Promise<string> =>
    inUnit(async (trx) => (await buffer(await copyOut(trx, trx.raw(sql, values)))).toString());

  it("Rows are written as CSV under the role and the tenant of the transaction", async () => {
    expect(await csvOf("SELECT current_user AS who, core.tenant_id() AS tenant, NULL AS none, '' AS empty")).to.equal(
      `who,tenant,none,empty\nkeyrack_core,${tenantId},,""\n`,
    );
    const denied = await csvOf("SELECT * FROM core.migrations").catch((error: unknown) => error);
    expect(sqlStateOf(denied)).to.equal("42501");
    expect(await csvOf("SELECT key FROM core.rate_limits")).to.equal("key\nseen\n");
  });

  it("Any string can be a value, and no part of it is run", async () => {
    const values = ["it's", "'; DROP TABLE core.rate_limits; --", "\\'; x", "$1 $2 ?", "E'\\x41'", "🛎️", ""];
    const csv = await csvOf(
      `SELECT ${values.map(() => "length(?)::text || ?").join(" || '|' || ")} AS text`,
      values.flatMap((value) => [value, value]),
    );
    const expected = values.map((value) => `${Array.from(value).length}${value}`).join("|");
    expect(csv).to.equal(`text\n${expected}\n`);
    expect(await csvOf("SELECT count(*) FROM core.rate_limits")).to.equal("count\n1\n");
  });

  it("A value that is not a string is refused", async () => {
    const error = await inUnit((trx) => copyOut(trx, trx.raw("SELECT ?", [1]))).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(TypeError);
  });

  it("A COPY that PostgreSQL refuses in the middle fails with its error and keeps its connection", async () => {
    const pidOf = (): Promise<string> => csvOf("SELECT pg_backend_pid() AS pid");
    const pid = await pidOf();
    for (const ms of [0, 300]) {
      const sql = `SELECT 1 / (1 - i) FROM (SELECT pg_sleep(${ms / 1000}), 1 AS i OFFSET 0) AS late`;
      const error = await csvOf(sql).catch((thrown: unknown) => thrown);
      expect(sqlStateOf(error)).to.equal("22012");
      expect(await pidOf()).to.equal(pid);
    }
  });

  it("Days are written the same way under any date order of the database", async () => {
    await inUnit((trx) => trx.raw("SELECT 1"));
    await knex.raw("SET DateStyle = 'German'");
    expect(await csvOf("SELECT date '2026-12-24' AS day")).to.equal("day\n2026-12-24\n");
    await knex.raw("RESET DateStyle");
  });

  it("The COPY ends at once if its reader stops in the middle", async () => {
    const started = performance.now();
    const error = await inUnit(async (trx) => {
      const stream = await copyOut(trx, trx.raw("SELECT repeat('x', 500) FROM generate_series(1, 5000000)"));
      let bytes = 0;
      for await (const chunk of stream) {
        bytes += (chunk as Buffer).length;
        if (bytes > 1_000_000) throw new Error("enough");
      }
    }).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(Error);
    expect(await csvOf("SELECT 1 AS one")).to.equal("one\n1\n");
    // All rows are 2.5 GB and would take far longer.
    expect(performance.now() - started).to.be.lessThan(5000);
  });

  it("The pool lends no connection that an interrupted COPY has closed", async () => {
    for (let round = 0; round < 10; round += 1) {
      await inUnit(async (trx) => {
        const stream = await copyOut(trx, trx.raw("SELECT repeat('x', 500) FROM generate_series(1, 100000)"));
        await once(stream, "readable");
        const closed = once(stream, "close");
        stream.destroy();
        await closed;
        throw new Error("gone");
      }).catch(() => undefined);
      expect(await csvOf("SELECT 1 AS one")).to.equal("one\n1\n");
    }
  });
});

/** Limits of the time that a request waits for the database. */
import { expect } from "chai";
import type { Knex } from "knex";
import { once } from "node:events";
import { createServer, type Server, Socket } from "node:net";
import { text } from "node:stream/consumers";

import { startTcpProxy, type TcpProxy } from "../../testing/network/tcp_proxy.ts";
import { answerProblem } from "../http/problem_response.ts";
import { newId } from "../values/ids.ts";
import { createLogger } from "../process/log.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/postgres.ts";
import { copyOut } from "./copy.ts";
import { isOutage, isTimeout, runTransaction, type Trx } from "./database.ts";
import { openPool } from "./pool.ts";

const role = "keyrack_core";
const outcomeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("the time limits of the database", () => {
  let database: TestDatabase;
  let proxy: TcpProxy;
  const pools: Knex[] = [];
  before(async () => {
    database = await createTestDatabase();
    proxy = await startTcpProxy(Number(new URL(database.url).port));
  });
  after(async () => {
    for (const pool of pools) await pool.destroy();
    await proxy.close();
    await database.drop();
  });

  function poolOf(options: Partial<Parameters<typeof openPool>[0]>): Knex {
    const pool = openPool({ url: database.url, max: 1, name: "limits test", ...options });
    pools.push(pool);
    return pool;
  }
  const inUnit = <T>(pool: Knex, work: (trx: Trx) => PromiseLike<T>): Promise<T> =>
    runTransaction(pool, { role }, work);
  const select1 = async (pool: Knex): Promise<unknown> =>
    ((await inUnit(pool, (trx) => trx.raw("SELECT 1 AS one"))) as { rows: unknown[] }).rows;

  it("A statement that takes longer than the pool allows is ended, and answered with 503 and Retry-After", async () => {
    const pool = poolOf({ statementMs: 300 });
    const error = await outcomeOf(inUnit(pool, (trx) => trx.raw("SELECT pg_sleep(60)")));
    expect(isTimeout(error)).to.equal(true);
    const headers = new Map<string, string>();
    const ctx = {
      status: 0,
      type: "",
      body: "",
      remove: () => undefined,
      set: (name: string, value?: string) => void (typeof name === "string" && headers.set(name, value ?? "")),
      res: { hasHeader: () => false },
    };
    answerProblem(ctx as never, error, "limits-test", createLogger("silent"));
    expect([ctx.status, headers.get("Retry-After")]).to.deep.equal([503, "1"]);
    expect(await select1(pool)).to.deep.equal([{ one: 1 }]);
  });

  it("A COPY may take longer, for its reader may be slow", async () => {
    const pool = poolOf({ statementMs: 300 });
    const csv = await inUnit(pool, async (trx) => text(await copyOut(trx, trx.raw("SELECT 'read' FROM pg_sleep(1)"))));
    expect(csv).to.contain("read");
    const limit = (await inUnit(pool, (trx) => trx.raw("SHOW statement_timeout"))) as { rows: unknown[] };
    expect(limit.rows, "for the next transaction").to.deep.equal([{ statement_timeout: "300ms" }]);
  });

  it("Statements to a host that vanished fail as an outage, and the pool connects again", async () => {
    const url = new URL(database.url);
    url.port = String(proxy.port);
    const pool = poolOf({ url: url.href, statementMs: 400 });
    const silence = async (trx: Trx): Promise<void> => {
      await trx.raw("SELECT 1");
      proxy.silenceOpenConnections();
    };
    for (const [when, work] of [
      ["in a statement", async (trx: Trx) => (await silence(trx), await trx.raw("SELECT 2"))],
      ["at COMMIT", silence],
      [
        "at ROLLBACK",
        async (trx: Trx) => {
          await silence(trx);
          throw new Error("Connection terminated by the test");
        },
      ],
    ] as const) {
      expect(isOutage(await outcomeOf(inUnit<unknown>(pool, work))), when).to.equal(true);
      expect(await select1(pool), when).to.deep.equal([{ one: 1 }]);
    }
    // The next transaction finds a connection that has become silent between two uses.
    proxy.silenceOpenConnections();
    expect(isOutage(await outcomeOf(select1(pool)))).to.equal(true);
    expect(await select1(pool)).to.deep.equal([{ one: 1 }]);
  });

  it("A tenant's transaction is not behind forty of another tenant, and a long wait is refused", async () => {
    const [one, other] = [newId(), newId()];
    const pool = poolOf({ max: 5, waitMs: 30_000 });
    const ended: string[] = [];
    const nap = (on: Knex, tenantId: string, until?: Promise<void>): Promise<number> =>
      runTransaction(on, { role, tenantId }, async (trx) => {
        await trx.raw("SELECT pg_sleep(0.05)");
        await until;
        return ended.push(tenantId);
      });
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const many = Array.from({ length: 40 }, () => nap(pool, one, held));
    try {
      expect(await nap(pool, other)).to.be.at.most(10);
    } finally {
      letGo();
    }
    await Promise.all(many);
    const busy = poolOf({ max: 1, waitMs: 100 });
    const refusal = await inUnit(busy, () => outcomeOf(nap(busy, one)));
    expect(refusal).to.include({ code: "SERVICE_UNAVAILABLE", status: 503 });
  });

  it("A transaction may be idle for longer than a statement may take", async () => {
    const pool = poolOf({ statementMs: 300 });
    const seen = await inUnit(pool, async (trx) => {
      await trx.raw("SELECT 1");
      await new Promise((resolve) => setTimeout(resolve, 1200));
      return trx.raw("SELECT 1 AS one");
    });
    expect(seen.rows).to.deep.equal([{ one: 1 }]);
  });

  it("A server that takes a connection and never answers is an outage after the time limit", async () => {
    const silent: Server = createServer(() => undefined);
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const address = silent.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const pool = poolOf({ url: `postgres://keyrack:x@127.0.0.1:${port}/keyrack`, connectMs: 300 });
    const error = await outcomeOf(select1(pool));
    expect(isOutage(error), String(error)).to.equal(true);
    silent.close();
  });

  it("Every connection asks the kernel for probes of the other side after 10 s", async () => {
    const asked: unknown[][] = [];
    const original = Socket.prototype.setKeepAlive as (this: Socket, ...args: unknown[]) => Socket;
    Socket.prototype.setKeepAlive = function (this: Socket, ...args) {
      asked.push(args);
      return original.apply(this, args);
    };
    try {
      await select1(poolOf({}));
    } finally {
      Socket.prototype.setKeepAlive = original;
    }
    expect(asked).to.deep.equal([[true, 10_000]]);
  });
});

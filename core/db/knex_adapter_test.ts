/** Knex's private parts that `knex_adapter.ts` uses. After an update of Knex, read `makeTxClient` and change both. */
import { expect } from "chai";
import knexModule from "knex";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

import { clientFields, lazyTrx } from "./knex_adapter.ts";

const folder = path.dirname(createRequire(import.meta.url).resolve("knex/package.json"));
const read = (file: string): string => readFileSync(path.join(folder, file), "utf8");

describe("The adapter to Knex's private parts", () => {
  it("Is written for Knex 3.3, and package.json accepts no other minor version", () => {
    const { version } = JSON.parse(read("package.json")) as { version: string };
    expect(version).to.match(/^3\.3\./);
    const own = JSON.parse(readFileSync(path.join(import.meta.dirname, "../../package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    expect(own.dependencies["knex"]).to.match(/^~?3\.3(\.\d+)?$/);
  });

  it("Copies the fields that Knex's own transaction copies", () => {
    const source = /function makeTxClient[\s\S]*?\n}\n/.exec(read("lib/execution/transaction.js"))?.[0] ?? "";
    const copied = [...source.matchAll(/trxClient\.(\w+) = client\.(\w+);/g)].map(([, to, from]) => {
      expect(to).to.equal(from);
      return to;
    });
    expect(copied).to.have.members(clientFields);
  });

  it("Sends a query over the connection of the transaction, and makes Knex's object only then", async () => {
    const pool = knexModule.knex({ client: "pg" });
    const sent: unknown[] = [];
    let queries = 0;
    const connection = {
      query: (statement: { text: string }, done: (error: null, answer: object) => void) => {
        sent.push(statement.text);
        done(null, { command: "SELECT", rows: [{ one: 1 }], rowCount: 1 });
      },
    };
    try {
      const trx = lazyTrx(pool.client as import("knex").Knex.Client, {
        connection,
        query: (send) => {
          queries += 1;
          return send();
        },
        stream: (send) => send(),
      });
      expect(await trx.select("one").from("numbers")).to.deep.equal([{ one: 1 }]);
      expect([sent, queries]).to.deep.equal([['select "one" from "numbers"'], 1]);
      expect(trx.isTransaction).to.equal(true);
    } finally {
      await pool.destroy();
    }
  });
});

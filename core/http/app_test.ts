/** Tests the application with faulty routes, as if the boot's checks had missed them. */
import { expect } from "chai";
import * as z from "zod";

import { type ServedRoutes, serveRoutes } from "../../testing/app.ts";
import type { TestClient } from "../../testing/client.ts";
import { type Route, route } from "./route.ts";

describe("the application", () => {
  let server: ServedRoutes | undefined;
  let opened = 0;
  afterEach(() => server?.close());

  /** Serves routes with a database that counts the attempts to open a transaction and opens none. */
  async function serve(routes: readonly Route[]): Promise<TestClient> {
    opened = 0;
    const knex = new Proxy(
      {},
      {
        get: () => {
          opened += 1;
          throw new Error("There is no database here.");
        },
      },
    );
    server = await serveRoutes(routes, { knex: knex as never });
    return server.client;
  }

  let called = 0;
  const say = (path: string, more: object = {}): Route =>
    route({
      id: path.replaceAll(/\W/g, "_"),
      method: "GET",
      path,
      summary: "",
      access: "public",
      transaction: "none",
      status: 200,
      result: z.unknown(),
      handler: () => {
        called += 1;
        return Promise.resolve({ body: path });
      },
      ...more,
    });

  it("The core answers its own paths, whatever a plugin declares", async () => {
    const own = ["/health/live", "/health/ready", "/metrics", "/openapi.json", "/docs", "/docs/start.js"];
    const client = await serve([...own.map((path) => say(path)), say("/{x}"), say("/{x}/{y}")]);
    called = 0;
    for (const path of own) expect((await client.get(path)).status, path).to.equal(200);
    expect(called).to.equal(0);
    expect((await client.get("/notes")).body).to.equal("/{x}");
  });

  it("The narrower route answers first, in any order of declaration", async () => {
    const paths = ["/notes/{x}", "/notes/new", "/notes/{x}/{y}", "/notes/new/{y}", "/notes/{x}/last"];
    for (const declared of [paths, [...paths].reverse()]) {
      const client = await serve(declared.map((path) => say(path)));
      for (const [address, path] of [
        ["/notes/new", "/notes/new"],
        ["/notes/new/", "/notes/new"],
        ["/notes/7", "/notes/{x}"],
        ["/notes/new/7", "/notes/new/{y}"],
        ["/notes/7/last", "/notes/{x}/last"],
        ["/notes/7/7", "/notes/{x}/{y}"],
      ] as const)
        expect((await client.get(address)).body, address).to.equal(path);
      server?.close();
    }
  });

  it("The page of the API and its document are compressed once, not for each request", async () => {
    const client = await serve([say("/notes")]);
    for (const path of ["/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css", "/openapi.json"]) {
      const first = await client.get(path);
      expect(first.headers.get("content-encoding"), path).to.equal("gzip");
      const plain = await client.get(path, { headers: { "accept-encoding": "identity" } });
      expect([plain.headers.get("content-encoding"), plain.text === first.text], path).to.deep.equal([null, true]);
      // A cached answer has a length. An answer that is compressed while it is sent has none.
      expect(Number(first.headers.get("content-length")), path).to.be.within(1, plain.text.length / 2);
    }
  });

  it("An unknown kind of transaction runs no handler and opens no transaction", async () => {
    for (const transaction of ["tennant", "", undefined, null, "Platform"]) {
      const prepare = (): Promise<void> => {
        called += 1;
        return Promise.resolve();
      };
      const client = await serve([say("/notes", { transaction, prepare })]);
      called = 0;
      expect((await client.get("/notes")).status, String(transaction)).to.equal(500);
      expect([called, opened], String(transaction)).to.deep.equal([0, 0]);
      server?.close();
    }
    // A known kind tries to open a transaction, so the counter works.
    expect((await (await serve([say("/notes", { transaction: "crossTenant" })])).get("/notes")).status).to.equal(500);
    expect(opened).to.be.greaterThan(0);
  });
});

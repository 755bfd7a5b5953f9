import { expect } from "chai";
import { createServer, type IncomingMessage, type Server } from "node:http";

import { allowedHosts, guardedFetch } from "./net.ts";

describe("a plugin's fetch", () => {
  let server: Server;
  let other: Server;
  const seen: { method: string | undefined; authorization: string | undefined; body: string }[] = [];
  const hostOf = (of: Server): string => {
    const address = of.address();
    return typeof address === "object" && address !== null ? `127.0.0.1:${address.port}` : "";
  };
  const listen = (answer: (request: IncomingMessage) => { status: number; location?: string }): Promise<Server> =>
    new Promise((resolve) => {
      const listening = createServer((request, response) => {
        let body = "";
        request.on("data", (chunk: Buffer) => {
          body += chunk.toString();
        });
        request.on("end", () => {
          seen.push({ method: request.method, authorization: request.headers.authorization, body });
          const { status, location } = answer(request);
          response.writeHead(status, location === undefined ? {} : { location }).end("done");
        });
      }).listen(0, "127.0.0.1", () => resolve(listening));
    });
  before(async () => {
    other = await listen(() => ({ status: 200 }));
    server = await listen(({ url }) => {
      const [, status = "200", where = ""] = /^\/(\d+)\/?(.*)$/.exec(url ?? "") ?? [];
      return {
        status: Number(status),
        ...(where === "" ? {} : { location: where === "other" ? `http://${hostOf(other)}/` : `/${where}` }),
      };
    });
  });
  after(() => {
    server.close();
    other.close();
  });
  beforeEach(() => {
    seen.length = 0;
  });

  const denialOf = (call: Promise<unknown>): Promise<string> =>
    call.then(
      () => "",
      (error: Error) => error.message,
    );

  it("goes to the hosts of its manifest, and to no other", async () => {
    const call = guardedFetch("billing", [hostOf(server)]);
    expect((await call(`http://${hostOf(server)}/200`)).status).to.equal(200);
    expect(await denialOf(call("https://example.com/"))).to.equal(
      'The plugin billing may not call example.com. Remedy: permissions.net: ["example.com"] in plugins/billing/manifest.ts.',
    );
    // Another port of the same address is another host.
    expect(await denialOf(call(`http://${hostOf(other)}/`))).to.match(/may not call 127\.0\.0\.1/);
    expect(await denialOf(call("file:///etc/hostname"))).to.match(/may not call/);
  });

  it("does not follow a redirect to another host", async () => {
    const call = guardedFetch("billing", [hostOf(server)]);
    for (const status of [301, 302, 303, 307, 308]) {
      expect(await denialOf(call(`http://${hostOf(server)}/${status}/other`)), `${status}`).to.match(/may not call/);
    }
    expect(seen).to.have.length(5);
  });

  it("follows a redirect within its hosts, as a browser would", async () => {
    const call = guardedFetch("billing", [hostOf(server), hostOf(other)]);
    const post = { method: "POST", body: "paid", headers: { authorization: "Bearer key" } };
    await call(`http://${hostOf(server)}/303/200`, post);
    expect(seen[1]).to.deep.equal({ method: "GET", authorization: "Bearer key", body: "" });
    await call(`http://${hostOf(server)}/307/200`, post);
    expect(seen[3]).to.deep.equal({ method: "POST", authorization: "Bearer key", body: "paid" });
    await call(`http://${hostOf(server)}/302/other`, post);
    expect(seen[5], "credentials stay with their host").to.deep.equal({
      method: "GET",
      authorization: undefined,
      body: "",
    });
    expect(await denialOf(call(`http://${hostOf(server)}/302/302/302/302/200`))).to.equal("");
    expect(await denialOf(call(`http://${hostOf(server)}/302/302/302/302/302/302/302/200`))).to.match(/Redirected/);
  });

  it("takes a host from the variable that the manifest names", () => {
    const hosts = allowedHosts(["api.stripe.com", { env: "STRIPE_API_BASE" }], {
      STRIPE_API_BASE: "http://localhost:12111/v1",
    });
    expect(hosts).to.deep.equal(["api.stripe.com", "localhost:12111"]);
    expect(allowedHosts([{ env: "STRIPE_API_BASE" }], {})).to.deep.equal([]);
  });
});

import { expect } from "chai";
import { createServer, type IncomingMessage, type Server } from "node:http";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { readBlueprint } from "../boot.ts";
import { allowedOrigins, guardedFetch } from "./guarded_fetch.ts";
import { testSecret } from "../../testing/postgres.ts";
import { startSilentServer, withGarbageCollection } from "../../testing/network/silent_server.ts";

const { plugins, slices } = await readBlueprint({
  NODE_ENV: "test",
  SECRET_KEY: testSecret,
  STRIPE_WEBHOOK_SECRET: "whsec_0123456789abcdef",
  PLUGIN_PATH: path.join(import.meta.dirname, "..", "..", "examples", "plugins"),
});

describe("a plugin's fetch", () => {
  let server: Server;
  let other: Server;
  const seen: { method: string | undefined; authorization: string | undefined; body: string }[] = [];
  let lastHeaders: IncomingMessage["headers"] = {};
  const hostOf = (of: Server): string => {
    const address = of.address();
    return typeof address === "object" && address !== null ? `127.0.0.1:${address.port}` : "";
  };
  const originOf = (of: Server): string => `http://${hostOf(of)}`;
  const listen = (answer: (request: IncomingMessage) => { status: number; location?: string }): Promise<Server> =>
    new Promise((resolve) => {
      const listening = createServer((request, response) => {
        let body = "";
        request.on("data", (chunk: Buffer) => {
          body += chunk.toString();
        });
        request.on("end", () => {
          lastHeaders = request.headers;
          seen.push({ method: request.method, authorization: request.headers.authorization, body });
          const { status, location } = answer(request);
          response.writeHead(status, location === undefined ? {} : { location }).end("done");
        });
      }).listen(0, "127.0.0.1", () => resolve(listening));
    });
  let onAbort = (): void => undefined;
  before(async () => {
    other = await listen(() => ({ status: 200 }));
    server = await listen(({ url }) => {
      if (url === "/abort") onAbort();
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

  it("A plugin can call the hosts of its manifest, and no others", async () => {
    const call = guardedFetch("billing", [originOf(server)]);
    expect((await call(`${originOf(server)}/200`)).status).to.equal(200);
    expect(await denialOf(call("https://example.com/"))).to.equal(
      "The plugin billing has no permission to call example.com. " +
        'Remedy: add "example.com" to permissions.net in plugins/billing/manifest.ts.',
    );
    // Another port of the same address counts as another host.
    expect(await denialOf(call(`${originOf(other)}/`))).to.equal(
      `The plugin billing has no permission to call ${originOf(other)}. ` +
        "Remedy: add `{ env: NAME }` to permissions.net in plugins/billing/manifest.ts, " +
        "and set that variable to this URL.",
    );
  });

  it("A plugin can't call by another protocol", async () => {
    const call = guardedFetch("billing", [`https://${hostOf(server)}`, "null"]);
    expect(await denialOf(call(`${originOf(server)}/200`))).to.equal(
      `The plugin billing has no permission to call ${originOf(server)}, ` +
        `but https://${hostOf(server)}. Remedy: call that instead.`,
    );
    for (const url of ["file:///etc/hostname", "data:text/plain,hello", "blob:https://example.com/1"]) {
      expect(await denialOf(call(url)), url).to.match(
        /^The plugin billing has no permission to call a URL with (file|data|blob): Remedy: /,
      );
    }
    expect(seen).to.deep.equal([]);
  });

  it("A redirect to a host outside the manifest is not followed", async () => {
    const call = guardedFetch("billing", [originOf(server)]);
    for (const status of [301, 302, 303, 307, 308]) {
      expect(await denialOf(call(`${originOf(server)}/${status}/other`)), `${status}`).to.match(
        /no permission to call/,
      );
    }
    expect(seen).to.have.length(5);
  });

  it("A redirect between hosts of the manifest is followed as in a browser", async () => {
    const call = guardedFetch("billing", [originOf(server), originOf(other)]);
    const post = { method: "POST", body: "paid", headers: { authorization: "Bearer key" } };
    await call(`${originOf(server)}/303/200`, post);
    expect(seen[1]).to.deep.equal({ method: "GET", authorization: "Bearer key", body: "" });
    await call(`${originOf(server)}/307/200`, post);
    expect(seen[3]).to.deep.equal({ method: "POST", authorization: "Bearer key", body: "paid" });
    await call(`${originOf(server)}/302/other`, post);
    expect(seen[5], "Credentials must not go to another host.").to.deep.equal({
      method: "GET",
      authorization: undefined,
      body: "",
    });
    expect(await denialOf(call(`${originOf(server)}/302/302/302/302/200`))).to.equal("");
    expect(await denialOf(call(`${originOf(server)}/302/302/302/302/302/302/302/200`))).to.match(/Redirected/);
  });

  it("A redirect to another host of the manifest carries only harmless headers", async () => {
    const call = guardedFetch("billing", [originOf(server), originOf(other)]);
    const secret = ["authorization", "cookie", "x-api-key", "proxy-authorization", "stripe-account", "idempotency-key"];
    const headers = { accept: "text/csv", ...Object.fromEntries(secret.map((name) => [name, "hush-hush"])) };
    await call(`${originOf(server)}/307/200`, { headers });
    expect(lastHeaders, "within a host").to.include({ "x-api-key": "hush-hush", accept: "text/csv" });
    await call(`${originOf(server)}/307/other`, { headers });
    expect(lastHeaders).to.include({ host: hostOf(other), accept: "text/csv" });
    expect(lastHeaders).not.to.have.any.keys(...secret);
  });

  it("The redirect mode of a Request applies, and the mode in the options overrides it", async () => {
    const call = guardedFetch("billing", [originOf(server)]);
    const url = `${originOf(server)}/302/200`;
    expect((await call(new Request(url, { redirect: "manual" }))).status).to.equal(302);
    expect(await denialOf(call(new Request(url, { redirect: "error" })))).to.match(/Redirected/);
    expect((await call(new Request(url, { redirect: "error" }), { redirect: "follow" })).status).to.equal(200);
    expect((await call(url, { redirect: "manual" })).status).to.equal(302);
  });

  it("A signal aborts a call after a redirect too", async () => {
    const stop = new AbortController();
    const call = guardedFetch("billing", [originOf(server)]);
    const calling = call(`${originOf(server)}/302/abort`, { signal: stop.signal });
    onAbort = () => stop.abort();
    expect(await denialOf(calling)).to.match(/abort/);
  });

  for (const sends of ["nothing", "head"] as const) {
    it(`The signal ends a call during garbage collection, with a server that sends ${sends}`, async () => {
      const silent = await startSilentServer(sends);
      const call = guardedFetch("billing", [silent.origin]);
      /** Also leaves time for some collections before the signal. */
      const abortWhenBothArrived = async (stop: AbortController): Promise<void> => {
        for (let look = 0; look < 1_000 && silent.received() < 2; look += 1) await sleep(10);
        await sleep(200);
        stop.abort(new Error("The time limit is over."));
      };
      const read = async (method: string): Promise<string> => {
        const stop = new AbortController();
        void abortWhenBothArrived(stop);
        const body = method === "POST" ? { body: "{}" } : {};
        return (await call(silent.origin, { method, signal: stop.signal, ...body })).text();
      };
      const ended = (method: string): Promise<string> =>
        Promise.race([denialOf(read(method)), sleep(10_000).then(() => "never ended")]);
      try {
        const denials = await withGarbageCollection(() => Promise.all([ended("GET"), ended("POST")]));
        expect(denials).to.deep.equal(["The time limit is over.", "The time limit is over."]);
        expect(silent.received()).to.equal(2);
      } finally {
        await silent.close();
      }
    });
  }

  it("The manifest can name a variable whose URL has the origin", () => {
    const origins = allowedOrigins(["api.stripe.com", "api.example.com:8443", { env: "STRIPE_API_BASE" }], {
      STRIPE_API_BASE: "http://localhost:12111/v1",
    });
    expect(origins).to.deep.equal(["https://api.stripe.com", "https://api.example.com:8443", "http://localhost:12111"]);
    expect(allowedOrigins([{ env: "STRIPE_API_BASE" }], {})).to.deep.equal([]);
  });

  for (const { manifest } of plugins) {
    const { id, permissions } = manifest;
    const call = guardedFetch(id, allowedOrigins(permissions?.net, slices.get(id) ?? {}));
    const named = (permissions?.net ?? []).filter((entry) => typeof entry === "string");
    const others = plugins.flatMap((plugin) => plugin.manifest.permissions?.net ?? []);
    const foreign = [
      ...others,
      "elsewhere.example.com",
      ...named.flatMap((host) => [`${host}:8443`, `${host}.evil.com`]),
    ]
      .filter((entry) => typeof entry === "string")
      .filter((host) => !named.includes(host));

    it(`The plugin ${id} can't call a host that its manifest does not name`, async () => {
      for (const host of foreign) {
        expect(await denialOf(call(`https://${host}/`))).to.equal(
          `The plugin ${id} has no permission to call ${host}. ` +
            `Remedy: add "${host}" to permissions.net in plugins/${id}/manifest.ts.`,
        );
      }
      for (const host of named) expect(await denialOf(call(`http://${host}/`))).to.match(/, but https:\S+ Remedy: /);
    });
  }
});

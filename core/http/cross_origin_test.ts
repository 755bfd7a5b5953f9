import { expect } from "chai";
import * as z from "zod";

import { readCoreEnv } from "../config/env.ts";
import { serveRoutes, type ServedRoutes } from "../../testing/app.ts";
import { route } from "./route.ts";

const page = "https://app.example.com";

describe("web pages of other origins", () => {
  const routes = [
    route({
      id: "readNote",
      method: "GET",
      path: "/notes",
      summary: "",
      access: "public",
      transaction: "none",
      status: 200,
      result: z.unknown(),
      handler: () => Promise.resolve({ body: { note: "quiet" }, headers: { Vary: "Accept-Language" } }),
    }),
  ];
  const served: ServedRoutes[] = [];
  const clientOf = async (corsOrigins?: readonly string[]) => {
    const app = await serveRoutes(routes, corsOrigins === undefined ? {} : { corsOrigins });
    served.push(app);
    return app.client;
  };
  after(() => served.forEach((app) => app.close()));

  const preflight = { "access-control-request-method": "PATCH", "access-control-request-headers": "authorization" };
  const letIn = (answer: { readonly headers: Headers }) => answer.headers.get("access-control-allow-origin");

  it("No header admits a page if CORS_ORIGINS names no origin", async () => {
    const client = await clientOf();
    const answer = await client.get("/notes", { headers: { origin: page } });
    expect([answer.status, letIn(answer), answer.headers.get("vary")]).to.deep.equal([200, null, "Accept-Language"]);
    const asked = await client.call("OPTIONS", "/notes", undefined, { headers: { origin: page, ...preflight } });
    expect([asked.status, letIn(asked)]).to.deep.equal([405, null]);
  });

  it("A page can call the API if CORS_ORIGINS names its exact origin, and other pages can't", async () => {
    const client = await clientOf([page, "http://localhost:5173"]);
    for (const origin of [page, "http://localhost:5173"]) {
      const answer = await client.get("/notes", { headers: { origin } });
      expect([answer.status, letIn(answer)]).to.deep.equal([200, origin]);
      expect(answer.headers.get("access-control-expose-headers")).to.match(/\bETag\b.*\bRateLimit-Remaining\b/);
      expect(answer.headers.get("access-control-allow-credentials")).to.equal(null);
      const asked = await client.call("OPTIONS", "/notes", undefined, { headers: { origin, ...preflight } });
      expect([asked.status, letIn(asked)]).to.deep.equal([204, origin]);
      expect(asked.headers.get("access-control-allow-methods")).to.include("PATCH");
      expect(asked.headers.get("access-control-allow-headers")).to.equal("authorization");
    }
    for (const origin of [`${page}.evil.example`, "http://app.example.com", "https://APP.example.com", "null"]) {
      const answer = await client.get("/notes", { headers: { origin } });
      expect([answer.status, letIn(answer)], origin).to.deep.equal([200, null]);
      const asked = await client.call("OPTIONS", "/notes", undefined, { headers: { origin, ...preflight } });
      expect(letIn(asked), origin).to.equal(null);
    }
  });

  it("A page can read problems too, and a cache keeps the answers of two origins apart", async () => {
    const client = await clientOf([page]);
    const refused = await client.get("/nowhere", { headers: { origin: page } });
    expect([refused.status, letIn(refused)]).to.deep.equal([404, page]);
    for (const headers of [{ origin: page }, { origin: "https://other.example" }, {}]) {
      const answer = await client.get("/notes", { headers });
      expect(answer.headers.get("vary")).to.equal("Accept-Language, Origin");
    }
  });

  it("An entry of CORS_ORIGINS that is not an exact origin is a fault", () => {
    const read = (CORS_ORIGINS: string) => {
      const { env, faults } = readCoreEnv({ CORS_ORIGINS, SECRET_KEY: "x".repeat(32) });
      return env?.CORS_ORIGINS ?? faults.join();
    };
    expect(read(` ${page}, http://localhost:5173,`)).to.deep.equal([page, "http://localhost:5173"]);
    expect(read("https://[::1]:8443,https://xn--bcher-kva.example")).to.have.length(2);
    expect(read(",")).to.deep.equal([]);
    const remedies = {
      "https://app.example.com/": "write https://app.example.com.",
      "https://app.example.com/app?x#y": "write https://app.example.com.",
      "HTTPS://APP.example.com": "write https://app.example.com.",
      "https://a.example:443": "write https://a.example.",
      "http://a.example:080": "write http://a.example.",
      "https://name:secret@a.example": "write https://a.example.",
      "https://[0:0:0:0:0:0:0:1]": "write https://[::1].",
      "https://bücher.example": "write https://xn--bcher-kva.example.",
    };
    for (const [wrong, remedy] of Object.entries(remedies)) {
      const fault = read(`${page},${wrong}`);
      expect(fault, wrong).to.match(/^CORS_ORIGINS has an entry that is not an exact origin, such as .*\(entry 2\): /);
      expect(fault, wrong).to.include(remedy).and.not.include("secret");
    }
    const noPages = [
      "*",
      "null",
      "app.example.com",
      "localhost:5173",
      "https://",
      "https://a b",
      "https://a.example:99999",
    ];
    for (const wrong of [...noPages, "https://*.example.com", "ftp://a.example", "wss://a.example", "file:///a"]) {
      expect(read(wrong), wrong).to.match(/\(entry 1\): it must be http or https, a host and perhaps a port/);
    }
  });
});

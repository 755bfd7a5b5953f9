import { expect } from "chai";
import { once } from "node:events";
import { connect } from "node:net";
import * as z from "zod";

import { signUpHotel, startTestPlatform } from "../../../testing/platform.ts";
import { type ServedRoutes, serveRoutes } from "../../../testing/app.ts";
import type { TestAnswer } from "../../../testing/client.ts";
import { createRateLimits, type RateLimitSettings } from "./rate_limits.ts";
import { route } from "../route.ts";

const common = { transaction: "none", status: 200, summary: "", result: z.string() } as const;
let handled = 0;
const say = (text: string) => () => {
  handled += 1;
  return Promise.resolve({ body: text });
};
const routes = [
  route({ ...common, id: "look", method: "GET", path: "/notes", access: ["manager"], handler: say("notes") }),
  route({
    ...common,
    id: "write",
    method: "POST",
    path: "/notes",
    access: ["manager"],
    body: z.strictObject({}),
    handler: say("written"),
  }),
  route({
    ...common,
    id: "enter",
    method: "POST",
    path: "/enter",
    access: "public",
    body: z.strictObject({ name: z.string() }),
    handler: say("in"),
  }),
];

/** The three headers that report the state of the nearest limit. */
const standing = ({ headers }: TestAnswer) =>
  ["limit", "remaining", "reset"].map((name) => Number(headers.get(`ratelimit-${name}`)));

describe("the rate limits", () => {
  let served: ServedRoutes | undefined;
  let clock = 0;
  afterEach(() => served?.close());

  async function serve(settings: Partial<RateLimitSettings>) {
    clock = 0;
    handled = 0;
    served = await serveRoutes(routes, {
      rateLimits: createRateLimits({ user: 60_000, tenant: 60_000, address: 60_000, ...settings }, () => clock),
      authenticate: (ctx) => {
        const [tenantId = "", userId = ""] = ctx.get("authorization").replace("Bearer ", "").split("/");
        if (userId === "") return Promise.resolve(undefined);
        return Promise.resolve({
          tenantId,
          userId,
          role: userId === "guest" ? "guest" : "manager",
          sessionId: "",
          name: "",
        });
      },
    });
    return served.client;
  }

  it("A user's requests beyond the limit get 429, and the headers say when to retry", async () => {
    const client = await serve({ user: 60 });
    const token = "a/anna";
    for (let left = 9; left >= 0; left -= 1) {
      const answer = await client.get("/notes", { token });
      expect([answer.status, ...standing(answer)], String(left)).to.deep.equal([200, 10, left, 10 - left]);
      expect(answer.headers.get("ratelimit-policy")).to.equal('10;w=10;comment="user", 10000;w=10;comment="tenant"');
    }
    const refused = await client.get("/notes", { token });
    expect([refused.status, refused.body.code]).to.deep.equal([429, "RATE_LIMITED"]);
    expect(refused.headers.get("retry-after")).to.equal("1");
    expect(standing(refused).slice(0, 2)).to.deep.equal([10, 0]);
    expect(refused.body.detail).to.equal("At most 10 requests in 10 seconds from one user. Try again in 1 seconds.");
    // Another user of the hotel is not limited. The refused requests did not count.
    expect((await client.get("/notes", { token: "a/bob" })).status).to.equal(200);
    clock += 1000;
    expect((await client.get("/notes", { token })).status).to.equal(200);
    expect((await client.get("/notes", { token })).status).to.equal(429);
    clock += 100_000;
    expect(standing(await client.get("/notes", { token }))).to.deep.equal([10, 9, 1]);
  });

  it("All users of a tenant share the tenant's limit, and no other tenant's", async () => {
    const client = await serve({ tenant: 120 });
    for (let at = 0; at < 20; at += 1)
      expect((await client.get("/notes", { token: `a/user-${at}` })).status, String(at)).to.equal(200);
    const refused = await client.get("/notes", { token: "a/one-more" });
    expect([refused.status, ...standing(refused).slice(0, 2)]).to.deep.equal([429, 20, 0]);
    expect((await client.get("/notes", { token: "b/user-1" })).status).to.equal(200);
  });

  it("Every answer to a user has the headers, a refusal too, and every request counts", async () => {
    const client = await serve({ user: 60 });
    const answers = [
      await client.get("/notes", { token: "a/anna" }),
      await client.post("/notes", { x: 1 }, { token: "a/anna" }),
      await client.post("/notes", "{", { token: "a/anna", headers: { "content-type": "application/json" } }),
      await client.get("/notes?x=1", { token: "a/anna" }),
    ];
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 400, 400, 400]);
    expect(answers.map((answer) => standing(answer)[1])).to.deep.equal([9, 8, 7, 6]);
    const forbidden = await client.get("/notes", { token: "a/guest" });
    expect([forbidden.status, standing(forbidden)[1]]).to.deep.equal([403, 9]);
  });

  it("Every request without a valid login counts for its address, with any path and token", async () => {
    const client = await serve({ address: 60 });
    const send = [
      () => client.post("/enter", { name: "x" }),
      () => client.post("/enter", Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`field-${at}`, 1]))),
      () => client.get("/notes", { token: "not-one" }),
      () => client.get("/nowhere"),
      () => client.call("DELETE", "/notes", undefined),
    ];
    const statuses = [];
    for (let at = 0; at < 10; at += 1) statuses.push((await send[at % 5]?.())?.status);
    expect(statuses.slice(0, 5)).to.deep.equal([200, 400, 401, 404, 405]);
    for (const one of send) {
      const refused = await one();
      expect([refused.status, refused.body.code]).to.deep.equal([429, "RATE_LIMITED"]);
      expect(Number(refused.headers.get("retry-after"))).to.be.greaterThan(0);
    }
    // Users with a login at the same address are not limited, and health probes are answered.
    expect((await client.get("/notes", { token: "a/anna" })).status).to.equal(200);
    expect((await client.get("/health/live")).status).to.equal(200);
  });

  it("A request that comes too often is refused before its body has come", async () => {
    const client = await serve({ address: 6 });
    await client.post("/enter", { name: "x" });
    const socket = connect(Number(new URL(client.url).port), "127.0.0.1");
    socket.write("POST /enter HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{");
    const [first] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    expect(first.toString()).to.match(/^HTTP\/1\.1 429 /);
    expect(handled).to.equal(1);
  });

  it("The variables of a web process set the limits", async () => {
    const platform = await startTestPlatform({ worker: false, variables: { USER_REQUESTS_PER_MINUTE: "6" } });
    try {
      const { managerToken, receptionistToken } = await signUpHotel(platform.client);
      const answer = await platform.client.get("/rooms/", { token: receptionistToken });
      expect([answer.status, answer.headers.get("ratelimit-policy")]).to.deep.equal([
        200,
        '1;w=10;comment="user", 166667;w=10;comment="tenant"',
      ]);
      const statuses = [];
      for (let at = 0; at < 10; at += 1)
        statuses.push((await platform.client.get("/rooms/", { token: managerToken })).status);
      expect(statuses).to.include(429);
    } finally {
      await platform.close();
    }
  }).timeout(60_000);

  it("The limiter forgets an address that sent no request for 10 s", () => {
    const seen: Record<string, string>[] = [];
    const limits = createRateLimits({ user: 60, tenant: 60, address: 60 }, () => clock);
    clock = 0;
    const answer = { set: (headers: Record<string, string>) => seen.push(headers) };
    for (let at = 0; at < 1000; at += 1) limits.countAddress(`10.0.${at >> 8}.${at & 255}`, answer);
    clock = 20_000;
    for (let at = 0; at < 1000; at += 1) limits.countAddress(`10.0.${at >> 8}.${at & 255}`, answer);
    expect(seen.every((headers) => headers["RateLimit-Remaining"] === "9")).to.equal(true);
    // A /64 of IPv6 counts as one address.
    for (let at = 0; at < 10; at += 1) limits.countAddress(`2001:db8:1:2::${at}`, answer);
    expect(() => limits.countAddress("2001:db8:1:2:ffff::1", answer)).to.throw("At most 10 requests");
  });
});

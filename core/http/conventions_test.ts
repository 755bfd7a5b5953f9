import { expect } from "chai";

import { signUpHotel, startTestPlatform, type TestHotel, type TestPlatform } from "../../testing/platform.ts";

describe("the conventions of the API", () => {
  let platform: TestPlatform;
  let hotel: TestHotel;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    hotel = await signUpHotel(platform.client);
  });
  after(() => platform.close());

  const asManager = () => ({ token: hotel.managerToken });

  it("A collection answers with and without the trailing slash, without a redirect", async () => {
    for (const path of ["/users", "/users/", "/rooms", "/rooms/", "/hotels/me/", "/hotels/me"]) {
      expect((await platform.client.get(path, asManager())).status, path).to.equal(200);
    }
  });

  it("Every problem has the same shape, with the request's id", async () => {
    const answer = await platform.client.get("/nowhere", { headers: { "x-request-id": "desk-7" } });
    expect(answer.status).to.equal(404);
    expect(answer.headers.get("content-type")).to.match(/^application\/problem\+json/);
    expect(answer.headers.get("x-request-id")).to.equal("desk-7");
    expect(answer.body).to.deep.equal({
      type: "urn:keyrack:problem:not_found",
      title: "Not found",
      status: 404,
      detail: "There is nothing at this address.",
      code: "NOT_FOUND",
      request_id: "desk-7",
    });
    const unsafe = await platform.client.get("/nowhere", { headers: { "x-request-id": "a b{}" } });
    expect(unsafe.headers.get("x-request-id")).to.match(/^[0-9a-f-]{36}$/);
  });

  it("An unsupported method answers 405 with the supported methods", async () => {
    const answer = await platform.client.call("PUT", "/rooms/", {}, asManager());
    expect(answer.status).to.equal(405);
    expect(answer.headers.get("allow")?.split(", ").sort()).to.deep.equal(["GET", "POST"]);
  });

  it("The API refuses a body that is not JSON, has another type or is too large", async () => {
    const json = { ...asManager(), headers: { "content-type": "application/json" } };
    const broken = await platform.client.post("/users/", '{"username": ', json);
    expect([broken.status, broken.body.code]).to.deep.equal([400, "MALFORMED_BODY"]);
    const text = await platform.client.post("/users/", "username", {
      ...asManager(),
      headers: { "content-type": "text/plain" },
    });
    expect([text.status, text.body.code]).to.deep.equal([415, "UNSUPPORTED_MEDIA_TYPE"]);
    const large = await platform.client.post("/users/", JSON.stringify({ username: "x".repeat(300_000) }), json);
    expect([large.status, large.body.code]).to.deep.equal([413, "PAYLOAD_TOO_LARGE"]);
    const patch = { ...asManager(), headers: { "content-type": "application/merge-patch+json" } };
    const other = await platform.client.call("PATCH", "/hotels/me", '{"name": "Dropped"}', patch);
    expect(other.status, "A body of another type must not count as an empty body.").to.equal(415);
    const latin = { ...asManager(), headers: { "content-type": "application/json; charset=iso-8859-1" } };
    expect((await platform.client.post("/users/", "{}", latin)).status).to.equal(415);
    const packed = { ...asManager(), headers: { "content-type": "application/json", "content-encoding": "gzip" } };
    const unpacked = await platform.client.post("/users/", "not gzip at all", packed);
    expect([unpacked.status, unpacked.body.code]).to.deep.equal([400, "MALFORMED_BODY"]);
    const list = await platform.client.post("/users/", "[]", json);
    expect([list.status, list.body.code]).to.deep.equal([400, "VALIDATION_FAILED"]);
  });

  it("The API refuses unknown fields of a body and of a query, with pointers", async () => {
    const body = await platform.client.post(
      "/users/",
      { username: "bob.b", password: "correct-horse-battery", role: "receptionist", admin: true },
      asManager(),
    );
    expect(body.status).to.equal(400);
    expect(body.body.errors).to.deep.equal([{ in: "body", pointer: "/admin", detail: "is not a known field" }]);
    const query = await platform.client.get("/users/?page=2", asManager());
    expect(query.body.errors).to.deep.equal([{ in: "query", pointer: "/page", detail: "is not a known field" }]);
    const plain = await platform.client.get("/hotels/me?x=1", asManager());
    expect(plain.status).to.equal(400);
    const cursor = await platform.client.get("/users/?cursor=nonsense", asManager());
    expect([cursor.status, cursor.body.errors[0].pointer]).to.deep.equal([400, "/cursor"]);
  });

  it("The API answers 401 without a valid token, and 403 to a role without access", async () => {
    const none = await platform.client.get("/rooms/");
    expect([none.status, none.headers.get("www-authenticate")]).to.deep.equal([401, 'Bearer realm="keyrack"']);
    expect((await platform.client.get("/rooms/", { token: `${hotel.managerToken}x` })).status).to.equal(401);
    expect((await platform.client.get("/users/", { token: hotel.receptionistToken })).body.code).to.equal("FORBIDDEN");
  });

  it("Text that can't be stored answers 400, in a body and in a cursor", async () => {
    const login = await platform.client.post("/auth/token", { username: "a\u0000b", password: "x" });
    expect(login.status).to.be.oneOf([400, 401]);
    const cursor = Buffer.from(JSON.stringify([hotel.hotelId, "\u0000"])).toString("base64url");
    expect((await platform.client.get(`/rooms/?cursor=${cursor}`, asManager())).status).to.equal(400);
  });

  it("A hotel can have a currency of daily trade, and no metal or test currency", async () => {
    const hotelIn = (currency: string) =>
      platform.client.post("/hotels/", {
        name: "x",
        username: `of-${currency}`,
        password: "correct-horse-battery",
        time_zone: "Africa/Dakar",
        currency,
      });
    for (const currency of ["XXX", "XAU", "CLF", "XTS"])
      expect((await hotelIn(currency)).status, currency).to.equal(400);
    for (const currency of ["XOF", "XPF", "BHD"]) expect((await hotelIn(currency)).status, currency).to.equal(201);
  });

  it("An id of another form answers 404", async () => {
    expect((await platform.client.get("/rooms/1", asManager())).status).to.equal(404);
  });

  it("A failed request stores no answer under its Idempotency-Key", async () => {
    const headers = { "idempotency-key": "first-try" };
    const options = { ...asManager(), headers };
    const body = { username: hotel.username, password: "correct-horse-battery", role: "receptionist" };
    expect((await platform.client.post("/users/", body, options)).body.code).to.equal("USERNAME_TAKEN");
    const mended = await platform.client.post("/users/", { ...body, username: "someone.else" }, options);
    expect(mended.status).to.equal(201);
    const again = await platform.client.post("/users", { ...body, username: "someone.else" }, options);
    expect([again.status, again.text]).to.deep.equal([201, mended.text]);
    expect(again.headers.get("location")).to.equal(mended.headers.get("location"));
    expect(
      (await platform.client.post("/users/", body, { ...asManager(), headers: { "idempotency-key": "two words" } }))
        .status,
    ).to.equal(400);
  });

  it("The OpenAPI 3.1 document describes the declared routes", async () => {
    const { body, status } = await platform.client.get("/openapi.json");
    expect(status).to.equal(200);
    expect(body.openapi).to.equal("3.1.0");
    expect(body.paths).to.include.all.keys([
      "/hotels",
      "/auth/token",
      "/rooms/available",
      "/bookings/{booking_id}",
      "/billing/webhook",
      "/reports/bookings",
    ]);
    const create = body.paths["/bookings"].post;
    expect(create.operationId).to.equal("createBooking");
    expect(create.responses["409"].description).to.match(/ROOM_TAKEN/);
    expect(create.parameters.map((parameter: { name: string }) => parameter.name)).to.include("Idempotency-Key");
    const references = [...JSON.stringify(body).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name,
    );
    for (const name of new Set(references)) expect(body.components.schemas, `${name}`).to.have.property(name as string);
    expect(JSON.stringify(body)).not.to.match(/\$defs/);
    const ids = Object.values(body.paths as Record<string, Record<string, { operationId: string }>>).flatMap((item) =>
      Object.values(item).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it("The API page, the health probes and the metrics answer", async () => {
    expect((await platform.client.get("/docs")).text).to.match(/swagger-ui/);
    expect((await platform.client.get("/docs/swagger-ui.css")).status).to.equal(200);
    expect((await platform.client.get("/health/live")).body).to.deep.equal({ status: "live" });
    expect((await platform.client.get("/health/ready")).body).to.deep.equal({ status: "ready" });
    const metrics = await platform.client.get("/metrics");
    expect(metrics.text).to.match(
      /keyrack_http_request_seconds_count\{method="GET",route="\/hotels\/me",status="200"\}/,
    );
  });

  it("A third sign-up from one address answers 429 with Retry-After", async () => {
    const limited = await startTestPlatform({ worker: false, variables: { SIGN_UPS_PER_HOUR: "2" } });
    try {
      await signUpHotel(limited.client);
      await signUpHotel(limited.client);
      const body = {
        name: "x",
        username: "a-third",
        password: "correct-horse-battery",
        time_zone: "UTC",
        currency: "EUR",
      };
      const third = await limited.client.post("/hotels/", body);
      expect([third.status, third.body.code]).to.deep.equal([429, "RATE_LIMITED"]);
      expect(Number(third.headers.get("retry-after"))).to.be.within(3500, 3600);
    } finally {
      await limited.close();
    }
  });
});

import { expect } from "chai";
import { gzipSync } from "node:zlib";
import * as z from "zod";

import { type ServedRoutes, serveRoutes } from "../../../testing/app.ts";
import { textSchema } from "../../values/text.ts";
import { bodyLimitOf } from "./body_limit.ts";
import { pageQuery } from "./pagination.ts";
import { type Route, route } from "../route.ts";

const noteSchema = z.strictObject({ title: textSchema(100), tags: z.array(textSchema(20)).max(3000).optional() });

const common = { access: "public", transaction: "none", status: 200, summary: "" } as const;
const routes: Route[] = [
  route({
    ...common,
    id: "writeNote",
    method: "POST",
    path: "/notes/{note_id}",
    params: z.strictObject({ note_id: z.uuid() }),
    query: z.strictObject({ mood: z.enum(["glad", "sad"]).optional() }),
    body: noteSchema,
    form: true,
    bodyLimit: 512 * 1024,
    result: noteSchema,
    handler: ({ body }) => Promise.resolve({ body }),
  }),
  route({
    ...common,
    id: "listNotes",
    method: "GET",
    path: "/notes",
    query: z.strictObject(pageQuery),
    result: z.number(),
    handler: ({ query }) => Promise.resolve({ body: query.limit }),
  }),
  route({
    ...common,
    id: "lookAround",
    method: "GET",
    path: "/here",
    result: z.string(),
    handler: () => Promise.resolve({ body: "here" }),
  }),
  route({
    ...common,
    id: "renameNote",
    method: "PATCH",
    path: "/notes/{note_id}",
    params: z.strictObject({ note_id: z.uuid() }),
    body: z.strictObject({ title: textSchema(400) }),
    result: z.string(),
    handler: ({ body }) => Promise.resolve({ body: body.title }),
  }),
  // The boot refuses such a route (`core/plugin/parts_schema.ts`). `serveRoutes` does not.
  route({
    ...common,
    id: "removeNotes",
    method: "DELETE",
    path: "/notes",
    body: z.strictObject({ title: textSchema(100).optional() }),
    result: z.string(),
    handler: ({ body }) => Promise.resolve({ body: body.title ?? "all" }),
  }),
];
const note = "/notes/0199f3a0-7c1e-7b2a-9c53-2f4a6c8e0b1d";
const asJson = { headers: { "content-type": "application/json" } };
const mostBytes = 10_000;

describe("the content of a request", () => {
  let served: ServedRoutes;
  before(async () => {
    served = await serveRoutes(routes);
  });
  after(() => served.close());

  const unknown = (count: number, name = (at: number) => `field-${at}`) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [name(at), 1]));

  it("An answer names the first 20 of 20,000 unknown fields of a body, and stays small", async () => {
    const { status, body, text } = await served.client.post(note, { title: "x", ...unknown(20_000) });
    expect([status, body.code]).to.deep.equal([400, "VALIDATION_FAILED"]);
    expect(body.errors).to.have.length(20);
    expect(body.errors[0]).to.deep.equal({ in: "body", pointer: "/field-0", detail: "is not a known field" });
    expect(text.length).to.be.below(mostBytes);
  });

  it("An answer names 20 of 3,000 invalid items", async () => {
    const { body } = await served.client.post(note, { title: "x", tags: Array.from({ length: 3000 }, () => 7) });
    expect(body.errors).to.have.length(20);
    expect(body.errors[19].pointer).to.equal("/tags/19");
  });

  it("The faults of the query and of the body are 20 in total", async () => {
    const query = Array.from({ length: 15 }, (_, at) => `q${at}=1`).join("&");
    const { body } = await served.client.post(`${note}?${query}`, unknown(50));
    const parts = body.errors.map((error: { in: string }) => error.in);
    expect(parts.filter((part: string) => part === "query")).to.have.length(15);
    expect(parts).to.have.length(20);
  });

  it("A query of a route that takes none is answered with 20 faults at most", async () => {
    const query = Array.from({ length: 900 }, (_, at) => `q${at}`).join("&");
    const { status, body } = await served.client.get(`/here?${query}`);
    expect([status, body.errors.length]).to.deep.equal([400, 20]);
  });

  it("A field's name that is as long as the body is shortened, in `detail` too", async () => {
    const { body, text } = await served.client.post(
      note,
      unknown(20, (at) => `${at}${"😀".repeat(5000)}`),
    );
    expect(body.errors.at(-1).pointer).to.match(/^\/\d+😀+.?…$/u);
    expect(text.length).to.be.below(mostBytes);
    const nested = await served.client.post(note, { title: "x", tags: [{ ["x".repeat(9000)]: 1 }] });
    expect(nested.text.length).to.be.below(mostBytes);
  });

  it("A body that the parser does not read fails the request, and does not count as an empty one", async () => {
    const { status, body } = await served.client.call("DELETE", "/notes", { title: "one" });
    expect([status, body.code]).to.deep.equal([500, "INTERNAL"]);
  });

  it("An id that is not a UUID is answered with 404 before the body is read or checked", async () => {
    for (const body of ["{", JSON.stringify(unknown(500)), "x".repeat(600_000)]) {
      const { status } = await served.client.post("/notes/1?x=1", body, asJson);
      expect(status).to.equal(404);
    }
  });

  it("A JSON body that is not UTF-8 is refused, packed or plain", async () => {
    const latin1 = Buffer.from('{"title":"Caf\xe9"}', "latin1");
    const halfSign = Buffer.concat([Buffer.from('{"title":"'), Buffer.from([0xf0, 0x9f]), Buffer.from('"}')]);
    for (const bytes of [latin1, halfSign]) {
      const { status, body } = await served.client.post(note, bytes, asJson);
      expect([status, body.code, body.detail]).to.deep.equal([400, "MALFORMED_BODY", "The body must be UTF-8."]);
    }
    const packed = { headers: { ...asJson.headers, "content-encoding": "gzip" } };
    expect((await served.client.post(note, gzipSync(latin1), packed)).body.code).to.equal("MALFORMED_BODY");
    const kept = await served.client.post(note, gzipSync(JSON.stringify({ title: "Café \uFFFD 日本" })), packed);
    expect([kept.status, kept.body]).to.deep.equal([200, { title: "Café \uFFFD 日本" }]);
    const marked = await served.client.post(note, `\uFEFF${JSON.stringify({ title: "marked" })}`, asJson);
    expect([marked.status, marked.body]).to.deep.equal([200, { title: "marked" }]);
  });

  it("A body that names a field twice is refused, at any depth and however the name is written", async () => {
    for (const text of [
      '{"title":"a","title":"b"}',
      '{"title":"a","t\\u0069tle":"a"}',
      '{"title":"a","tags":[{"x":1,"x":1}]}',
      '{"title":"a","__proto__":{"x":1},"__proto__":{"x":1}}',
    ]) {
      const { status, body } = await served.client.post(note, text, asJson);
      expect([status, body.code], text).to.deep.equal([400, "MALFORMED_BODY"]);
    }
    const form = { headers: { "content-type": "application/x-www-form-urlencoded" } };
    expect((await served.client.post(note, "title=a&title=b", form)).body.code).to.equal("MALFORMED_BODY");
    // Colons and quotes inside a string name no field.
    const title = 'a: "b": \\ c:\\"d';
    expect((await served.client.post(note, { title })).body).to.deep.equal({ title });
    expect((await served.client.post(note, "title=a%3A+b", form)).body).to.deep.equal({ title: "a: b" });
  });

  it("A body that is nested 100,000 deep is an answer of 400", async () => {
    const deep = `{"title":"a","tags":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    expect((await served.client.post(note, deep, asJson)).status).to.equal(400);
  });

  it("A body must be an object", async () => {
    for (const text of ["1", "null", '"title"', "[]", "{"])
      expect((await served.client.post(note, text, asJson)).status, text).to.equal(400);
  });

  it("A number in a query is written in decimal digits", async () => {
    for (const limit of ["0x10", "1e2", "%205", "5%20", "+5", "5.0", "0", "201", "", "1&limit=2", "٣"]) {
      const { status, body } = await served.client.get(`/notes?limit=${limit}`);
      expect([status, body.errors?.[0]?.pointer], limit).to.deep.equal([400, "/limit"]);
    }
    expect((await served.client.get("/notes?limit=007")).body).to.equal(7);
    expect((await served.client.get("/notes")).body).to.equal(50);
  });

  it("A body may be as large as its schema allows, and not larger", async () => {
    const longest = "é".repeat(400);
    const escaped = JSON.stringify({ title: longest }).replaceAll("é", "\\u00e9");
    expect((await served.client.patch(note, escaped, asJson)).body).to.equal(longest);
    const packed = { headers: { ...asJson.headers, "content-encoding": "gzip" } };
    for (const [body, options] of [
      [JSON.stringify({ title: "x".repeat(4000) }), asJson],
      [gzipSync(JSON.stringify({ title: "x".repeat(40_000) })), packed],
    ] as const)
      expect((await served.client.patch(note, body, options)).body.code).to.equal("PAYLOAD_TOO_LARGE");
  });
});

describe("the default limit of a body", () => {
  const limitOf = (body: z.ZodType | undefined): number =>
    bodyLimitOf({ ...(routes[0] as Route), bodyLimit: undefined, body } as unknown as Route);

  it("The limit follows the bounds of the schema", () => {
    const named = z.strictObject({ name: z.string().max(10_000) }).meta({ id: "LimitNamed" });
    expect(limitOf(z.strictObject({ on: z.boolean() }))).to.equal(2 * 1024);
    expect(limitOf(named)).to.be.within(60_000, 80_000);
    expect(limitOf(z.strictObject({ one: named, other: named.nullable() }))).to.be.within(120_000, 160_000);
    expect(limitOf(z.strictObject({ days: z.array(z.iso.date()).max(100) }))).to.be.within(75_000, 110_000);
  });

  it("A schema without a bound gets 64 KiB", () => {
    interface Tree {
      readonly inner?: Tree | undefined;
    }
    const tree: z.ZodType<Tree> = z.strictObject({ inner: z.lazy(() => tree).optional() });
    for (const schema of [z.string(), z.unknown(), z.array(z.int()), z.record(z.string(), z.int()), tree])
      expect(limitOf(z.strictObject({ value: schema }))).to.equal(64 * 1024);
    expect(limitOf(z.strictObject({ word: z.string().regex(/^[a-z]+$/) }))).to.equal(64 * 1024);
    expect(limitOf(z.strictObject({ word: z.string().regex(/^[a-z+*]{3}$/) }))).to.equal(2 * 1024);
  });
});

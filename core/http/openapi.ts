/** The OpenAPI 3.1 document, made of the same declarations that route and validate. */
import * as z from "zod";

import { problemCatalog } from "../errors.ts";
import { mostErrors } from "./request/input.ts";
import { dryRunMediaType, dryRunSchema, hasDryRun } from "./dry_run.ts";
import { isIdempotent, type Route } from "./route.ts";
import { undoSchema } from "./undo.ts";

type Json = Record<string, unknown>;

/** A JSON schema, with the members that a schema of an object has. */
interface JsonSchema extends Json {
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
}

/** Problems that any route can answer with, by what it declares. */
function commonProblems(route: Route): string[] {
  return [
    "VALIDATION_FAILED",
    ...(route.body !== undefined && route.body !== "raw" ? ["MALFORMED_BODY", "UNSUPPORTED_MEDIA_TYPE"] : []),
    ...(route.body === undefined ? [] : ["PAYLOAD_TOO_LARGE"]),
    ...(route.access === "public" ? [] : ["UNAUTHENTICATED", "FORBIDDEN", "CROSS_ORIGIN", "SESSION_LOCKED"]),
    ...(route.params === undefined ? [] : ["NOT_FOUND"]),
    ...(route.method === "GET" ? [] : ["DRY_RUN_NOT_SUPPORTED"]),
    ...(isIdempotent(route) ? ["IDEMPOTENCY_IN_FLIGHT", "IDEMPOTENCY_KEY_REUSED"] : []),
    "RATE_LIMITED",
    "INTERNAL",
    "SERVICE_UNAVAILABLE",
  ];
}

/** The whole document. */
export function openApiDocument(routes: readonly Route[]): Json {
  const schemas: Json = { Problem: problemSchema(), Undo: undoSchema, DryRun: dryRunSchema };
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.length > 1 ? route.path.replace(/\/$/, "") : route.path;
    const item = (paths[path] ??= {});
    item[route.method.toLowerCase()] = operation(route, schemas);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Keyrack",
      version: "0.1.0",
      description:
        "Every collection answers with and without a trailing slash.\n\n" +
        "Requests are limited for each user and tenant, and without a login for each address. " +
        "`RateLimit-Policy` names the limits. `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` " +
        "(seconds until the count is zero) describe the limit with the fewest requests left. " +
        "A request over a limit is answered with 429 and `Retry-After`.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        cookie: {
          type: "apiKey",
          in: "cookie",
          name: "__Host-keyrack",
          description:
            "A browser's session (`POST /auth/session`), for pages of this server only. Over plain http the cookie " +
            "is called `keyrack`. If a request has a Bearer header, the cookie is not read.",
        },
      },
    },
  };
}

function operation(route: Route, schemas: Json): Json {
  const secured = route.access !== "public";
  return {
    operationId: route.id,
    summary: route.summary,
    tags: [route.path.split("/")[1] ?? ""],
    description: [route.description, secured ? `For: ${route.access.join(", ")}.` : undefined]
      .filter((line) => line !== undefined)
      .join("\n\n"),
    security: secured ? [{ bearer: [] }, { cookie: [] }] : [],
    ...(secured ? { "x-roles": route.access } : {}),
    parameters: [
      ...parameters(route.params, "path", schemas),
      ...parameters(route.query, "query", schemas),
      ...headerParameters(route),
    ],
    ...(route.body === undefined ? {} : { requestBody: requestBody(route, schemas) }),
    responses: {
      ...(hasDryRun(route) ? { 200: { description: dryRunDescription, content: dryRunContent } } : {}),
      [route.status]: success(route, schemas),
      ...(route.conditional === true ? { 304: { description: "The answer has not changed since that ETag." } } : {}),
      ...problemResponses(route),
    },
  };
}

const dryRunDescription = "The answer to `Prefer: dry-run`: what the request would change.";
const dryRunContent = { [dryRunMediaType]: { schema: { $ref: "#/components/schemas/DryRun" } } };

function headerParameters(route: Route): Json[] {
  const header = (name: string, description: string): Json => ({
    name,
    in: "header",
    description,
    schema: { type: "string" },
  });
  return [
    ...(isIdempotent(route)
      ? [header("Idempotency-Key", "The same key and request give the same answer again for 24 hours.")]
      : []),
    ...(hasDryRun(route)
      ? [
          header(
            "Prefer",
            "With `dry-run`, the request changes nothing. It answers 200 with the changes that it would make, or " +
              "with the problem that would refuse it. An `Idempotency-Key` is then ignored.",
          ),
        ]
      : []),
    ...(route.conditional === true ? [header("If-None-Match", "The ETag of the answer that the caller has.")] : []),
    ...(route.method === "PATCH" || route.method === "DELETE"
      ? [header("If-Match", "The ETag that the change is based on.")]
      : []),
  ];
}

function parameters(schema: z.ZodObject | undefined, where: "path" | "query", schemas: Json): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, "input", schemas);
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: where,
    required: where === "path" || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

function requestBody(route: Route, schemas: Json): Json {
  if (route.body === "raw" || route.body === undefined)
    return { required: true, content: { "application/json": { schema: {} } } };
  const schema = jsonSchema(route.body, "input", schemas);
  return {
    required: true,
    content: {
      "application/json": { schema },
      ...(route.form === true ? { "application/x-www-form-urlencoded": { schema } } : {}),
    },
  };
}

function success(route: Route, schemas: Json): Json {
  const mediaType = route.mediaType ?? "application/json";
  const schema = resultSchema(route, schemas);
  const isEmpty = schema === undefined && route.mediaType === undefined;
  const dryRun = hasDryRun(route) && route.status === 200 ? dryRunContent : {};
  if (isEmpty) return { description: route.summary };
  return { description: route.summary, content: { [mediaType]: { schema: schema ?? { type: "string" } }, ...dryRun } };
}

/** Returns the schema of the body, with its way back if the route declares one. */
function resultSchema({ result, undo }: Route, schemas: Json): Json | undefined {
  const body = result === undefined ? undefined : jsonSchema(result, "output", schemas);
  if (undo === undefined) return body;
  const part: Json = {
    type: "object",
    required: ["undo"],
    properties: { undo: { $ref: "#/components/schemas/Undo" } },
  };
  return body === undefined ? part : { allOf: [body, part] };
}

function problemResponses(route: Route): Json {
  const codes = [...new Set([...(route.problems ?? []), ...commonProblems(route)])];
  const byStatus = new Map<number, string[]>();
  for (const code of codes) {
    const declared = problemCatalog().get(code);
    if (declared === undefined) throw new Error(`${route.id} names the problem ${code}, which is not in the catalog.`);
    byStatus.set(declared.status, [...(byStatus.get(declared.status) ?? []), `\`${code}\`: ${declared.title}.`]);
  }
  const content = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
  return Object.fromEntries(
    [...byStatus].map(([status, lines]) => [status, { description: lines.join("\n\n"), content }]),
  );
}

/** Zod's JSON schema, its named parts moved to `components/schemas`, where OpenAPI tools look for them. */
function jsonSchema(schema: z.ZodType, io: "input" | "output", schemas: Json): JsonSchema {
  const { $schema: _, $defs = {}, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  const moved = (part: unknown): JsonSchema =>
    JSON.parse(JSON.stringify(part).replaceAll('"#/$defs/', '"#/components/schemas/'));
  for (const [name, part] of Object.entries($defs)) {
    const { id: _id, ...definition } = moved(part);
    schemas[name] ??= definition;
  }
  const { id, ...whole } = moved(rest);
  if (typeof id !== "string") return whole;
  schemas[id] ??= whole;
  return { $ref: `#/components/schemas/${id}` };
}

function problemSchema(): Json {
  return {
    type: "object",
    description: "RFC 9457. `code` is stable, and `errors` lists the invalid fields.",
    required: ["type", "title", "status", "detail", "code", "request_id"],
    properties: {
      type: { type: "string" },
      title: { type: "string" },
      status: { type: "integer" },
      detail: { type: "string" },
      code: { type: "string", enum: [...problemCatalog().keys()].sort() },
      request_id: { type: "string" },
      errors: {
        type: "array",
        maxItems: mostErrors,
        description: `The first ${mostErrors} faults.`,
        items: {
          type: "object",
          required: ["in", "pointer", "detail"],
          properties: {
            in: { type: "string", enum: ["body", "query", "path", "header"] },
            pointer: { type: "string", description: "RFC 6901 JSON pointer." },
            detail: { type: "string" },
          },
        },
      },
    },
  };
}

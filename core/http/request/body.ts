/** Reads a request's body: no more bytes than the route takes, as UTF-8, and with each field named once. */
import { bodyParser } from "@koa/bodyparser";
import type { Context, Middleware } from "koa";
import getRawBody from "raw-body";

import { Problem, problems } from "../../errors.ts";
import { bodyLimitOf } from "./body_limit.ts";
import type { Route } from "../route.ts";
import { memberOf, textOf } from "../../values/unknown_value.ts";

/**
 * The body as the route takes it: bytes for `"raw"`, otherwise the parsed JSON or form. Undefined where the route
 * takes none.
 * @throws Problem MALFORMED_BODY, UNSUPPORTED_MEDIA_TYPE or PAYLOAD_TOO_LARGE
 */
export async function readBody(route: Route, ctx: Context): Promise<unknown> {
  if (route.body === undefined) return undefined;
  const limit = bodyLimitOf(route);
  try {
    if (route.body === "raw") return await getRawBody(ctx.req, { limit, length: ctx.request.length ?? null });
    return await parseBody(route, ctx, limit);
  } catch (error) {
    throw bodyProblem(error, limit);
  }
}

async function parseBody(route: Route, ctx: Context, limit: number): Promise<unknown> {
  if (ctx.request.length === 0 || (ctx.request.length === undefined && !("transfer-encoding" in ctx.headers)))
    return {};
  const types = ["json", ...(route.form === true ? ["urlencoded"] : [])];
  const type = ctx.is(...types);
  if (type === false) {
    throw problems.UNSUPPORTED_MEDIA_TYPE(
      `This call takes application/json${route.form === true ? " or application/x-www-form-urlencoded" : ""}.`,
    );
  }
  if (!/^utf-?8$/i.test(ctx.request.charset || "utf-8"))
    throw problems.UNSUPPORTED_MEDIA_TYPE("This call takes UTF-8.");
  await parserFor(limit)(ctx, () => Promise.resolve());
  const raw: unknown = ctx.request.body;
  if (typeof raw !== "string") throw new TypeError("The body parser must return the body as text.");
  const text = utf8.decode(Buffer.from(raw, "latin1"));
  const body = type === "urlencoded" ? parseForm(text) : parseJson(text);
  // Where libraries for Koa look for it: passport reads the login there.
  ctx.request.body = body;
  return body;
}

// Fatal: text that is not UTF-8 would otherwise be stored with U+FFFD in it. Strips a byte order mark.
const utf8 = new TextDecoder("utf-8", { fatal: true });

const parsers = new Map<number, Middleware>();

/**
 * Unpacks and reads the bytes, one character for each. The library's own decoder does not report invalid UTF-8.
 */
function parserFor(limit: number): Middleware {
  let parse = parsers.get(limit);
  if (parse === undefined) {
    parse = bodyParser({
      enableTypes: ["text"],
      extendTypes: { text: ["application/json", "application/x-www-form-urlencoded"] },
      textLimit: String(limit),
      encoding: "binary",
    });
    parsers.set(limit, parse);
  }
  return parse;
}

/** @throws Problem MALFORMED_BODY if it is not valid JSON, not an object or array, or names a field twice */
function parseJson(text: string): unknown {
  if (text === "") return {};
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null)
    throw problems.MALFORMED_BODY("The body must be a JSON object or array.");
  // JSON.parse keeps the last of two fields of one name. In valid JSON each field has one colon outside of strings.
  const named = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, "").split(":").length - 1;
  if (named !== countFields(value)) throw problems.MALFORMED_BODY("An object in the body names a field twice.");
  return value;
}

/** Counts the fields of all objects in a value, without recursion: a body may be nested 100,000 deep. */
function countFields(value: unknown): number {
  let count = 0;
  const open = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== "object" || next === null) continue;
    const inner: unknown[] = Object.values(next);
    if (!Array.isArray(next)) count += inner.length;
    for (const one of inner) open.push(one);
  }
  return count;
}

/** @throws Problem MALFORMED_BODY where it names a field twice */
function parseForm(text: string): Record<string, string> {
  const pairs = [...new URLSearchParams(text)];
  const fields = Object.fromEntries(pairs);
  if (Object.keys(fields).length !== pairs.length) throw problems.MALFORMED_BODY("The form names a field twice.");
  return fields;
}

function bodyProblem(error: unknown, limit: number): unknown {
  if (error instanceof Problem) return error;
  const status = memberOf(error, "status");
  const type = textOf(error, "type");
  if (status === 413 || type === "entity.too.large") {
    return problems.PAYLOAD_TOO_LARGE(`The body may have ${limit} bytes at most.`);
  }
  if (textOf(error, "code") === "ERR_ENCODING_INVALID_ENCODED_DATA")
    return problems.MALFORMED_BODY("The body must be UTF-8.", { cause: error });
  // Z_: a compressed body that does not unpack.
  if (
    status === 400 ||
    error instanceof SyntaxError ||
    type.startsWith("request.") ||
    textOf(error, "code").startsWith("Z_")
  ) {
    return problems.MALFORMED_BODY("The body is not what its Content-Type says.", { cause: error });
  }
  if (status === 415) return problems.UNSUPPORTED_MEDIA_TYPE("The body's encoding is not supported.", { cause: error });
  return error;
}

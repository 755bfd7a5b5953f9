/** Reads and checks what came with a request; what does not fit is answered with every fault at once. */
import { bodyParser } from "@koa/bodyparser";
import type { Context, Middleware } from "koa";
import getRawBody from "raw-body";
import type * as z from "zod";

import { type FieldError, problems } from "../errors.ts";
import type { Route } from "./route.ts";

const defaultBodyLimit = 256 * 1024;

export interface Input {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** @throws Problem VALIDATION_FAILED, MALFORMED_BODY, UNSUPPORTED_MEDIA_TYPE or PAYLOAD_TOO_LARGE */
export async function readInput(route: Route, ctx: Context, params: Record<string, string>): Promise<Input> {
  const errors: FieldError[] = [];
  const input = {
    params: fit(route.params, params, "path", errors),
    query: fit(route.query, { ...ctx.query }, "query", errors),
    body: await readBody(route, ctx, errors),
  };
  if (route.query === undefined) refuseUnknownQuery(ctx, errors);
  // A path that can't name anything is a thing that is not there, not a badly built request.
  if (errors.some((error) => error.in === "path")) throw problems.NOT_FOUND("There is nothing at this address.");
  if (errors.length > 0) {
    const first = errors[0] as FieldError;
    throw problems.VALIDATION_FAILED(`${first.pointer} ${first.detail}`, { errors });
  }
  return input;
}

async function readBody(route: Route, ctx: Context, errors: FieldError[]): Promise<unknown> {
  if (route.body === undefined) return undefined;
  const limit = route.bodyLimit ?? defaultBodyLimit;
  try {
    if (route.body === "raw") {
      return await getRawBody(ctx.req, { limit, length: ctx.request.length ?? null });
    }
    return fit(route.body, await parseBody(route, ctx, limit), "body", errors);
  } catch (error) {
    throw bodyProblem(error, limit);
  }
}

async function parseBody(route: Route, ctx: Context, limit: number): Promise<unknown> {
  if (ctx.request.length === 0 || (ctx.request.length === undefined && !("transfer-encoding" in ctx.headers)))
    return {};
  const types = ["json", ...(route.form === true ? ["urlencoded"] : [])];
  if (ctx.is(...types) === false) {
    throw problems.UNSUPPORTED_MEDIA_TYPE(
      `This call takes application/json${route.form === true ? " or application/x-www-form-urlencoded" : ""}.`,
    );
  }
  if (!/^utf-?8$/i.test(ctx.request.charset || "utf-8"))
    throw problems.UNSUPPORTED_MEDIA_TYPE("This call takes UTF-8.");
  await parserFor(limit)(ctx, () => Promise.resolve());
  return ctx.request.body;
}

const parsers = new Map<number, Middleware>();

function parserFor(limit: number): Middleware {
  let parse = parsers.get(limit);
  if (parse === undefined) {
    parse = bodyParser({ enableTypes: ["json", "form"], jsonLimit: limit, formLimit: limit, encoding: "utf-8" });
    parsers.set(limit, parse);
  }
  return parse;
}

function bodyProblem(error: unknown, limit: number): unknown {
  const { status, type, code } = error as { status?: number; type?: string; code?: string };
  if (status === 413 || type === "entity.too.large") {
    return problems.PAYLOAD_TOO_LARGE(`The body may have ${limit} bytes at most.`);
  }
  // Z_: a compressed body that does not unpack.
  if (
    status === 400 ||
    error instanceof SyntaxError ||
    type?.startsWith("request.") === true ||
    code?.startsWith("Z_") === true
  ) {
    return problems.MALFORMED_BODY("The body is not what its Content-Type says.", { cause: error });
  }
  if (status === 415) return problems.UNSUPPORTED_MEDIA_TYPE("The body's encoding is not supported.", { cause: error });
  return error;
}

function fit(schema: z.ZodType | undefined, value: unknown, where: FieldError["in"], errors: FieldError[]): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  errors.push(...result.error.issues.flatMap((issue) => fieldErrors(issue, where)));
  return undefined;
}

function fieldErrors(issue: z.core.$ZodIssue, where: FieldError["in"]): FieldError[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      in: where,
      pointer: pointerTo([...issue.path, key]),
      detail: "is not a known field",
    }));
  }
  return [{ in: where, pointer: pointerTo(issue.path), detail: lowerFirst(issue.message) }];
}

/** An RFC 6901 JSON pointer. */
function pointerTo(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function refuseUnknownQuery(ctx: Context, errors: FieldError[]): void {
  for (const name of Object.keys(ctx.query)) {
    errors.push({ in: "query", pointer: pointerTo([name]), detail: "is not a known field" });
  }
}

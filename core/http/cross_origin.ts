import cors from "@koa/cors";
import type { Middleware } from "koa";

/** Headers that a page of another origin can read, beyond those that browsers always show. */
const exposeHeaders = [
  "Content-Disposition",
  "Content-Range",
  "Data-As-Of",
  "ETag",
  "Idempotency-Replayed",
  "Preference-Applied",
  "Location",
  "RateLimit-Limit",
  "RateLimit-Policy",
  "RateLimit-Remaining",
  "RateLimit-Reset",
  "Retry-After",
  "WWW-Authenticate",
  "X-Request-Id",
];

/**
 * Lets web pages of other origins call the API from a browser. Such a page sends its token like any other client;
 * cookies are not let in.
 * @param origins exact origins, such as `https://app.example.com`
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function crossOrigin(origins: readonly string[]): Middleware {
  const allowed = new Set(origins);
  const letIn = cors({
    origin: (ctx) => (allowed.has(ctx.get("Origin")) ? ctx.get("Origin") : ""),
    exposeHeaders,
    maxAge: 600,
  });
  return async (ctx, next) => {
    await letIn(ctx, next);
    // A route's own Vary replaces the one that was set before it.
    ctx.vary("Origin");
  };
}

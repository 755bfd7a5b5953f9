/** The Koa application: what every request passes, and the routes that the plugins declared. */
import Router from "@koa/router";
import Koa, { type Context } from "koa";
import compress from "koa-compress";
import helmet from "koa-helmet";
import { constants } from "node:zlib";
import { v7 } from "uuid";

import { Problem, problems } from "../errors.ts";
import type { Logger } from "../process/log.ts";
import type { Actor } from "./actor.ts";
import { crossOrigin } from "./cross_origin.ts";
import { dispatch, type DispatchServices, type MountedRoute } from "./dispatch.ts";
import { docsRoutes } from "./docs_page.ts";
import type { HttpMetrics } from "./metrics.ts";
import { openApiDocument } from "./openapi.ts";
import { packedFile } from "./packed.ts";
import { rank } from "./path_order.ts";
import { answerProblem } from "./problem_response.ts";
import type { RequestFacts } from "./route.ts";
import { type Screens, screensRoutes } from "./screens/routes.ts";

/** Counts the refusals of logged-in callers for the security log. */
export interface RefusalCounter {
  count(pluginId: string, refusal: CallRefusal): void;
}

interface CallRefusal {
  readonly kind: "call_refused";
  readonly actor: Actor;
  readonly request: Pick<RequestFacts, "id" | "address" | "headers">;
  readonly details: { readonly method: string; readonly route: string; readonly code: string };
}

export interface AppOptions extends Omit<DispatchServices, "operations"> {
  readonly routes: readonly MountedRoute[];
  readonly log: Logger;
  readonly refusals: RefusalCounter;
  readonly metrics: HttpMetrics;
  /** How many proxies before us are believed about the caller's address. */
  readonly trustedProxies: number;
  /** Pages of these origins may read the answers in a browser. */
  readonly corsOrigins: readonly string[];
  /** The browser app. */
  readonly screens: Screens;
  /** Throws where the process can't serve: answers `GET /health/ready`. */
  readonly ready: () => Promise<void>;
  /** Whether something is wrong that stops no request; `GET /health/ready` says so and stays 200. */
  readonly isDegraded: () => Promise<boolean>;
  /** Called with 1 when a request arrives. Called with -1 when it is answered, or its client and its work are gone. */
  readonly inFlight: (change: 1 | -1) => void;
}

interface State {
  requestId: string;
  /** The declared path, for logs and metrics: addresses with ids in them would be too many to count by. */
  route: string;
  actor?: Actor;
}

/** Builds the application; it listens nowhere yet. */
export function createApp(options: AppOptions): Koa {
  const app = new Koa({ proxy: options.trustedProxies > 0, maxIpsCount: options.trustedProxies });
  app.silent = true; // Every error is answered and logged below.
  app.use((ctx, next) => observe(options, ctx, next));
  app.use(
    helmet({ contentSecurityPolicy: { directives: { "script-src": ["'self'"], "upgrade-insecure-requests": null } } }),
  );
  app.use(compress({ threshold: 1024, br: false, gzip: { level: constants.Z_BEST_SPEED } }));
  if (options.corsOrigins.length > 0) app.use(crossOrigin(options.corsOrigins));
  // The core's own first: no plugin answers for it, whatever it declares.
  app.use(operationsRouter(options).routes());
  app.use(pluginRouter(options).routes());
  const allowedMethods = methodsByPath(options.routes);
  app.use((ctx) => {
    options.rateLimits.countAddress(ctx.ip, ctx);
    const allowed = allowedMethods(ctx.path);
    if (allowed.length === 0) throw problems.NOT_FOUND("There is nothing at this address.");
    throw problems.METHOD_NOT_ALLOWED(`Here you can ${allowed.join(", ")}.`, {
      headers: { Allow: allowed.join(", ") },
    });
  });
  return app;
}

/** Request id, log line, metrics, and the one place where errors become answers. */
async function observe(
  { log, metrics, inFlight, refusals }: AppOptions,
  ctx: Context,
  next: () => Promise<void>,
): Promise<void> {
  const state: State = ctx.state;
  const given = ctx.get("X-Request-Id");
  state.requestId = /^[\w.:-]{1,128}$/.test(given) ? given : v7();
  state.route = "";
  ctx.set("X-Request-Id", state.requestId);
  ctx.set("Cache-Control", "no-store");
  const started = performance.now();
  inFlight(1);
  try {
    await next();
  } catch (error) {
    answerProblem(ctx, error, state.requestId, log);
    countRefusal(refusals, ctx, error);
  } finally {
    inFlight(-1);
  }
  const { actor } = state;
  const ms = performance.now() - started;
  metrics.observe(ctx.method, state.route, ctx.status, ms / 1000);
  log.info(
    {
      request_id: state.requestId,
      method: ctx.method,
      route: state.route,
      status: ctx.status,
      ms: Math.round(ms * 10) / 10,
      ...(actor === undefined ? {} : { userId: actor.userId, tenantId: actor.tenantId }),
    },
    "request",
  );
}

/** Counts in the security log the refusals of a caller who is logged in: a missing permission, or too many calls. */
function countRefusal(refusals: RefusalCounter, ctx: Context, error: unknown): void {
  const { actor, route, requestId: id }: State = ctx.state;
  if (actor === undefined || !(error instanceof Problem) || ![401, 403, 429].includes(error.status)) return;
  refusals.count("core", {
    kind: "call_refused",
    actor,
    request: { id, address: ctx.ip, headers: ctx.headers },
    details: { method: ctx.method, route, code: error.code },
  });
}

function pluginRouter(options: AppOptions): Router {
  const router = new Router({ sensitive: true });
  const services: DispatchServices = {
    ...options,
    authenticate: (ctx) => rememberActor(options, ctx),
    operations: new Map(options.routes.map(({ route }) => [route.id, route])),
  };
  // Routes match in this order: where two do, the one with a word where the other has a parameter.
  const inOrder = [...options.routes].sort((a, b) =>
    rank(a.route.path) < rank(b.route.path) ? -1 : rank(a.route.path) > rank(b.route.path) ? 1 : 0,
  );
  for (const mounted of inOrder) {
    const { method, path } = mounted.route;
    router.register(
      // Without its last slash a path matches with and without one.
      path.replace(/\/$/, "").replaceAll(/\{(\w+)\}/g, ":$1"),
      method === "GET" ? ["HEAD", "GET"] : [method],
      async (ctx: Context) => {
        const state: State = ctx.state;
        state.route = path;
        const params: Record<string, string> = ctx["params"];
        await dispatch(mounted, services, params, factsOf(ctx, state));
      },
    );
  }
  return router;
}

/** Says who is calling, and notes it for the log. */
async function rememberActor(options: AppOptions, ctx: Context) {
  const actor = await options.authenticate(ctx);
  const state: State = ctx.state;
  if (actor !== undefined) state.actor = actor;
  return actor;
}

function factsOf(ctx: Context, state: State): RequestFacts {
  const gone = new AbortController();
  ctx.res.once("close", () => {
    if (!ctx.res.writableFinished) gone.abort();
  });
  return {
    id: state.requestId,
    address: ctx.ip,
    ifMatch: ctx.get("If-Match") || undefined,
    headers: ctx.headers,
    receivedAt: new Date(),
    signal: gone.signal,
    context: ctx,
  };
}

/** Makes the routes for operators and developers: health, metrics and the OpenAPI document. */
function operationsRouter(options: AppOptions): Router {
  const router = new Router();
  const document = Buffer.from(JSON.stringify(openApiDocument(options.routes.map(({ route }) => route))));
  router.get("/health/live", (ctx) => {
    ctx.body = { status: "live" };
  });
  router.get("/health/ready", async (ctx) => {
    try {
      await options.ready();
    } catch (cause) {
      throw problems.SERVICE_UNAVAILABLE("This process can't serve yet.", { cause });
    }
    // Anyone can call this, so the details are only in /metrics and in the log.
    const degraded = await options.isDegraded().catch(() => false);
    ctx.body = { status: "ready", ...(degraded ? { degraded } : {}) };
  });
  router.get("/metrics", async (ctx) => {
    ctx.type = options.metrics.contentType;
    ctx.body = await options.metrics.text();
  });
  router.get(
    "/openapi.json",
    packedFile("application/json", () => Promise.resolve(document)),
  );
  docsRoutes(router);
  screensRoutes(router, options.screens, options.routes);
  return router;
}

/** Which methods an address has. The patterns are made once: a stranger asks for addresses that are not there. */
function methodsByPath(routes: readonly MountedRoute[]): (path: string) => string[] {
  const patterns = routes.map(({ route: { path, method } }) => ({
    method,
    pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+").replace(/\/$/, "")}/?$`),
  }));
  return (path) => [
    ...new Set(patterns.filter(({ pattern }) => pattern.test(path)).map(({ method }): string => method)),
  ];
}

/** Serves the routes of a test with the HTTP application alone, without a database. */
import type { Server } from "node:http";

import { createApp, type AppOptions } from "../core/http/app.ts";
import { createMetrics } from "../core/http/metrics.ts";
import { createRateLimits } from "../core/http/limits/rate_limits.ts";
import type { Route } from "../core/http/route.ts";
import { createLogger } from "../core/process/log.ts";
import { TestClient } from "./client.ts";
import { noRefusals } from "./refusals.ts";

export interface ServedRoutes {
  readonly client: TestClient;
  close(): void;
}

/** Serves the routes on a free port. Without `knex` no transaction can be opened. */
export async function serveRoutes(routes: readonly Route[], options: Partial<AppOptions> = {}): Promise<ServedRoutes> {
  const app = createApp({
    inFlight: () => undefined,
    knex: {} as never,
    log: createLogger("silent"),
    metrics: createMetrics(),
    refusals: noRefusals,
    routes: routes.map((one) => ({ pluginId: "faulty", route: one })),
    authenticate: () => Promise.resolve(undefined),
    confirmActor: (_trx, actor) => Promise.resolve(actor.role),
    limiter: () => Promise.resolve(),
    rateLimits: createRateLimits({ user: 1e7, tenant: 1e7, address: 1e7 }),
    secret: "x".repeat(32),
    trustedProxies: 0,
    corsOrigins: [],
    screens: { plugins: [], built: undefined },
    isDegraded: () => Promise.resolve(false),
    ready: () => Promise.resolve(),
    ...options,
  });
  const server = await new Promise<Server>((resolve) => {
    const started: Server = app.listen(0, "127.0.0.1", () => resolve(started));
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { client: new TestClient(`http://127.0.0.1:${port}`), close: () => server.close() };
}

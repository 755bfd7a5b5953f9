/** Runs the HTTP server of the web process. It measures its requests, and finishes them before it closes. */
import { createServer, type Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import type { Platform } from "./boot.ts";
import { runTransaction } from "./db/database.ts";
import { poolState } from "./db/transaction.ts";
import { createApp } from "./http/app.ts";
import { readBuiltScreens } from "./http/screens/built_screens.ts";
import { openLive } from "./http/live/open_live.ts";
import { createRateLimits } from "./http/limits/rate_limits.ts";
import { createMetrics, type HttpMetrics } from "./http/metrics.ts";
import { createQueueWatch, hasTroubledQueue, type QueueState } from "./jobs/queue_status.ts";
import { coreRole } from "./db/role_names.ts";
import { cacheResult } from "./values/cache_result.ts";

/** A running HTTP server and its platform. */
export interface WebServer {
  readonly port: number;
  /** Stops listening, lets the requests in flight finish (25 s at most), and closes the platform. */
  close(): Promise<void>;
}

const drainMs = 25_000;

/** Limits the time to send a request. Without it, a client could keep a connection by sending a byte now and then. */
export interface RequestLimits {
  readonly headersMs: number;
  /** The time for the headers and the body. The largest body, 1 MiB, needs 280 kbit/s. */
  readonly wholeMs: number;
  /** The interval at which Node checks the connections. */
  readonly checkMs: number;
}

const requestLimits: RequestLimits = { headersMs: 15_000, wholeMs: 30_000, checkMs: 5_000 };

/** Starts the server on `PORT`. 0 means any free port. */
export async function serve(platform: Platform, limits = requestLimits): Promise<WebServer> {
  const { env, knex, log } = platform;
  const metrics = createMetrics();
  const { pool }: { pool: { numUsed(): number } } = knex.client;
  metrics.gauge("keyrack_database_connections_used", "Connections in use by this process.", () => pool.numUsed());
  metrics.gauge("keyrack_database_waiting", "Transactions that wait for a connection.", () => poolState(knex).waiting);
  metrics.gauge(
    "keyrack_database_refused",
    "Transactions that were refused because no connection came in time, since the start.",
    () => poolState(knex).refused,
  );
  const watchQueues = createQueueWatch(
    knex,
    platform.plugins.map(({ manifest }) => manifest),
    platform.here,
  );
  addQueueMetrics(metrics, watchQueues);
  for (const { pluginId, gauge } of platform.gauges) {
    const { name, help, label, read } = gauge;
    metrics.gauges(`keyrack_${pluginId}_${name}`, help, label, cacheResult(5_000, read));
  }
  const withScreens = platform.plugins.filter(({ manifest }) => manifest.web !== undefined);
  const built = await readBuiltScreens(withScreens.map(({ manifest: { id }, folder }) => ({ id, folder })));
  if (built === undefined) log.warn("the screens were not built. Remedy: npm run screens");
  const live = await openLive(platform, metrics);
  let requests = 0;
  const app = createApp({
    inFlight: (change) => {
      requests += change;
    },
    knex,
    log,
    metrics,
    routes: [...platform.routes, ...live.routes],
    authenticate: platform.authenticate,
    confirmActor: platform.confirmActor,
    limiter: platform.limiter,
    rateLimits: createRateLimits({
      user: env.USER_REQUESTS_PER_MINUTE,
      tenant: env.TENANT_REQUESTS_PER_MINUTE,
      address: env.ADDRESS_REQUESTS_PER_MINUTE,
    }),
    refusals: platform.refusals,
    secret: env.SECRET_KEY,
    trustedProxies: env.TRUSTED_PROXIES,
    corsOrigins: env.CORS_ORIGINS,
    screens: { built, plugins: withScreens.map(({ manifest: { id, web } }) => ({ id, calls: web?.calls ?? [] })) },
    ready: async () => {
      await runTransaction(knex, { role: coreRole }, (trx) => trx.raw("SELECT 1"), { readOnly: true });
    },
    isDegraded: async () => hasTroubledQueue(await watchQueues()),
  });
  const options = {
    headersTimeout: limits.headersMs,
    requestTimeout: limits.wholeMs,
    connectionsCheckingInterval: limits.checkMs,
  };
  const handle = app.callback();
  const server = await new Promise<Server>((resolve, reject) => {
    const listening = createServer(options, (request, response) => void handle(request, response));
    listening.once("error", reject).listen(env.PORT, env.HOST, () => resolve(listening));
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : env.PORT;
  log.info({ port }, "listening");
  return {
    port,
    close: async () => {
      // First, because an open stream would keep its connection.
      await live.close();
      await drain(server, () => requests);
      await platform.close();
    },
  };
}

function addQueueMetrics(metrics: HttpMetrics, watch: () => Promise<readonly QueueState[]>): void {
  const gauges: readonly (readonly [string, string, (state: QueueState) => number])[] = [
    ["keyrack_jobs_waiting", "Jobs that are not done and not dead, by queue.", ({ waiting }) => waiting],
    ["keyrack_jobs_failing", "Jobs that failed and are tried again, by queue.", ({ failing }) => failing],
    ["keyrack_jobs_dead", "Jobs that failed too often and wait for a person, by queue.", ({ dead }) => dead],
    [
      "keyrack_jobs_late_seconds",
      "How long the oldest job that can run has waited, by queue.",
      (of) => of.late_seconds,
    ],
  ];
  for (const [name, help, value] of gauges) {
    metrics.gauges(name, help, "queue", async () =>
      Object.fromEntries((await watch()).map((state) => [state.queue, value(state)])),
    );
  }
}

/** Waits for the connections to close, and for requests whose clients have hung up. */
async function drain(server: Server, requests: () => number): Promise<void> {
  const late = setTimeout(() => server.closeAllConnections(), drainMs);
  const closed = new Promise((resolve) => server.close(resolve));
  // Runs repeatedly, because a kept-alive connection becomes idle only after its last answer.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  await closed;
  clearInterval(idle);
  clearTimeout(late);
  for (const until = Date.now() + drainMs; requests() > 0 && Date.now() < until;) await sleep(20);
}

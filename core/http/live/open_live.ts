/** Connects the event streams of a web process to the changes that all processes announce. */
import type { Knex } from "knex";

import { runTransaction } from "../../db/database.ts";
import { listen } from "../../live/listener.ts";
import { coreRole } from "../../db/role_names.ts";
import { changesChannel, decodeChanges } from "../../live/change.ts";
import type { Logger } from "../../process/log.ts";
import type { ConfirmActor } from "../actor.ts";
import type { MountedRoute } from "../dispatch.ts";
import type { HttpMetrics } from "../metrics.ts";
import { liveRoute } from "./route.ts";
import { createLiveStreams } from "./streams.ts";

export interface LiveServices {
  readonly knex: Knex;
  readonly log: Logger;
  /** URL with the run-time login, for the connection that listens. */
  readonly loginUrl: string;
  readonly confirmActor: ConfirmActor;
  /** Every role of the platform. Without one no caller can log in, and there is no stream. */
  readonly roles: readonly string[];
}

export interface Live {
  readonly routes: readonly MountedRoute[];
  close(): Promise<void>;
}

export async function openLive(
  { knex, log, loginUrl, confirmActor, roles }: LiveServices,
  metrics: Pick<HttpMetrics, "gauge">,
): Promise<Live> {
  if (roles.length === 0) return { routes: [], close: () => Promise.resolve() };
  const streams = createLiveStreams({
    log,
    readRole: (actor) =>
      runTransaction(knex, { role: coreRole, tenantId: actor.tenantId }, (trx) => confirmActor(trx, actor)),
  });
  const listener = await listen({
    url: loginUrl,
    name: "web changes",
    channel: changesChannel,
    log,
    onNotify: (payload) => decodeChanges(payload).forEach(streams.publish),
    onConnect: streams.endAll,
  });
  metrics.gauge("keyrack_event_streams", "Open event streams of this process.", streams.count);
  return {
    routes: [{ pluginId: "core", route: liveRoute(streams, roles) }],
    close: async () => {
      streams.close();
      await listener.close();
    },
  };
}

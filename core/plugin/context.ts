/** Makes the context of a plugin from its manifest. `setup` and the operator's commands get it. */
import type { Knex } from "knex";

import { auditLogOf } from "../audit/log.ts";
import type { Refusals } from "../audit/refusals.ts";
import { dailyCounter } from "../db/daily_usage.ts";
import { databaseFor, type SnapshotSource, type Trx } from "../db/database.ts";
import { afterCommit } from "../db/transaction.ts";
import type { LoadedPlugin, PluginContext } from "./contract.ts";
import { forgetAnswers } from "../http/idempotency.ts";
import type { FileStore } from "../files/store.ts";
import { countsOf } from "../http/limits/counters.ts";
import { announceChange } from "../live/announce.ts";
import { enqueuerFor } from "../jobs/outbox.ts";
import type { Logger } from "../process/log.ts";
import { allowedOrigins, guardedFetch } from "./guarded_fetch.ts";

export function contextFor(
  { manifest }: LoadedPlugin,
  slice: Readonly<Record<string, unknown>>,
  files: FileStore | undefined,
  knex: Knex,
  log: Logger,
  refusals: Refusals,
  reports?: SnapshotSource,
): PluginContext {
  const { id, permissions } = manifest;
  // The manifest decides at run time which members exist. `PluginContext` names those of every manifest.
  return {
    id,
    env: slice,
    db: databaseFor(knex, id, permissions?.crossTenant !== undefined, reports),
    files,
    enqueue: enqueuerFor(manifest),
    announce: (trx: Trx, tenantId: string, topics: readonly string[]) => {
      const change = { tenantId, topics, ids: [], by: null, at: new Date().toISOString() };
      afterCommit(trx, (of) => announceChange(of, change));
    },
    audit: auditLogOf(id, refusals),
    forgetAnswers,
    fetch: guardedFetch(id, allowedOrigins(permissions?.net, slice)),
    countDaily: dailyCounter(id),
    counters: countsOf(knex, id),
    log: log.child({ plugin: id }),
  } as PluginContext;
}

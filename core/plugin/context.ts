/** A plugin's slice of the platform, made of its manifest: what `setup` gets, and an operator's command. */
import type { Knex } from "knex";

import { auditLogOf } from "../audit/log.ts";
import type { Refusals } from "../audit/refusals.ts";
import type { Blueprint } from "../boot.ts";
import { dailyCounter } from "../db/daily_usage.ts";
import { databaseFor, isOutage, openUnit, sqlStateOf, wrongPassword } from "../db/database.ts";
import { openPool } from "../db/pool.ts";
import type { LoadedPlugin } from "./discovery.ts";
import { forgetAnswers } from "../http/idempotency.ts";
import { runningServerUrl } from "../../embedded/running_server.ts";
import { stopOnFaults } from "../config/env.ts";
import type { FileStore } from "../files/store.ts";
import { countsOf } from "../http/limits/counters.ts";
import { enqueuerFor } from "../jobs/outbox.ts";
import type { Logger } from "../process/log.ts";
import { allowedOrigins, guardedFetch } from "./guarded_fetch.ts";
import { coreRole, urlAs } from "../db/role_names.ts";
import type { PluginContext } from "./contract.ts";

export function contextFor(
  { manifest }: LoadedPlugin,
  slice: Readonly<Record<string, unknown>>,
  files: FileStore | undefined,
  knex: Knex,
  log: Logger,
  refusals: Refusals,
): PluginContext {
  const { id, permissions } = manifest;
  return {
    id,
    env: slice,
    db: databaseFor(knex, id, permissions?.crossTenant !== undefined),
    files,
    enqueue: enqueuerFor(manifest),
    audit: auditLogOf(id, refusals),
    forgetAnswers,
    fetch: guardedFetch(id, allowedOrigins(permissions?.net, slice)),
    countDaily: dailyCounter(id),
    counters: countsOf(knex, id),
    log: log.child({ plugin: id }),
  } as PluginContext;
}

/** A pool as a login, to the database that the environment names or that an `npm start` runs on this machine. @throws BootError */
export async function openToolPool({ env }: Blueprint, login: string): Promise<Knex> {
  const address = env.DATABASE_URL ?? (await runningServerUrl(env.DATA_DIR));
  if (address === undefined)
    stopOnFaults(["DATABASE_URL is missing, and no npm start runs on DATA_DIR. Remedy: set it, or start one."]);
  const url = urlAs(address as string, login, env.SECRET_KEY);
  const knex = openPool({ url, max: 2, name: "keyrack cli" });
  try {
    await openUnit(knex, { role: coreRole }, (trx) => trx.raw("SELECT 1"), { readOnly: true });
    return knex;
  } catch (error) {
    await knex.destroy();
    if (sqlStateOf(error) === wrongPassword) {
      stopOnFaults([
        `${login} can't log in: its password is derived from SECRET_KEY. Remedy: this platform's SECRET_KEY, or npm run migrate.`,
      ]);
    }
    if (isOutage(error))
      stopOnFaults([
        `The database can't be reached (${(error as Error).message}). Remedy: start it, or correct DATABASE_URL.`,
      ]);
    throw error;
  }
}

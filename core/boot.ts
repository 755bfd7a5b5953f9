/** Discovers the plugins, checks everything that can be checked, wires each of them to its slice of the platform. */
import path from "node:path";
import type { Knex } from "knex";
import { setTimeout as sleep } from "node:timers/promises";

import { databaseFor, isOutage, openUnit, sqlStateOf, wrongPassword } from "./db/database.ts";
import { openPool } from "./db/pool.ts";
import { discoverPlugins, type LoadedPlugin } from "./discovery.ts";
import { type CoreEnv, readCoreEnv, readPluginEnv, stopOnFaults } from "./env.ts";
import { folderStore } from "./files/folder_store.ts";
import type { Authenticator } from "./http/actor.ts";
import { countsOf } from "./http/counts.ts";
import type { MountedRoute } from "./http/dispatch.ts";
import { forgetAnswers } from "./http/idempotency.ts";
import { createLimiter, type Limiter } from "./http/limiter.ts";
import type { JobHandler, Schedule } from "./jobs/job.ts";
import { enqueuerFor } from "./jobs/outbox.ts";
import { createLogger, type Logger } from "./log.ts";
import { allowedOrigins, guardedFetch } from "./net.ts";
import { coreRole, loginOf, urlAs } from "./permissions.ts";
import type { PluginContext, PluginParts } from "./plugin.ts";
import { checkParts, checkTables } from "./boot_checks.ts";
import { setUp } from "./set_up.ts";

/** Where the plugins that ship with Keyrack live. */
export const pluginsFolder = path.join(import.meta.dirname, "..", "plugins");

type Variables = Readonly<Record<string, string | undefined>>;

export interface Platform {
  readonly env: CoreEnv;
  readonly log: Logger;
  readonly knex: Knex;
  /** The database as the run-time login, for a connection that is no pool's. */
  readonly loginUrl: string;
  readonly plugins: readonly LoadedPlugin[];
  /** Of the plugins that this process runs (`PLUGINS`). */
  readonly routes: readonly MountedRoute[];
  readonly jobs: readonly { readonly pluginId: string; readonly handler: JobHandler }[];
  readonly schedules: readonly { readonly pluginId: string; readonly schedule: Schedule }[];
  /** The plugins whose jobs this process works, with how many at a time. */
  readonly queues: readonly { readonly pluginId: string; readonly concurrency: number }[];
  readonly authenticate: Authenticator;
  readonly limiter: Limiter;
  close(): Promise<void>;
}

/** The settings and plugins of a process, before anything is opened. */
export interface Blueprint {
  readonly env: CoreEnv;
  readonly plugins: readonly LoadedPlugin[];
  readonly slices: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

/**
 * Reads the environment and finds the plugins.
 * @throws BootError with every fault at once
 */
export async function readBlueprint(variables: Variables): Promise<Blueprint> {
  const faults: string[] = [];
  const env = readCoreEnv(variables, faults);
  const discovery = await discoverPlugins([pluginsFolder, ...(env?.PLUGIN_PATH ?? [])]);
  faults.push(...discovery.faults);
  const slices = new Map<string, Readonly<Record<string, unknown>>>();
  const here = discovery.plugins.map(({ manifest }) => manifest.id);
  for (const plugin of neededPlugins(discovery.plugins, env?.PLUGINS)) {
    slices.set(plugin.manifest.id, readPluginEnv(plugin, variables, env, faults));
  }
  const chosen = chosenIds(here, env?.PLUGINS);
  for (const word of env?.PLUGINS ?? []) {
    const id = chosen === env?.PLUGINS ? word : word.slice(1);
    if (!here.includes(id)) faults.push(`PLUGINS names "${id}", which is not here. Remedy: one of ${here.join(", ")}.`);
  }
  stopOnFaults(faults);
  return { env: { ...(env as CoreEnv), PLUGINS: chosen }, plugins: discovery.plugins, slices };
}

/**
 * Opens the database, sets every needed plugin up, and checks that all of it fits together.
 * @param name of the process, for logs and `pg_stat_activity`
 * @throws BootError with every fault at once
 */
export async function boot(name: string, variables: Variables): Promise<Platform> {
  const { env, plugins, slices } = await readBlueprint(variables);
  if (env.DATABASE_URL === undefined) {
    stopOnFaults([
      "DATABASE_URL is missing. Remedy: set it, or use `npm start`, which brings a PostgreSQL of its own.",
    ]);
  }
  const log = createLogger(env.LOG_LEVEL, { process: name });
  const login = loginOf(env.PLUGINS);
  const loginUrl = urlAs(env.DATABASE_URL as string, login, env.SECRET_KEY);
  const knex = openPool({
    url: loginUrl,
    max: env.DATABASE_POOL,
    name: `keyrack ${name}`,
  });
  const active = new Set(env.PLUGINS ?? plugins.map(({ manifest }) => manifest.id));
  const needed = neededPlugins(plugins, env.PLUGINS);
  const parts = new Map<string, PluginParts>();
  const close = async (): Promise<void> => {
    for (const part of [...parts.values()].reverse()) await part.close?.();
    await knex.destroy();
  };
  try {
    await whenReachable(log, login, () => openUnit(knex, { role: coreRole }, (trx) => checkTables(trx, plugins)));
    const faults: string[] = [];
    for (const plugin of needed) {
      const slice = slices.get(plugin.manifest.id) ?? {};
      const part = await setUp(plugin, contextFor(plugin, slice, knex, env, log), variables, faults);
      if (part !== undefined) parts.set(plugin.manifest.id, part);
    }
    // With a part missing, what the others lack would be told wrongly.
    stopOnFaults(faults);
    stopOnFaults(checkParts(needed, parts, new Set(plugins.map(({ manifest }) => manifest.id))));
  } catch (error) {
    await close();
    throw error;
  }
  const ofActive = <T>(read: (part: PluginParts) => readonly T[] | undefined): { pluginId: string; item: T }[] =>
    [...parts].flatMap(([pluginId, part]) =>
      active.has(pluginId) ? (read(part) ?? []).map((item) => ({ pluginId, item })) : [],
    );
  const authenticate = [...parts.values()].find((part) => part.authenticator !== undefined)?.authenticator;
  return {
    env,
    log,
    knex,
    loginUrl,
    plugins,
    routes: ofActive((part) => part.routes).map(({ pluginId, item }) => ({ pluginId, route: item })),
    jobs: ofActive((part) => part.jobs).map(({ pluginId, item }) => ({ pluginId, handler: item })),
    schedules: ofActive((part) => part.schedules).map(({ pluginId, item }) => ({ pluginId, schedule: item })),
    queues: ofActive((part) => ((part.jobs ?? part.schedules) === undefined ? [] : [part.concurrency ?? 8])).map(
      ({ pluginId, item }) => ({ pluginId, concurrency: item }),
    ),
    authenticate: authenticate ?? (() => Promise.resolve(undefined)),
    limiter: createLimiter(knex),
    close,
  };
}

/**
 * What a list of `PLUGINS` stands for: the plugins that it names or, where each has a minus before it, all but those. So
 * the processes of the Procfile have a place for a plugin that is dropped in.
 */
function chosenIds(here: readonly string[], list: string[] | undefined): string[] | undefined {
  if (list === undefined || list.length === 0 || !list.every((word) => word.startsWith("-"))) return list;
  return here.filter((id) => !list.includes(`-${id}`));
}

/**
 * The plugins that a process sets up: those that run in it (`active`; undefined: all) and those that these require. No
 * other's variables are read, and on Deno no other's are given to it.
 */
export function neededPlugins(plugins: readonly LoadedPlugin[], active: string[] | undefined): readonly LoadedPlugin[] {
  const chosen = chosenIds(
    plugins.map(({ manifest }) => manifest.id),
    active,
  );
  if (chosen === undefined) return plugins;
  const needed = new Set(chosen);
  // What a plugin requires stands before it.
  for (const { manifest } of [...plugins].reverse()) {
    if (needed.has(manifest.id)) for (const id of manifest.requires ?? []) needed.add(id);
  }
  return plugins.filter(({ manifest }) => needed.has(manifest.id));
}

function contextFor(
  { manifest }: LoadedPlugin,
  slice: Readonly<Record<string, unknown>>,
  knex: Knex,
  env: CoreEnv,
  log: Logger,
): PluginContext {
  const { id, permissions } = manifest;
  const location = permissions?.files?.location === undefined ? undefined : slice[permissions.files.location];
  return {
    id,
    env: slice,
    db: databaseFor(knex, id, permissions?.platform !== undefined),
    files:
      permissions?.files === undefined
        ? undefined
        : folderStore(typeof location === "string" ? path.resolve(location) : path.join(env.DATA_DIR, id)),
    enqueue: enqueuerFor(manifest),
    forgetAnswers,
    fetch: guardedFetch(id, allowedOrigins(permissions?.net, slice)),
    limit: countsOf(knex, id),
    log: log.child({ plugin: id }),
  } as PluginContext;
}

/** A database that is just starting is waited for; one that is not there after that is an error. */
async function whenReachable(log: Logger, login: string, work: () => Promise<void>): Promise<void> {
  const patience = 30;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (sqlStateOf(error) === wrongPassword) {
        stopOnFaults([
          `${login} can't log in: its password is derived from SECRET_KEY. Remedy: npm run migrate with this SECRET_KEY.`,
        ]);
      }
      if (!isOutage(error) || attempt === patience) throw error;
      log.warn({ err: error }, "the database can't be reached yet");
      await sleep(1000);
    }
  }
}

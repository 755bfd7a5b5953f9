/** Finds the plugins, checks everything that can be checked, and sets up each plugin with its own context. */
import type { Knex } from "knex";

import { createRefusals, type Refusals } from "./audit/refusals.ts";
import { isOutage, runTransaction, roleOf, sqlStateOf, wrongPassword } from "./db/database.ts";
import { openPool } from "./db/pool.ts";
import { createReportsDatabase, type ReportsDatabase, ReportsDatabaseFault } from "./db/reports_database.ts";
import { asRole } from "./db/transaction.ts";
import { chosenIds, type Discovery, discoverPlugins, isExclusion, pluginsFolder } from "./plugin/discovery.ts";
import type { LoadedPlugin, PluginGauge, PluginParts } from "./plugin/contract.ts";
import { type CoreEnv, failBoot, readCoreEnv, stopOnFaults, type Variables } from "./config/env.ts";
import { readPluginEnv } from "./plugin/plugin_env.ts";
import { faultsOfStore, openStore, refusalOf } from "./files/open_store.ts";
import type { FileStore } from "./files/store.ts";
import type { Authenticator, ConfirmActor } from "./http/actor.ts";
import type { MountedRoute } from "./http/dispatch.ts";
import { createLimiter, type Limiter } from "./http/limits/limiter.ts";
import type { JobHandler, Schedule } from "./jobs/job.ts";
import type { QueueId } from "./jobs/job_definition.ts";
import { createLogger, type Logger } from "./process/log.ts";
import { coreRole, loginOf, urlAs } from "./db/role_names.ts";
import { contextFor } from "./plugin/context.ts";
import { checkParts, checkTables } from "./plugin/checks.ts";
import { setUp } from "./plugin/setup.ts";
import { retry } from "./values/retry.ts";

/** Limits each SQL statement (ms). A request must be answered soon, and a job can read the data of years. */
const statementMs = { web: 10_000, worker: 120_000 };

export interface Platform {
  readonly env: CoreEnv & { readonly DATABASE_URL: string };
  readonly log: Logger;
  readonly knex: Knex;
  /** The URL of the database with the run-time login, for connections outside the pool. */
  readonly loginUrl: string;
  /** The plugins that this process runs, and those that they require. */
  readonly plugins: readonly LoadedPlugin[];
  /** The names of all installed plugins. */
  readonly here: readonly string[];
  /** The routes of the plugins that this process runs (`PLUGINS`). */
  readonly routes: readonly MountedRoute[];
  readonly jobs: readonly { readonly pluginId: string; readonly handler: JobHandler }[];
  readonly schedules: readonly { readonly pluginId: string; readonly schedule: Schedule }[];
  readonly gauges: readonly { readonly pluginId: string; readonly gauge: PluginGauge }[];
  /**
   * The queues whose jobs this process runs, with the number of jobs at a time. A plugin has one queue. It has two if
   * some of its jobs wait for the network (`waitsFor` in `jobs/job.ts`).
   */
  readonly queues: readonly (QueueId & {
    readonly concurrency: number;
    readonly background: boolean;
  })[];
  readonly authenticate: Authenticator;
  readonly confirmActor: ConfirmActor;
  /** Every role that the authenticator gives to a caller. Empty without one. */
  readonly roles: readonly string[];
  readonly limiter: Limiter;
  readonly refusals: Refusals;
  close(): Promise<void>;
}

/** The settings and plugins of a process, before anything is opened. */
export interface Blueprint {
  readonly env: CoreEnv;
  readonly plugins: readonly LoadedPlugin[];
  /** The names of all installed plugins. */
  readonly here: readonly string[];
  /** The environment variables of each plugin, by its id. */
  readonly slices: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

/** Finds the plugins in some folders. @param list `PLUGINS`, which limits the plugins that are loaded */
export type FindPlugins = (roots: readonly string[], list: readonly string[] | undefined) => Promise<Discovery>;

/** Loads every plugin, whatever `PLUGINS` says. A migration and a start of several processes need all of them. */
export const findAllPlugins: FindPlugins = (roots) => discoverPlugins(roots);

/**
 * Reads the environment and finds the plugins.
 * @throws BootError with every fault at once
 */
export async function readBlueprint(variables: Variables, find = findAllPlugins): Promise<Blueprint> {
  const { env, faults: ofCore } = readCoreEnv(variables);
  const discovery = await find([pluginsFolder, ...(env?.PLUGIN_PATH ?? [])], env?.PLUGINS);
  const faults = [...ofCore, ...discovery.faults];
  const slices = new Map<string, Readonly<Record<string, unknown>>>();
  const { here } = discovery;
  for (const plugin of neededPlugins(discovery.plugins, env?.PLUGINS)) {
    const { slice, faults: ofPlugin } = readPluginEnv(plugin, variables, env);
    slices.set(plugin.manifest.id, slice);
    faults.push(...ofPlugin);
    if (env !== undefined) faults.push(...faultsOfStore(plugin.manifest, slice, env));
  }
  const chosen = chosenIds(here, env?.PLUGINS);
  for (const word of env?.PLUGINS ?? []) {
    const id = isExclusion(env?.PLUGINS) ? word.slice(1) : word;
    if (!here.includes(id))
      faults.push(`PLUGINS names "${id}", which is not installed. Remedy: choose from ${here.join(", ")}.`);
  }
  if (env === undefined || faults.length > 0) failBoot(...faults);
  return {
    env: { ...env, PLUGINS: chosen === undefined ? undefined : [...chosen] },
    plugins: discovery.plugins,
    here,
    slices,
  };
}

/**
 * Opens the database, sets up every needed plugin, and checks the plugins against each other.
 * @param name the name of the process, for logs and `pg_stat_activity`
 * @throws BootError with every fault at once
 */
export async function boot(name: string, variables: Variables): Promise<Platform> {
  const { env, plugins, here, slices } = await readBlueprint(variables, discoverPlugins);
  const databaseUrl =
    env.DATABASE_URL ??
    failBoot("DATABASE_URL is missing. Remedy: set it, or run `npm start`, which starts its own PostgreSQL.");
  const log = createLogger(env.LOG_LEVEL, { process: name });
  const login = loginOf(env.PLUGINS);
  const loginUrl = urlAs(databaseUrl, login, env.SECRET_KEY);
  const limits = {
    max: env.DATABASE_POOL,
    ...(name === "web"
      ? { statementMs: statementMs.web, waitMs: env.DATABASE_WAIT_MS }
      : { statementMs: statementMs.worker }),
  };
  const knex = openPool({ ...limits, url: loginUrl, name: `keyrack ${name}` });
  const reports =
    env.REPORTS_DATABASE_URL === undefined
      ? undefined
      : createReportsDatabase(
          knex,
          openPool({
            ...limits,
            url: urlAs(env.REPORTS_DATABASE_URL, login, env.SECRET_KEY),
            name: `keyrack ${name} reports`,
          }),
        );
  const active = new Set(env.PLUGINS ?? plugins.map(({ manifest }) => manifest.id));
  const needed = neededPlugins(plugins, env.PLUGINS);
  const parts = new Map<string, PluginParts>();
  const refusals = createRefusals(knex, log);
  const close = async (): Promise<void> => {
    for (const part of [...parts.values()].reverse()) await part.close?.();
    await refusals.close();
    await reports?.close();
    await knex.destroy();
  };
  try {
    await whenReachable(log, login, () => runTransaction(knex, { role: coreRole }, (trx) => checkTables(trx, plugins)));
    const faults = reports === undefined ? [] : await faultsOfReports(reports, log);
    for (const plugin of needed) {
      const slice = slices.get(plugin.manifest.id) ?? {};
      const files = openStore(plugin.manifest, slice, env);
      faults.push(...(await refusalsOf(plugin, files, log)));
      const context = contextFor(plugin, slice, files, knex, log, refusals, reports);
      const outcome = await setUp(plugin, context, variables);
      if ("parts" in outcome) parts.set(plugin.manifest.id, outcome.parts);
      else faults.push(...outcome.faults);
    }
    // Stops before `checkParts`, which would report false faults if the parts of one plugin were missing.
    stopOnFaults(faults);
    stopOnFaults(checkParts(needed, parts, new Set(here)));
  } catch (error) {
    await close();
    throw error;
  }
  const ofActive = <T>(read: (part: PluginParts) => readonly T[] | undefined): { pluginId: string; item: T }[] =>
    [...parts].flatMap(([pluginId, part]) =>
      active.has(pluginId) ? (read(part) ?? []).map((item) => ({ pluginId, item })) : [],
    );
  const [authority, { authenticator: authenticate, confirmActor, roles = [] } = {}] =
    [...parts].find(([, part]) => part.authenticator !== undefined) ?? [];
  return {
    env: { ...env, DATABASE_URL: databaseUrl },
    log,
    knex,
    loginUrl,
    plugins,
    here,
    routes: ofActive((part) => part.routes).map(({ pluginId, item }) => ({ pluginId, route: item })),
    jobs: ofActive((part) => part.jobs).map(({ pluginId, item }) => ({ pluginId, handler: item })),
    schedules: ofActive((part) => part.schedules).map(({ pluginId, item }) => ({ pluginId, schedule: item })),
    gauges: ofActive((part) => part.gauges).map(({ pluginId, item }) => ({ pluginId, gauge: item })),
    queues: ofActive((part) => ((part.jobs ?? part.schedules) === undefined ? [] : [part])).flatMap(
      ({ pluginId, item }) => {
        const queue = { pluginId, concurrency: item.concurrency ?? 8, background: item.background === true };
        return waitsForNetwork(item) ? [queue, { ...queue, waitsFor: "network" as const }] : [queue];
      },
    ),
    authenticate: authenticate ?? (() => Promise.resolve(undefined)),
    confirmActor:
      authority === undefined || confirmActor === undefined
        ? (_trx, actor) => Promise.resolve(actor.role)
        : (trx, actor) => asRole(trx, roleOf(authority), () => confirmActor(trx, actor)),
    roles,
    limiter: createLimiter(knex),
    refusals,
    close,
  };
}

const waitsForNetwork = ({ jobs = [], schedules = [] }: PluginParts): boolean =>
  [...jobs.map(({ job }) => job), ...schedules].some(({ waitsFor }) => waitsFor === "network");

/**
 * Returns the plugins that a process sets up: the ones that run in it and the ones that these require. The process
 * reads the variables of these plugins only. On Deno, it gets no others.
 * @param active the plugins that run in the process. Undefined means all
 */
export function neededPlugins(plugins: readonly LoadedPlugin[], active: string[] | undefined): readonly LoadedPlugin[] {
  const chosen = chosenIds(
    plugins.map(({ manifest }) => manifest.id),
    active,
  );
  if (chosen === undefined) return plugins;
  const needed = new Set(chosen);
  // A required plugin comes before the plugins that require it, so the loop begins at the end.
  for (const { manifest } of [...plugins].reverse()) {
    if (needed.has(manifest.id)) for (const id of manifest.requires ?? []) needed.add(id);
  }
  return plugins.filter(({ manifest }) => needed.has(manifest.id));
}

/** Asks the plugin's store for access. An unreachable store is only logged, because few routes and jobs need it. */
async function refusalsOf(plugin: LoadedPlugin, files: FileStore | undefined, log: Logger): Promise<string[]> {
  try {
    const refusal = await refusalOf(plugin.manifest, files);
    return refusal === undefined ? [] : [refusal];
  } catch (error) {
    log.warn({ err: error, plugin: plugin.manifest.id }, "the file store can't be reached yet");
    return [];
  }
}

/** Checks the replica for reports. A wrong one stops the boot. One that is unreachable or lags is only logged. */
async function faultsOfReports(reports: ReportsDatabase, log: Logger): Promise<string[]> {
  try {
    await reports.check();
  } catch (error) {
    if (!(error instanceof ReportsDatabaseFault)) throw error;
    if (!error.retryable) return [error.message];
    log.warn({ err: error }, "the database for reports can't be used yet, and reports wait for it");
  }
  return [];
}

/** Waits up to 30 s for a database that is starting. @throws the last error if the database is still unreachable */
async function whenReachable(log: Logger, login: string, work: () => Promise<void>): Promise<void> {
  try {
    await retry(work, {
      attempts: 30,
      firstPauseMs: 1000,
      maxPauseMs: 1000,
      jitter: 0,
      isRetryable: (error) => isOutage(error) && sqlStateOf(error) !== wrongPassword,
      onRetry: (error) => log.warn({ err: error }, "the database can't be reached yet"),
    });
  } catch (error) {
    if (sqlStateOf(error) === wrongPassword) {
      failBoot(
        `${login} can't log in, because its password is derived from SECRET_KEY. ` +
          "Remedy: run `npm run migrate` with this SECRET_KEY.",
      );
    }
    throw error;
  }
}

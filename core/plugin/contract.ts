/**
 * Declares the contract between the core and a plugin.
 *
 * A plugin is one folder. Its `manifest.ts` is data that lists the plugin's permissions. The same data is the type of
 * the context that `setup` gets. Code that uses anything else neither compiles nor runs. A plugin's `mod.ts` ends with
 * `export default definePlugin({ manifest, setup: (ctx) => ({ routes: routes(ctx), jobs: [...] }) })`.
 */
import type * as z from "zod";

import type { AuditLog } from "../audit/log.ts";
import type { CountDaily } from "../db/daily_usage.ts";
import type { Database, Trx } from "../db/database.ts";
import type { FileStore } from "../files/store.ts";
import type { Authenticator, ConfirmActor } from "../http/actor.ts";
import type { Counts } from "../http/limits/counters.ts";
import type { Route } from "../http/route.ts";
import type { JobHandler, Schedule } from "../jobs/job.ts";
import type { JobDefinition } from "../jobs/job_definition.ts";
import type { Logger } from "../process/log.ts";
import type { Manifest } from "./manifest.ts";

type EnvOf<M extends Manifest> = M["permissions"] extends { env: infer E extends Record<string, z.ZodType> }
  ? { readonly [Name in keyof E]: z.output<E[Name]> }
  : Readonly<Record<never, never>>;

type JobsOf<M extends Manifest> = M["permissions"] extends { jobs: readonly (infer J extends JobDefinition)[] }
  ? J
  : never;

/** Puts a job into the outbox in the caller's transaction. The job exists if and only if the transaction commits. */
export type Enqueue<Jobs extends JobDefinition> = <J extends Jobs>(
  trx: Trx,
  job: J,
  payload: z.input<J["payload"]>,
) => Promise<string>;

/** The parts of the platform that `setup` gets. They are limited by the plugin's manifest. */
export interface PluginContext<M extends Manifest = Manifest> {
  readonly id: M["id"];
  readonly env: EnvOf<M>;
  readonly db: M["permissions"] extends { crossTenant: string } ? Database : Omit<Database, "crossTenant">;
  readonly files: M["permissions"] extends { files: object } ? FileStore : undefined;
  readonly enqueue: Enqueue<JobsOf<M>>;
  /**
   * Announces a change to the event streams of a tenant, once the transaction has committed. Routes and jobs of a
   * tenant announce their changes without it. It is for schedules, and for work over several tenants.
   */
  readonly announce: (trx: Trx, tenantId: string, topics: readonly string[]) => void;
  /** The security log, which a manager reads at `GET /audit`. */
  readonly audit: AuditLog;
  /** Deletes the tenant's stored idempotent answers that contain one of these ids, in the caller's transaction. */
  readonly forgetAnswers: (trx: Trx, ids: readonly string[]) => Promise<void>;
  /** `fetch` that refuses every host that the manifest does not name. */
  readonly fetch: typeof fetch;
  /**
   * Counts one use of a kind on this day (UTC), or reads the count. To count must be the last statement of the
   * caller's transaction.
   */
  readonly countDaily: CountDaily;
  /** Counters for rate limits, shared by all processes. */
  readonly counters: Counts;
  readonly log: Logger;
}

/** Declares numbers for Prometheus. `/metrics` of a web process shows them as `keyrack_<plugin>_<name>`. */
export interface PluginGauge {
  readonly name: string;
  readonly help: string;
  /** The name of the label, such as `status`. */
  readonly label: string;
  /** Returns a number for each value of the label. It is called every 5 s at most. */
  readonly read: () => Promise<Readonly<Record<string, number>>>;
}

/** The result of `setup`. */
export interface PluginParts {
  readonly routes?: readonly Route[];
  readonly jobs?: readonly JobHandler[];
  readonly schedules?: readonly Schedule[];
  readonly gauges?: readonly PluginGauge[];
  /**
   * The number of jobs that a worker process runs at a time. The same number of jobs that wait for the network can run
   * beside them. Default: 8.
   */
  readonly concurrency?: number;
  /** Marks long jobs that can wait. A process that runs only such plugins lowers its scheduling priority. */
  readonly background?: boolean;
  /** Identifies the caller of a request. Exactly one plugin of a platform has it. */
  readonly authenticator?: Authenticator;
  /** Confirms in the transaction of a write that the caller can still make it. The authenticator's plugin has it. */
  readonly confirmActor?: ConfirmActor;
  /** Lists every role that the authenticator can return. A route for another role stops the boot. */
  readonly roles?: readonly string[];
  /** Closes what `setup` opened. */
  readonly close?: () => Promise<void>;
}

export interface Plugin {
  readonly manifest: Manifest;
  readonly setup: (ctx: never) => PluginParts | Promise<PluginParts>;
}

/** A plugin and its folder. */
export interface LoadedPlugin {
  readonly manifest: Manifest;
  readonly setup: Plugin["setup"];
  readonly folder: string;
}

/** Defines a plugin. The type of the context that `setup` gets follows from the manifest. */
export function definePlugin<const M extends Manifest>(plugin: {
  readonly manifest: M;
  readonly setup: (ctx: PluginContext<M>) => PluginParts | Promise<PluginParts>;
}): Plugin {
  return plugin;
}

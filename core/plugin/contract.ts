/**
 * The contract between the core and a plugin.
 *
 * A plugin is one folder. Its `manifest.ts` is data that says what the plugin may touch; the same data is the type of
 * the context that its `setup` gets, so what the manifest does not name neither compiles nor runs:
 *
 *     export default definePlugin({ manifest, setup: (ctx) => ({ routes: routes(ctx), jobs: [...] }) });
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

/** Puts a job into the outbox, in the caller's transaction: it exists if and only if that commits. */
export type Enqueue<Jobs extends JobDefinition> = <J extends Jobs>(
  trx: Trx,
  job: J,
  payload: z.input<J["payload"]>,
) => Promise<string>;

/** What `setup` gets: the plugin's slice of the platform and nothing beside it. */
export interface PluginContext<M extends Manifest = Manifest> {
  readonly id: M["id"];
  readonly env: EnvOf<M>;
  readonly db: M["permissions"] extends { crossTenant: string } ? Database : Omit<Database, "crossTenant">;
  readonly files: M["permissions"] extends { files: object } ? FileStore : undefined;
  readonly enqueue: Enqueue<JobsOf<M>>;
  /**
   * Announces a change to the event streams of a tenant, once the transaction has committed. Routes and jobs of a tenant
   * announce their changes without it. It is for schedules, and for work over several tenants.
   */
  readonly announce: (trx: Trx, tenantId: string, topics: readonly string[]) => void;
  /** The security log, which a manager reads at `GET /audit`. */
  readonly audit: AuditLog;
  /** Deletes the tenant's stored idempotent answers in which one of these ids stands, in the caller's transaction. */
  readonly forgetAnswers: (trx: Trx, ids: readonly string[]) => Promise<void>;
  /** `fetch` that refuses every host that the manifest does not name. */
  readonly fetch: typeof fetch;
  /**
   * Counts one use of a kind on this day (UTC), in the caller's transaction and as its last statement; or reads the
   * count.
   */
  readonly countDaily: CountDaily;
  /** Counts of what comes too often, shared by all processes. */
  readonly counters: Counts;
  readonly log: Logger;
}

/** Numbers for Prometheus, in `/metrics` of a web process as `keyrack_<plugin>_<name>`. */
export interface PluginGauge {
  readonly name: string;
  readonly help: string;
  /** What the numbers are told apart by: `status`. */
  readonly label: string;
  /** Called every few seconds at most. Gives a number for each value of the label. */
  readonly read: () => Promise<Readonly<Record<string, number>>>;
}

/** What `setup` gives back. */
export interface PluginParts {
  readonly routes?: readonly Route[];
  readonly jobs?: readonly JobHandler[];
  readonly schedules?: readonly Schedule[];
  readonly gauges?: readonly PluginGauge[];
  /**
   * How many of its jobs a worker process runs at a time, and how many beside them that wait for the network; default
   * 8.
   */
  readonly concurrency?: number;
  /** Its jobs take long and can wait: a process that runs no others lets everybody else on the machine go first. */
  readonly background?: boolean;
  /** Says who is calling. Exactly one plugin of a platform has it. */
  readonly authenticator?: Authenticator;
  /** Beside the authenticator: says in the transaction of a write whether the caller may still make it. */
  readonly confirmActor?: ConfirmActor;
  /** Beside the authenticator: every role that it gives to a caller. A route for another one stops the boot. */
  readonly roles?: readonly string[];
  /** Closes what `setup` opened. */
  readonly close?: () => Promise<void>;
}

export interface Plugin {
  readonly manifest: Manifest;
  readonly setup: (ctx: never) => PluginParts | Promise<PluginParts>;
}

/** A plugin and where it was found. */
export interface LoadedPlugin {
  readonly manifest: Manifest;
  readonly setup: Plugin["setup"];
  readonly folder: string;
}

/** Ties a manifest to a `setup` that gets exactly the context which the manifest asks for. */
export function definePlugin<const M extends Manifest>(plugin: {
  readonly manifest: M;
  readonly setup: (ctx: PluginContext<M>) => PluginParts | Promise<PluginParts>;
}): Plugin {
  return plugin;
}

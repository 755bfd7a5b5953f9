/**
 * What a plugin is and may touch: plain data, which the database's grants, the checks of a boot and the types are made
 * of.
 */
import type * as z from "zod";

import type { JobDefinition } from "../jobs/job_definition.ts";

/** Columns that a privilege covers, or `"*"` for the whole table. */
export type Columns = "*" | readonly string[];

/** What a plugin may do to a table or view of another plugin's schema. */
export interface TableGrant {
  readonly select?: Columns;
  readonly insert?: Columns;
  readonly update?: Columns;
  readonly delete?: true;
}

/** What a plugin may do. Everything that is absent is denied. */
export interface Permissions {
  /**
   * Environment variables, each with the schema that it must fit. `.meta({ localSecret: "prefix" })` marks one that a
   * machine which is not in production makes up for itself where it is not set.
   */
  readonly env?: Readonly<Record<string, z.ZodType>>;
  /**
   * Hosts that it may call by https, as `host` or `host:port`; `{ env: NAME }` stands for the origin of that
   * variable's URL.
   */
  readonly net?: readonly (string | { readonly env: string })[];
  /** Tables and views of other plugins, as `schema.table`. */
  readonly tables?: Readonly<Record<string, TableGrant>>;
  /** Jobs that it may enqueue, its own and others'. */
  readonly jobs?: readonly JobDefinition[];
  /** Work across tenants, with the reason for it. */
  readonly crossTenant?: string;
  /**
   * A private store of files: why, and the variable that says where, a folder or `s3://…` (default: a folder under
   * DATA_DIR).
   */
  readonly files?: { readonly reason: string; readonly location?: string };
  /** Functions of its own schema that run as the owner of the database, past the walls: name -> the reason. */
  readonly definers?: Readonly<Record<string, string>>;
}

/** A plugin's identity and permissions: plain data, checked at boot. */
export interface Manifest {
  /** The name of its folder, of its PostgreSQL schema, and of its queue. */
  readonly id: string;
  /** One line for a reader of `npm run permissions`. */
  readonly summary: string;
  /** Plugins whose `port.ts` it may import. */
  readonly requires?: readonly string[];
  /** Screens in the browser (`web/mod.tsx`). Absent: none. */
  readonly web?: {
    /** Ids of the operations that the screens can call: its own, and those of plugins that it requires. */
    readonly calls: readonly string[];
  };
  readonly permissions?: Permissions;
}

/** Keeps a manifest's literal types, which are what the context is made of. */
export function defineManifest<const M extends Manifest>(manifest: M): M {
  return manifest;
}

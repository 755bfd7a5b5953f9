/**
 * Declares a plugin and its permissions as plain data. The grants in the database, the checks at boot and the types of
 * the context are made from it.
 */
import type * as z from "zod";

import type { JobDefinition } from "../jobs/job_definition.ts";

/** Columns that a privilege covers, or `"*"` for the whole table. */
export type Columns = "*" | readonly string[];

/** The privileges of a plugin on a table or view of another plugin. */
export interface TableGrant {
  readonly select?: Columns;
  readonly insert?: Columns;
  readonly update?: Columns;
  readonly delete?: true;
}

/** The permissions of a plugin. Everything that is absent is denied. */
export interface Permissions {
  /**
   * Environment variables, each with the schema of its value. `.meta({ localSecret: "prefix" })` marks a secret.
   * Outside production, a random value is used if it is not set.
   */
  readonly env?: Readonly<Record<string, z.ZodType>>;
  /**
   * Hosts that it can call by https, as `host` or `host:port`. `{ env: NAME }` means the origin of the URL in that
   * variable.
   */
  readonly net?: readonly (string | { readonly env: string })[];
  /** Tables and views of other plugins, as `schema.table`. */
  readonly tables?: Readonly<Record<string, TableGrant>>;
  /** Jobs that it can enqueue, its own and those of other plugins. */
  readonly jobs?: readonly JobDefinition[];
  /** Allows work across tenants, with the reason for it. */
  readonly crossTenant?: string;
  /**
   * A private store of files, with the reason for it. `location` names the variable that contains a folder or
   * `s3://…`. The default is a folder under DATA_DIR.
   */
  readonly files?: { readonly reason: string; readonly location?: string };
  /** Functions of its schema that run as the database's owner, without tenant isolation. Each name has its reason. */
  readonly definers?: Readonly<Record<string, string>>;
}

/** The name and the permissions of a plugin. The boot checks them. */
export interface Manifest {
  /** The name of its folder, of its PostgreSQL schema, and of its queue. */
  readonly id: string;
  /** One line for a reader of `npm run permissions`. */
  readonly summary: string;
  /** Plugins whose `port.ts` it can import. */
  readonly requires?: readonly string[];
  /** Screens in the browser (`web/mod.tsx`). Absent: none. */
  readonly web?: {
    /** Ids of the operations that the screens can call: its own, and those of plugins that it requires. */
    readonly calls: readonly string[];
  };
  readonly permissions?: Permissions;
}

/** Keeps the literal types of a manifest, from which the type of the context is made. */
export function defineManifest<const M extends Manifest>(manifest: M): M {
  return manifest;
}

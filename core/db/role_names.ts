/**
 * Names the PostgreSQL roles of the core and of the plugins. PostgreSQL refuses any access that a manifest does not
 * name (42501), even if the plugin's code is wrong. Most names are older than the code's words (decision 2).
 *
 *     keyrack_gate               the run-time login, which owns and inherits nothing and can only switch to other roles
 *     keyrack_gate_<plugin>      the same for a process of one plugin: its roles, its required plugins' tenant roles
 *     keyrack_core               the core's own tables (outbox, idempotency keys, rate limits)
 *     keyrack_<plugin>           one plugin inside one tenant
 *     keyrack_<plugin>_platform  the same plugin across tenants, if its manifest asks for that
 *     keyrack_platform           the group of cross-tenant roles, which the `platform_work` policies accept
 *     keyrack_queue              the login of BullMQ's PostgreSQL store
 */
import { createHmac } from "node:crypto";

import { crossTenantRoleOf, roleOf } from "./database.ts";
import type { Manifest } from "../plugin/manifest.ts";

export const loginRole = "keyrack_gate";
export const coreRole = "keyrack_core";
export const queueRole = "keyrack_queue";
export const platformGroup = "keyrack_platform";

/** Returns the run-time login of a process. A process of one plugin has a login with fewer roles. */
export function loginOf(activePlugins: readonly string[] | undefined): string {
  const [only, ...more] = activePlugins ?? [];
  return only === undefined || more.length > 0 ? loginRole : loginRoleOf(only);
}

export const loginRoleOf = (pluginId: string): string => `${loginRole}_${pluginId}`;

/** The schema of BullMQ's PostgreSQL tables. */
export const queueSchema = "bullmq";

/** Derives the password of a run-time login from the platform's secret, so that no password is stored or handed out. */
export function rolePassword(role: string, secret: string): string {
  return createHmac("sha256", secret).update(`keyrack role ${role}`).digest("base64url");
}

/** Returns the URL of the same database with another login. */
export function urlAs(url: string, role: string, secret: string): string {
  const other = new URL(url);
  other.username = role;
  other.password = rolePassword(role, secret);
  return other.href;
}

/** Returns the URL without a login. A run-time process derives its own login's password and needs no other one. */
export function withoutLogin(url: string): string {
  const other = new URL(url);
  other.username = "";
  other.password = "";
  return other.href;
}

/** Returns the roles that a plugin runs as. */
export function rolesOf(manifest: Manifest): string[] {
  const platform = manifest.permissions?.crossTenant !== undefined;
  return [roleOf(manifest.id), ...(platform ? [crossTenantRoleOf(manifest.id)] : [])];
}

/**
 * Turns the manifests into PostgreSQL roles and grants. Below our own code, PostgreSQL refuses what a manifest does not
 * name (42501), whatever the plugin's code does.
 *
 *     keyrack_gate               the run-time login: owns nothing, inherits nothing, may only switch to the roles below
 *     keyrack_gate_<plugin>      the same for a process that runs one plugin: may switch to it, and to what it requires inside a tenant
 *     keyrack_core               the core's own tables (outbox, idempotency keys, rate limits)
 *     keyrack_<plugin>           one plugin inside one tenant
 *     keyrack_<plugin>_platform  the same plugin across tenants, where its manifest asks for that
 *     keyrack_platform           a group: whom the `platform_work` policies let past the tenant wall
 *     keyrack_queue              the login of BullMQ's PostgreSQL store
 */
import { createHmac } from "node:crypto";

import { crossTenantRoleOf, roleOf } from "./database.ts";
import type { Manifest } from "../plugin/manifest.ts";

export const loginRole = "keyrack_gate";
export const coreRole = "keyrack_core";
export const queueRole = "keyrack_queue";
export const platformGroup = "keyrack_platform";

/** The run-time login of a process: narrow where it runs one plugin. */
export function loginOf(activePlugins: readonly string[] | undefined): string {
  const [only, ...more] = activePlugins ?? [];
  return only === undefined || more.length > 0 ? loginRole : loginRoleOf(only);
}

export const loginRoleOf = (pluginId: string): string => `${loginRole}_${pluginId}`;

/** The schema that BullMQ keeps its PostgreSQL tables in. */
export const queueSchema = "bullmq";

/** The password of a run-time login, derived from the platform's secret, so that there is none to store or to hand out. */
export function rolePassword(role: string, secret: string): string {
  return createHmac("sha256", secret).update(`keyrack role ${role}`).digest("base64url");
}

/** The URL of the same database, as another login. */
export function urlAs(url: string, role: string, secret: string): string {
  const other = new URL(url);
  other.username = role;
  other.password = rolePassword(role, secret);
  return other.href;
}

/** The URL of the same database for a run-time process, which derives its login's password and needs nobody else's. */
export function withoutLogin(url: string): string {
  const other = new URL(url);
  other.username = "";
  other.password = "";
  return other.href;
}

/** The roles that a plugin works as. */
export function rolesOf(manifest: Manifest): string[] {
  const platform = manifest.permissions?.crossTenant !== undefined;
  return [roleOf(manifest.id), ...(platform ? [crossTenantRoleOf(manifest.id)] : [])];
}

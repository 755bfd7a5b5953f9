/**
 * Turns the manifests into PostgreSQL roles and grants. Below our own code, PostgreSQL refuses what a manifest does not
 * name (42501), whatever the plugin's code does.
 *
 *     keyrack_gate               the run-time login: owns nothing, inherits nothing, may only switch to the roles below
 *     keyrack_core               the core's own tables (outbox, idempotency keys, rate limits)
 *     keyrack_<plugin>           one plugin inside one tenant
 *     keyrack_<plugin>_platform  the same plugin across tenants, where its manifest asks for that
 *     keyrack_platform           a group: whom the `platform_work` policies let past the tenant wall
 *     keyrack_queue              the login of BullMQ's PostgreSQL store
 */
import { createHmac } from "node:crypto";

import type { Knex } from "knex";

import { platformRoleOf, roleOf } from "./db/database.ts";
import type { LoadedPlugin } from "./discovery.ts";
import type { Columns, Manifest } from "./plugin.ts";

export const gateRole = "keyrack_gate";
export const coreRole = "keyrack_core";
export const queueRole = "keyrack_queue";
const platformGroup = "keyrack_platform";

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

/** The roles that a plugin works as. */
export function rolesOf(manifest: Manifest): string[] {
  const platform = manifest.permissions?.platform !== undefined;
  return [roleOf(manifest.id), ...(platform ? [platformRoleOf(manifest.id)] : [])];
}

/** Makes the roles that are missing. Before the migrations, because policies name some of them. */
export async function createRoles(owner: Knex, plugins: readonly LoadedPlugin[], secret: string): Promise<void> {
  const memberRoles = [coreRole, ...plugins.flatMap(({ manifest }) => rolesOf(manifest))];
  const sql: string[] = [platformGroup, ...memberRoles].map((role) => createRole(role, "NOLOGIN"));
  for (const login of [gateRole, queueRole]) {
    sql.push(createRole(login, "LOGIN NOINHERIT"));
    sql.push(`ALTER ROLE ${login} LOGIN NOINHERIT PASSWORD '${rolePassword(login, secret)}';`);
  }
  sql.push(`GRANT ${memberRoles.join(", ")} TO ${gateRole};`);
  // An owner that is no superuser (a managed database's) would see no row behind the forced walls, so that a migration's
  // UPDATE would change nothing and pg_dump would save nothing; nor could it grant what BullMQ makes as its queue's role.
  sql.push(`GRANT ${platformGroup}, ${queueRole} TO CURRENT_USER;`);
  for (const { manifest } of plugins) {
    if (manifest.permissions?.platform !== undefined) {
      sql.push(`GRANT ${platformGroup} TO ${platformRoleOf(manifest.id)};`);
    }
  }
  await owner.transaction((trx) => trx.raw(sql.join("\n")));
}

function createRole(role: string, attributes: string): string {
  return `DO $$ BEGIN CREATE ROLE ${role} ${attributes};
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;`;
}

/** Takes every grant away and gives anew what the manifests name, in one transaction: what left a manifest is revoked. */
export async function applyPermissions(owner: Knex, plugins: readonly LoadedPlugin[]): Promise<void> {
  const schemas = ["core", ...plugins.map(({ manifest }) => manifest.id)];
  const roles = [coreRole, ...plugins.flatMap(({ manifest }) => rolesOf(manifest))];
  const sql = [
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
    ...schemas.map((schema) => `REVOKE ALL ON ALL TABLES IN SCHEMA "${schema}" FROM ${roles.join(", ")};`),
    ...schemas.map((schema) => `REVOKE ALL ON SCHEMA "${schema}" FROM ${roles.join(", ")};`),
    `GRANT USAGE ON SCHEMA core TO ${roles.join(", ")};`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON core.outbox, core.idempotency_keys, core.rate_limits TO ${coreRole};`,
    `GRANT SELECT ON core.job_permissions, core.queue_owners TO ${roles.join(", ")};`,
    "DELETE FROM core.job_permissions;",
    "DELETE FROM core.queue_owners;",
    ...plugins.flatMap(({ manifest }) => rolesOf(manifest).flatMap((role) => grantsFor(manifest, role))),
  ];
  await owner.transaction((trx) => trx.raw(sql.join("\n")));
}

function grantsFor(manifest: Manifest, role: string): string[] {
  const { id, permissions } = manifest;
  const foreign = Object.entries(permissions?.tables ?? {});
  return [
    `GRANT USAGE ON SCHEMA "${id}" TO ${role};`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${id}" TO ${role};`,
    `REVOKE ALL ON "${id}".migrations, "${id}".migrations_lock FROM ${role};`,
    ...foreign.map(([table]) => `GRANT USAGE ON SCHEMA ${quoteName(table).split(".")[0]} TO ${role};`),
    ...foreign.flatMap(([table, grant]) => [
      ...privilege("SELECT", grant.select, table, role),
      ...privilege("INSERT", grant.insert, table, role),
      ...privilege("UPDATE", grant.update, table, role),
      ...(grant.delete === true ? [`GRANT DELETE ON ${quoteName(table)} TO ${role};`] : []),
    ]),
    `GRANT SELECT, INSERT ON core.idempotency_keys TO ${role};`,
    // FOR UPDATE wants one updatable column; the policy lets no plugin's role change a row all the same.
    `GRANT SELECT, INSERT (job_id, job, tenant_id, payload), UPDATE (attempts), DELETE ON core.outbox TO ${role};`,
    ...(permissions?.jobs ?? []).map((job) => `INSERT INTO core.job_permissions VALUES ('${role}', '${job.name}');`),
    `INSERT INTO core.queue_owners VALUES ('${role}', '${id}');`,
  ];
}

function privilege(verb: string, columns: Columns | undefined, table: string, role: string): string[] {
  if (columns === undefined) return [];
  const list = columns === "*" ? "" : ` (${columns.map(quoteName).join(", ")})`;
  return [`GRANT ${verb}${list} ON ${quoteName(table)} TO ${role};`];
}

function quoteName(name: string): string {
  if (!/^[a-z_][a-z0-9_.]*$/.test(name)) throw new Error(`${JSON.stringify(name)} is no name of a table or column.`);
  return name
    .split(".")
    .map((part) => `"${part}"`)
    .join(".");
}

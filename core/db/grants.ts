/** The SQL that makes PostgreSQL's roles and grants be what the manifests say (see `core/permissions.ts`). */
import type { Knex } from "knex";

import type { LoadedPlugin } from "../discovery.ts";
import {
  coreRole,
  gateRole,
  gateRoleOf,
  platformGroup,
  queueRole,
  queueSchema,
  rolePassword,
  rolesOf,
} from "../permissions.ts";
import type { Columns, Manifest } from "../plugin.ts";
import { platformRoleOf } from "./database.ts";

/** Makes the roles that are missing. Before the migrations, because policies name some of them. */
export async function createRoles(owner: Knex, plugins: readonly LoadedPlugin[], secret: string): Promise<void> {
  const memberRoles = [coreRole, ...plugins.flatMap(({ manifest }) => rolesOf(manifest))];
  const sql: string[] = [platformGroup, ...memberRoles].map((role) => createRole(role, "NOLOGIN"));
  const logins = new Map([
    [gateRole, memberRoles],
    [queueRole, []],
  ]);
  for (const { manifest } of plugins) logins.set(gateRoleOf(manifest.id), [coreRole, ...reachOf(manifest.id, plugins)]);
  for (const [login, members] of logins) {
    sql.push(createRole(login, "LOGIN NOINHERIT"));
    sql.push(`ALTER ROLE ${login} LOGIN NOINHERIT PASSWORD '${rolePassword(login, secret)}';`);
    if (members.length > 0) sql.push(`GRANT ${members.join(", ")} TO ${login};`);
    const others = memberRoles.filter((role) => !members.includes(role));
    if (others.length > 0) sql.push(leave(login, others));
  }
  // An owner that is no superuser (a managed database's) would see no row behind the forced walls, so that a migration's
  // UPDATE would change nothing and pg_dump would save nothing; nor could it grant what BullMQ makes as its queue's role.
  sql.push(`GRANT ${platformGroup}, ${queueRole} TO CURRENT_USER;`);
  for (const { manifest } of plugins) {
    if (manifest.permissions?.platform !== undefined)
      sql.push(`GRANT ${platformGroup} TO ${platformRoleOf(manifest.id)};`);
  }
  await owner.transaction((trx) => trx.raw(sql.join("\n")));
}

/** The roles of a plugin and of all that it requires, directly or not: in its process, their code runs too. */
function reachOf(id: string, plugins: readonly LoadedPlugin[]): string[] {
  const manifest = plugins.find((plugin) => plugin.manifest.id === id)?.manifest;
  if (manifest === undefined) return [];
  return [
    ...new Set([...rolesOf(manifest), ...(manifest.requires ?? []).flatMap((needed) => reachOf(needed, plugins))]),
  ];
}

function createRole(role: string, attributes: string): string {
  return `DO $$ BEGIN CREATE ROLE ${role} ${attributes};
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;`;
}

/** Ends memberships that a login no longer needs; to end one that it does not have would only warn. */
function leave(login: string, roles: readonly string[]): string {
  return `DO $$ DECLARE left_role name; BEGIN
    FOR left_role IN SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid
      WHERE m.member = '${login}'::regrole AND r.rolname = ANY ('{${roles.join(",")}}') LOOP
      EXECUTE format('REVOKE %I FROM ${login}', left_role);
    END LOOP; END $$;`;
}

/**
 * Takes every grant of every role of ours away and gives anew what the manifests name, in one transaction: what left a
 * manifest is revoked, and so is what a plugin had that is not here any more.
 */
export async function applyPermissions(owner: Knex, plugins: readonly LoadedPlugin[]): Promise<void> {
  const roles = [coreRole, ...plugins.flatMap(({ manifest }) => rolesOf(manifest))];
  const sql = [
    revokeAll,
    // Whatever PostgreSQL gives to everybody by default: plugins can do no DDL, not even of temporary tables.
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
    `DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
      EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO ${queueRole}', current_database()); END $$;`,
    `GRANT USAGE ON SCHEMA core TO ${roles.join(", ")};`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON core.outbox, core.idempotency_keys, core.rate_limits TO ${coreRole};`,
    `GRANT SELECT ON core.job_permissions, core.queue_owners TO ${roles.join(", ")};`,
    "DELETE FROM core.job_permissions;",
    "DELETE FROM core.queue_owners;",
    ...plugins.flatMap(({ manifest }) => rolesOf(manifest).flatMap((role) => grantsFor(manifest, role))),
  ];
  await owner.transaction((trx) => trx.raw(sql.join("\n")));
}

const revokeAll = `DO $$ DECLARE ours name; place name; BEGIN
  FOR ours IN SELECT rolname FROM pg_roles WHERE rolname LIKE 'keyrack\\_%' AND rolname <> '${queueRole}' LOOP
    FOR place IN SELECT nspname FROM pg_namespace
      WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', '${queueSchema}') AND pg_has_role(nspowner, 'USAGE') LOOP
      EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', place, ours);
      EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM %I', place, ours);
      EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %I', place, ours);
    END LOOP;
  END LOOP; END $$;`;

function grantsFor(manifest: Manifest, role: string): string[] {
  const { id, permissions } = manifest;
  const foreign = Object.entries(permissions?.tables ?? {});
  return [
    `GRANT USAGE ON SCHEMA "${id}" TO ${role};`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${id}" TO ${role};`,
    `REVOKE ALL ON "${id}".migrations, "${id}".migrations_lock FROM ${role};`,
    // Everybody may call a function by default, and a plugin's may run as its owner.
    `REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA "${id}" FROM PUBLIC;`,
    `GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA "${id}" TO ${role};`,
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

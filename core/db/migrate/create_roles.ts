/** The SQL that makes PostgreSQL's roles, and who may become which, be what the manifests say (see `core/db/role_names.ts`). */
import type { Knex } from "knex";

import type { LoadedPlugin } from "../../plugin/contract.ts";
import { stopOnFaults } from "../../config/env.ts";
import { coreRole, loginRole, loginRoleOf, platformGroup, queueRole, rolePassword, rolesOf } from "../role_names.ts";
import { crossTenantRoleOf, roleOf, sqlStateOf } from "../database.ts";
import { scramVerifier } from "./scram.ts";

/**
 * Makes the roles that are missing, before the migrations, because policies name some of them. What a role could become
 * and should no longer, for its plugin is gone or asks for less, is ended.
 * @throws BootError where the owner may not make roles
 */
export async function createRoles(owner: Knex, plugins: readonly LoadedPlugin[], secret: string): Promise<void> {
  const memberRoles = [coreRole, ...plugins.flatMap(({ manifest }) => rolesOf(manifest))];
  const logins = new Map([
    [loginRole, memberRoles],
    [queueRole, []],
  ]);
  for (const { manifest } of plugins) {
    const own = rolesOf(manifest);
    logins.set(loginRoleOf(manifest.id), [
      ...new Set([coreRole, ...own, ...neededBy(manifest.id, plugins).map(roleOf)]),
    ]);
  }
  const crossing = plugins.filter(({ manifest }) => manifest.permissions?.crossTenant !== undefined);
  const memberships = [
    ...[...logins].flatMap(([login, members]) => members.map((role) => [login, role] as const)),
    ...crossing.map(({ manifest }) => [crossTenantRoleOf(manifest.id), platformGroup] as const),
  ];
  const sql = [
    ...[platformGroup, ...memberRoles, ...logins.keys()].map(createRole),
    ...[...logins.keys()].map(
      (login) => `ALTER ROLE ${login} LOGIN NOINHERIT PASSWORD '${scramVerifier(rolePassword(login, secret))}';`,
    ),
    disableLogins([...logins.keys()]),
    resetSettings,
    ...memberships.map(([member, role]) => `GRANT ${role} TO ${member};`),
    endMemberships(memberships),
    // An owner that is no superuser (a managed database's) would see no row behind the forced walls, so that a migration's
    // UPDATE would change nothing and pg_dump would save nothing; nor could it grant what BullMQ makes as its queue's role.
    `GRANT ${platformGroup}, ${queueRole} TO CURRENT_USER;`,
  ];
  await runPlainly(owner, sql.join("\n"));
}

/**
 * What a plugin requires, directly or not: in its process their code is set up too, and one of them says who is calling.
 * Each acts inside a tenant there. What they do across tenants is done where their own routes, jobs and schedules run.
 */
function neededBy(id: string, plugins: readonly LoadedPlugin[]): string[] {
  const requires = plugins.find(({ manifest }) => manifest.id === id)?.manifest.requires ?? [];
  return requires.flatMap((needed) => [needed, ...neededBy(needed, plugins)]);
}

function createRole(role: string): string {
  return `DO $$ BEGIN CREATE ROLE ${role} NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;`;
}

/** The login of a plugin that is not here any more would keep a password that no change of SECRET_KEY reaches. */
function disableLogins(logins: readonly string[]): string {
  return `DO $$ DECLARE gate name; BEGIN
    FOR gate IN SELECT rolname FROM pg_roles
      WHERE rolname LIKE '${loginRole.replaceAll("_", "\\_")}\\_%' AND rolname <> ALL ('{${logins.join(",")}}') LOOP
      EXECUTE format('ALTER ROLE %I NOLOGIN PASSWORD NULL', gate);
    END LOOP; END $$;`;
}

/**
 * PostgreSQL lets each login change its own password and its own settings, such as the role that a new connection begins
 * with. Code that got hold of a connection could leave such a setting behind for every process. The passwords are set
 * above; this takes away the settings, those for one database too.
 */
const resetSettings = `DO $$ DECLARE changed record; BEGIN
    FOR changed IN SELECT r.rolname, d.datname
      FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase
      WHERE r.rolname LIKE 'keyrack\\_%' AND NOT r.rolsuper AND r.rolname <> current_user
    LOOP
      EXECUTE format('ALTER ROLE %I', changed.rolname) ||
        CASE WHEN changed.datname IS NULL THEN '' ELSE format(' IN DATABASE %I', changed.datname) END || ' RESET ALL';
    END LOOP; END $$;`;

/** Ends every membership of one of our roles in another that is not among these. Whoever may make roles is an owner and left alone. */
function endMemberships(wanted: readonly (readonly [member: string, role: string])[]): string {
  return `DO $$ DECLARE stale record; BEGIN
    FOR stale IN SELECT r.rolname AS role, m.rolname AS member, g.rolname AS grantor
      FROM pg_auth_members a
      JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member LEFT JOIN pg_roles g ON g.oid = a.grantor
      WHERE r.rolname LIKE 'keyrack\\_%' AND m.rolname LIKE 'keyrack\\_%'
        AND NOT m.rolcreaterole AND NOT m.rolsuper AND m.rolname <> current_user
        AND (m.rolname::text, r.rolname::text) NOT IN (VALUES ${wanted.map(([member, role]) => `('${member}', '${role}')`).join(", ")})
    LOOP
      EXECUTE format('REVOKE %I FROM %I', stale.role, stale.member) ||
        -- From 16 on each grantor's grant is one of its own.
        CASE WHEN current_setting('server_version_num')::int >= 160000 THEN format(' GRANTED BY %I', stale.grantor) ELSE '' END;
    END LOOP; END $$;`;
}

/**
 * Runs statements in one transaction and past Knex, whose errors quote the SQL text. What is told of a failure is
 * PostgreSQL's own words and its SQLSTATE.
 */
async function runPlainly(owner: Knex, sql: string): Promise<void> {
  const connection = await owner.client.acquireConnection();
  try {
    await connection.query(sql);
  } catch (error) {
    const { message } = error as Error;
    const code = sqlStateOf(error) ?? (error as { code?: string }).code;
    if (code === "42501") {
      stopOnFaults([
        `The login of DATABASE_URL may not make the run-time roles (42501: ${message}). Remedy: ALTER ROLE … CREATEROLE for it, by a superuser; where another login made the roles keyrack_*, migrate as that one.`,
      ]);
    }
    throw Object.assign(new Error(`The run-time roles can't be made: ${message}`), { code });
  } finally {
    await owner.client.releaseConnection(connection);
  }
}

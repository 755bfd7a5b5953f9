/** Makes PostgreSQL's roles and their memberships as the manifests say (see `core/db/role_names.ts`). */
import type { Knex } from "knex";

import type { LoadedPlugin } from "../../plugin/contract.ts";
import { stopOnFaults } from "../../config/env.ts";
import { coreRole, loginRole, loginRoleOf, platformGroup, queueRole, rolePassword, rolesOf } from "../role_names.ts";
import { crossTenantRoleOf, roleOf, sqlStateOf } from "../database.ts";
import { scramVerifier } from "./scram.ts";
import { asError, memberOf } from "../../values/unknown_value.ts";

/**
 * Creates the missing roles before the migrations, because policies name some of them. Ends memberships that no
 * manifest needs now, because a plugin was removed or asks for less.
 * @throws BootError if the owner can't create roles
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
    // Without these, an owner without superuser rights (of a managed database) sees no row, because row-level security
    // is forced. A migration's UPDATE would change nothing, and pg_dump would save nothing. Nor could the owner grant
    // the objects that BullMQ makes as its queue's role.
    `GRANT ${platformGroup}, ${queueRole} TO CURRENT_USER;`,
  ];
  await runPlainly(owner, sql.join("\n"));
}

/**
 * Returns the plugins that a plugin requires, directly or not. Its process sets up their code too, and one of them is
 * the authenticator. In that process they act inside a tenant only. Their cross-tenant work runs in their own
 * processes.
 */
function neededBy(id: string, plugins: readonly LoadedPlugin[]): string[] {
  const requires = plugins.find(({ manifest }) => manifest.id === id)?.manifest.requires ?? [];
  return requires.flatMap((needed) => [needed, ...neededBy(needed, plugins)]);
}

function createRole(role: string): string {
  return `DO $$ BEGIN CREATE ROLE ${role} NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;`;
}

/** Disables the logins of removed plugins. A new SECRET_KEY would not change their passwords. */
function disableLogins(logins: readonly string[]): string {
  return `DO $$ DECLARE login name; BEGIN
    FOR login IN SELECT rolname FROM pg_roles
      WHERE rolname LIKE '${loginRole.replaceAll("_", "\\_")}\\_%' AND rolname <> ALL ('{${logins.join(",")}}') LOOP
      EXECUTE format('ALTER ROLE %I NOLOGIN PASSWORD NULL', login);
    END LOOP; END $$;`;
}

/**
 * PostgreSQL lets each login change its own password and its own settings, such as the first role of a new connection.
 * Code with access to a connection could leave such a setting for every process. The passwords are set above. This
 * resets the settings, including those for one database.
 */
const resetSettings = `DO $$ DECLARE changed record; BEGIN
    FOR changed IN SELECT r.rolname, d.datname
      FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase
      WHERE r.rolname LIKE 'keyrack\\_%' AND NOT r.rolsuper AND r.rolname <> current_user
    LOOP
      EXECUTE format('ALTER ROLE %I', changed.rolname) ||
        CASE WHEN changed.datname IS NULL THEN '' ELSE format(' IN DATABASE %I', changed.datname) END || ' RESET ALL';
    END LOOP; END $$;`;

/** Ends all memberships between Keyrack's roles that are not wanted. Keeps those of owners, which can create roles. */
function endMemberships(wanted: readonly (readonly [member: string, role: string])[]): string {
  const pairs = wanted.map(([member, role]) => `('${member}', '${role}')`).join(", ");
  return `DO $$ DECLARE stale record; BEGIN
    FOR stale IN SELECT r.rolname AS role, m.rolname AS member, g.rolname AS grantor
      FROM pg_auth_members a
      JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member LEFT JOIN pg_roles g ON g.oid = a.grantor
      WHERE r.rolname LIKE 'keyrack\\_%' AND m.rolname LIKE 'keyrack\\_%'
        AND NOT m.rolcreaterole AND NOT m.rolsuper AND m.rolname <> current_user
        AND (m.rolname::text, r.rolname::text) NOT IN (VALUES ${pairs})
    LOOP
      EXECUTE format('REVOKE %I FROM %I', stale.role, stale.member) ||
        -- From PostgreSQL 16 on, each grantor has a grant of its own.
        CASE WHEN current_setting('server_version_num')::int >= 160000
          THEN format(' GRANTED BY %I', stale.grantor) ELSE '' END;
    END LOOP; END $$;`;
}

/**
 * Runs statements in one transaction without Knex, because its errors quote the SQL text. A failure shows PostgreSQL's
 * message and its SQLSTATE only.
 */
async function runPlainly(owner: Knex, sql: string): Promise<void> {
  const connection = await owner.client.acquireConnection();
  try {
    await connection.query(sql);
  } catch (error) {
    const { message } = asError(error);
    const code = sqlStateOf(error) ?? memberOf(error, "code");
    if (code === "42501") {
      stopOnFaults([
        `The login of DATABASE_URL can't create the run-time roles (42501: ${message}). ` +
          "Remedy: run ALTER ROLE … CREATEROLE for it as a superuser. " +
          "If another login created the roles keyrack_*, migrate as that login.",
      ]);
    }
    throw Object.assign(new Error(`The run-time roles can't be created: ${message}`), { code });
  } finally {
    await owner.client.releaseConnection(connection);
  }
}

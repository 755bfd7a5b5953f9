/** Grants in PostgreSQL what the manifests name, and nothing else (see `core/db/role_names.ts`). */
import type { Knex } from "knex";

import { eventColumns } from "../../audit/event.ts";
import type { LoadedPlugin } from "../../plugin/contract.ts";
import { coreRole, queueRole, queueSchema, rolesOf } from "../role_names.ts";
import type { Columns, Manifest } from "../../plugin/manifest.ts";

/**
 * Revokes all grants of Keyrack's roles and grants what the manifests name, in one transaction. A grant that left a
 * manifest is revoked, and so are the grants of a plugin that was removed.
 */
export async function applyPermissions(owner: Knex, plugins: readonly LoadedPlugin[]): Promise<void> {
  const roles = [coreRole, ...plugins.flatMap(({ manifest }) => rolesOf(manifest))];
  const sql = [
    revokeAll,
    // PostgreSQL grants these to PUBLIC by default. Without them plugins can run no DDL, not even for temporary tables.
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
    `DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
      EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO ${queueRole}', current_database()); END $$;`,
    `GRANT USAGE ON SCHEMA core TO ${roles.join(", ")};`,
    `GRANT SELECT, INSERT, UPDATE, DELETE
      ON core.outbox, core.idempotency_keys, core.rate_limits, core.daily_usage TO ${coreRole};`,
    `GRANT SELECT ON core.dry_run_changes TO ${coreRole};`,
    `GRANT SELECT, INSERT, UPDATE (occurrences, last_at), DELETE ON core.audit_events TO ${coreRole};`,
    `GRANT SELECT ON core.job_permissions, core.queue_owners TO ${roles.join(", ")};`,
    "DELETE FROM core.job_permissions;",
    "DELETE FROM core.queue_owners;",
    ...plugins.map(({ manifest }) => `REVOKE ALL ON ALL ROUTINES IN SCHEMA "${manifest.id}" FROM PUBLIC;`),
    ...plugins.flatMap(({ manifest }) => rolesOf(manifest).flatMap((role) => grantsFor(manifest, role))),
  ];
  await owner.transaction((trx) => trx.raw(sql.join("\n")));
}

const revokeAll = `DO $$ DECLARE ours name; place name; held record; BEGIN
  FOR ours IN SELECT rolname FROM pg_roles
    WHERE rolname LIKE 'keyrack\\_%' AND rolname NOT IN ('${queueRole}', current_user) LOOP
    FOR place IN SELECT nspname FROM pg_namespace
      WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', '${queueSchema}')
        AND pg_has_role(nspowner, 'USAGE') LOOP
      EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', place, ours);
      EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %I', place, ours);
    END LOOP;
  END LOOP;
  -- Functions one by one, because hundreds of them belong to extensions and their owners.
  FOR held IN SELECT DISTINCT p.oid::regprocedure AS routine, r.rolname AS ours
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace,
      aclexplode(p.proacl) a JOIN pg_roles r ON r.oid = a.grantee
    WHERE r.rolname LIKE 'keyrack\\_%' AND r.rolname NOT IN ('${queueRole}', current_user)
      AND n.nspname !~ '^pg_' AND n.nspname <> '${queueSchema}' AND pg_has_role(p.proowner, 'USAGE') LOOP
    EXECUTE format('REVOKE ALL ON ROUTINE %s FROM %I', held.routine, held.ours);
  END LOOP; END $$;`;

/**
 * The columns that a worker reads to end a job, those that the row's policy compares, and the cause of a dead letter.
 */
const outboxColumns = "job_id, job, queue, tenant_id, payload, run_at, attempts, failures, dead_at, last_error";

function grantsFor(manifest: Manifest, role: string): string[] {
  const { id, permissions } = manifest;
  const foreign = Object.entries(permissions?.tables ?? {});
  return [
    `GRANT USAGE ON SCHEMA "${id}" TO ${role};`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${id}" TO ${role};`,
    `GRANT EXECUTE ON ALL ROUTINES IN SCHEMA "${id}" TO ${role};`,
    ...foreign.map(([table]) => `GRANT USAGE ON SCHEMA ${quoteName(table).split(".")[0]} TO ${role};`),
    ...foreign.flatMap(([table, grant]) => [
      ...privilege("SELECT", grant.select, table, role),
      ...privilege("INSERT", grant.insert, table, role),
      ...privilege("UPDATE", grant.update, table, role),
      ...(grant.delete === true ? [`GRANT DELETE ON ${quoteName(table)} TO ${role};`] : []),
    ]),
    // FOR UPDATE needs one column that can be updated. The policy still lets no plugin's role change a row.
    `GRANT SELECT (${outboxColumns}), INSERT (job_id, job, tenant_id, payload), UPDATE (attempts), DELETE
      ON core.outbox TO ${role};`,
    `GRANT INSERT (event_id, ${eventColumns.join(", ")}) ON core.audit_events TO ${role};`,
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
  if (!/^[a-z_][a-z0-9_.]*$/.test(name))
    throw new Error(`${JSON.stringify(name)} must be the name of a table or a column.`);
  return name
    .split(".")
    .map((part) => `"${part}"`)
    .join(".");
}

import type { Knex } from "knex";
import path from "node:path";

import { checkTables } from "../../plugin/checks.ts";
import type { LoadedPlugin } from "../../plugin/contract.ts";
import type { Logger } from "../../process/log.ts";
import { checkTenantIsolation } from "./check_tenant_isolation.ts";
import { revokeFromPublic } from "./revoke_public.ts";
import { applyPermissions } from "./apply_grants.ts";
import { logMigrationWarnings } from "./migration_warnings.ts";
import {
  type MigrationFolder,
  migratorConfig,
  pendingMigrations,
  runHere,
  type RunMigrations,
} from "./migration_source.ts";
import { createRoles } from "./create_roles.ts";
import { watchTables } from "../dry_run/watch_tables.ts";

const advisoryLock = 7_305_413_221;

/** Returns the folders of migrations in their order: the core's, and each plugin's after those that it requires. */
export function migrationFolders(plugins: readonly LoadedPlugin[]): MigrationFolder[] {
  return [
    { id: "core", folder: path.join(import.meta.dirname, "..", "migrations") },
    ...plugins.map(({ manifest, folder }) => ({ id: manifest.id, folder: path.join(folder, "migrations") })),
  ];
}

/**
 * Brings the database up to date, in this order:
 *
 * 1. the roles;
 * 2. the core's migrations, then each plugin's in the order of their `requires`;
 * 3. the check of tenant isolation;
 * 4. the triggers that collect the changes of a dry run;
 * 5. the grants, from the manifests.
 *
 * It is safe to repeat, and safe to run twice at the same time.
 * @param owner a pool of the login that owns the schemas and may create roles
 * @param roleSecret the secret from which the passwords of the run-time logins are derived
 * @param runPlugins applies the plugins' migrations, by default in this process
 */
export async function migrate(
  owner: Knex,
  plugins: readonly LoadedPlugin[],
  roleSecret: string,
  log: Logger,
  runPlugins: RunMigrations = runHere,
): Promise<void> {
  // A lock of the session. Knex's own lock row outlives a killed migration and blocks all later ones.
  const guard = await owner.client.acquireConnection();
  try {
    await guard.query("SELECT pg_advisory_lock($1)", [advisoryLock]);
    await prepareMigrations(owner, plugins, roleSecret);
    const folders = migrationFolders(plugins);
    await owner.migrate.forceFreeMigrationsLock(migratorConfig(folders));
    for (const folder of folders) {
      if ((await pendingMigrations(owner, folder)).length === 0) continue;
      const run = folder.id === "core" ? runHere : runPlugins;
      log.info({ applied: await run(owner, folder) }, "migrations applied");
    }
    await finishMigrations(owner, plugins, log);
  } finally {
    await guard.query("SELECT pg_advisory_unlock_all()");
    await owner.client.releaseConnection(guard);
  }
}

/** Makes the things that migrations need: the roles, a schema for each owner, and one ledger of applied migrations. */
export async function prepareMigrations(
  owner: Knex,
  plugins: readonly LoadedPlugin[],
  roleSecret: string,
): Promise<void> {
  await createRoles(owner, plugins, roleSecret);
  const folders = migrationFolders(plugins);
  await owner.raw(folders.map(({ id }) => `CREATE SCHEMA IF NOT EXISTS "${id}";`).join(""));
  await owner.raw(folders.map(({ id }) => joinLedgerSql(id)).join(""));
}

/** Checks a migrated database and applies the grants. */
export async function finishMigrations(owner: Knex, plugins: readonly LoadedPlugin[], log: Logger): Promise<void> {
  await checkTables(owner, plugins);
  await checkTenantIsolation(owner, plugins);
  await watchTables(
    owner,
    plugins.map(({ manifest }) => manifest.id),
  );
  await applyPermissions(owner, plugins);
  await revokeFromPublic(owner, log);
  await logMigrationWarnings(owner, plugins, log);
}

/** Before version 0.1 each plugin had its own ledger. Its rows are added to the core's ledger, and it is dropped. */
function joinLedgerSql(id: string): string {
  if (id === "core") return "";
  return `DO $$ BEGIN
    IF to_regclass('"${id}".migrations') IS NOT NULL AND to_regclass('core.migrations') IS NOT NULL THEN
      INSERT INTO core.migrations (name, batch, migration_time)
        SELECT name, (SELECT coalesce(max(batch), 0) FROM core.migrations) + batch, migration_time
        FROM "${id}".migrations ORDER BY id;
      DROP TABLE "${id}".migrations, "${id}".migrations_lock;
    END IF;
  END $$;`;
}

import type { Knex } from "knex";
import path from "node:path";

import { checkTables } from "../boot_checks.ts";
import type { LoadedPlugin } from "../discovery.ts";
import type { Logger } from "../log.ts";
import { checkWalls } from "./catalogue_walls.ts";
import { closeToEverybody } from "./everybody.ts";
import { applyPermissions } from "./grants.ts";
import { logMigrationWarnings } from "./migration_warnings.ts";
import { migratorConfig, runHere, type RunMigrations } from "./migrations_source.ts";
import { createRoles } from "./roles.ts";

const advisoryLock = 7_305_413_221;

/**
 * Brings the database up to date: roles, the core's migrations, each plugin's in the order of their `requires`, a look
 * for what would go round the tenant wall, and at last the grants, made anew from the manifests. Safe to repeat, and safe to
 * run twice at once.
 * @param owner a pool of the login that owns the schemas and may create roles
 * @param roleSecret what the passwords of the run-time logins are derived from
 * @param runPlugins applies the plugins' migrations; by default they run in this process
 */
export async function migrate(
  owner: Knex,
  plugins: readonly LoadedPlugin[],
  roleSecret: string,
  log: Logger,
  runPlugins: RunMigrations = runHere,
): Promise<void> {
  // A lock of the session, not Knex's lock row: that one outlives a killed migration and blocks all later ones.
  const guard = await owner.client.acquireConnection();
  try {
    await guard.query("SELECT pg_advisory_lock($1)", [advisoryLock]);
    await createRoles(owner, plugins, roleSecret);
    const folders = [
      { id: "core", folder: path.join(import.meta.dirname, "migrations") },
      ...plugins.map(({ manifest, folder }) => ({ id: manifest.id, folder: path.join(folder, "migrations") })),
    ];
    await owner.raw(folders.map(({ id }) => `CREATE SCHEMA IF NOT EXISTS "${id}";`).join(""));
    for (const { id, folder } of folders) {
      await owner.migrate.forceFreeMigrationsLock(migratorConfig(id, folder));
      const run = id === "core" ? runHere : runPlugins;
      const applied = await run(owner, id, folder);
      if (applied.length > 0) log.info({ applied }, "migrations applied");
    }
    await checkTables(owner, plugins);
    await checkWalls(owner, plugins);
    await applyPermissions(owner, plugins);
    await closeToEverybody(owner, log);
    await logMigrationWarnings(owner, plugins, log);
  } finally {
    await guard.query("SELECT pg_advisory_unlock_all()");
    await owner.client.releaseConnection(guard);
  }
}

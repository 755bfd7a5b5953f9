import type { Knex } from "knex";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

/** The migrations of one owner, which is `core` or a plugin. */
export interface MigrationFolder {
  readonly id: string;
  readonly folder: string;
}

interface Migration {
  readonly name: string;
  readonly file: string;
}

const namesIn = ({ id, folder }: MigrationFolder): Migration[] =>
  (existsSync(folder) ? readdirSync(folder) : [])
    .filter((file) => /^\d{4}_[a-z0-9_]+\.ts$/.test(file))
    .sort()
    .map((file) => ({ name: `${id}/${file}`, file: path.join(folder, file) }));

/**
 * Returns the settings of Knex's migrator for some folders in their order. The ledger is `core.migrations`, with names
 * of the form `owner/file`. Knex's own check of the ledger is off, because it would refuse the rows of a removed
 * plugin. `pendingMigrations` checks the owners that are present.
 */
export function migratorConfig(folders: readonly MigrationFolder[]): Knex.MigratorConfig {
  const migrationSource: Knex.MigrationSource<Migration> = {
    getMigrations: () => Promise.resolve(folders.flatMap((folder) => namesIn(folder))),
    getMigrationName: (migration) => migration.name,
    getMigration: async (migration) => {
      const { up }: { up: Knex.Migration["up"] } = await import(pathToFileURL(migration.file).href);
      return { up, down: () => Promise.reject(new Error("Migrations run forward only. Write a new one.")) };
    },
  };
  return { migrationSource, schemaName: "core", tableName: "migrations", disableMigrationsListValidation: true };
}

/**
 * Returns the names of the migrations of a folder that were not applied yet.
 * @throws Error if an applied migration is missing from the folder
 */
export async function pendingMigrations(knex: Knex, folder: MigrationFolder): Promise<string[]> {
  const names = namesIn(folder).map(({ name }) => name);
  const hasLedger = await knex.raw<{ rows: { exists: boolean }[] }>(
    "SELECT to_regclass('core.migrations') IS NOT NULL AS exists",
  );
  if (hasLedger.rows[0]?.exists !== true) return names;
  const { rows } = await knex.raw<{ rows: { name: string }[] }>(
    "SELECT name FROM core.migrations WHERE starts_with(name, ?) ORDER BY name",
    [`${folder.id}/`],
  );
  const applied = rows.map(({ name }) => name);
  const lost = applied.filter((name) => !names.includes(name));
  if (lost.length > 0) {
    throw new Error(
      `The database has migrations that are missing here: ${lost.join(", ")}. ` +
        "Remedy: run the version of Keyrack that applied them, or a newer one.",
    );
  }
  return names.filter((name) => !applied.includes(name));
}

/** Applies new migrations of the core or a plugin. Returns their names. */
export type RunMigrations = (owner: Knex, folder: MigrationFolder) => Promise<string[]>;

/** Applies them in this process. */
export const runHere: RunMigrations = async (owner, folder) => {
  const [, applied]: [number, string[]] = await owner.migrate.latest(migratorConfig([folder]));
  return applied;
};

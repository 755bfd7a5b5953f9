import type { Knex } from "knex";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

interface Migration {
  readonly name: string;
  readonly file: string;
}

/**
 * Knex's view of one folder of migrations, named `owner/file`. Each owner has a ledger of its own in its schema: with
 * one ledger for all, Knex would take a deleted plugin for a corrupt history.
 */
export function migrationSource(owner: string, folder: string): Knex.MigrationSource<Migration> {
  return {
    getMigrations: () =>
      Promise.resolve(
        (existsSync(folder) ? readdirSync(folder) : [])
          .filter((file) => /^\d{4}_[a-z0-9_]+\.ts$/.test(file))
          .sort()
          .map((file) => ({ name: `${owner}/${file}`, file: path.join(folder, file) })),
      ),
    getMigrationName: (migration) => migration.name,
    getMigration: async (migration) => {
      const { up } = (await import(pathToFileURL(migration.file).href)) as { up: Knex.Migration["up"] };
      return { up, down: () => Promise.reject(new Error("Migrations are forward-only: write a new one.")) };
    },
  };
}

/** Whether the folder and the ledger differ or there is no ledger, so that the migrator has something to do, or to say. */
export async function pendingMigrations(knex: Knex, owner: string, folder: string): Promise<boolean> {
  const source = migrationSource(owner, folder);
  const names = (await source.getMigrations([])).map((migration) => source.getMigrationName(migration));
  if (!(await knex.schema.withSchema(owner).hasTable("migrations"))) return true;
  const applied: string[] = await knex.withSchema(owner).from("migrations").orderBy("name").pluck("name");
  return JSON.stringify(names.toSorted()) !== JSON.stringify(applied.toSorted());
}

/** The settings of Knex's migrator for one owner: `core`, or a plugin. */
export function migratorConfig(owner: string, folder: string): Knex.MigratorConfig {
  return { migrationSource: migrationSource(owner, folder), schemaName: owner, tableName: "migrations" };
}

/** Applies new migrations of the core or a plugin, and says which. */
export type RunMigrations = (owner: Knex, id: string, folder: string) => Promise<string[]>;

/** Applies them in this very process. */
export const runHere: RunMigrations = async (owner, id, folder) => {
  const [, applied] = (await owner.migrate.latest(migratorConfig(id, folder))) as [number, string[]];
  return applied;
};

/** Warns the operator about rows that `migrate` leaves as they are. */
import type { Knex } from "knex";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";

import type { LoadedPlugin } from "../../plugin/contract.ts";
import type { Logger } from "../../process/log.ts";
import { query } from "../query.ts";

/** For each plugin. More warnings would hide the rest of the log. */
const mostWarnings = 200;
const longest = "60s";

/**
 * Runs each plugin's `migrations/warnings.sql`: one SELECT with a column `warning`, a sentence for the operator. Each
 * row is logged. A query that fails is logged too. The migration is complete in both cases.
 */
export async function logMigrationWarnings(owner: Knex, plugins: readonly LoadedPlugin[], log: Logger): Promise<void> {
  for (const { manifest, folder } of plugins) {
    const file = path.join(folder, "migrations", "warnings.sql");
    if (!existsSync(file)) continue;
    try {
      for (const warning of await readWarnings(owner, await readFile(file, "utf8"))) {
        log.warn({ plugin: manifest.id }, warning);
      }
    } catch (error) {
      log.warn({ err: error, plugin: manifest.id }, "could not read the rows that migrate warns about");
    }
  }
}

async function readWarnings(owner: Knex, select: string): Promise<string[]> {
  return owner.transaction(
    async (trx) => {
      await trx.raw(`SET LOCAL statement_timeout = '${longest}'`);
      const rows = await query<{ warning: string }>(
        trx,
        `SELECT warning FROM (${select}\n) AS w LIMIT ${mostWarnings}`,
      );
      return rows.map(({ warning }) => warning);
    },
    { readOnly: true },
  );
}

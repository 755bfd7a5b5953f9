/** What `migrate` tells the operator about rows that it leaves as they are. */
import type { Knex } from "knex";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";

import type { LoadedPlugin } from "../../plugin/contract.ts";
import type { Logger } from "../../process/log.ts";

/** More of one plugin would bury the rest of the log. */
const mostWarnings = 200;
const longest = "60s";

/**
 * Runs each plugin's `migrations/warnings.sql`: one SELECT with a column `warning`, a sentence for the operator. Each row is
 * logged. A query that fails is logged too; the migration stands either way.
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
      log.warn({ err: error, plugin: manifest.id }, "the rows that migrate warns of could not be read");
    }
  }
}

async function readWarnings(owner: Knex, select: string): Promise<string[]> {
  return owner.transaction(
    async (trx) => {
      await trx.raw(`SET LOCAL statement_timeout = '${longest}'`);
      const { rows } = (await trx.raw(`SELECT warning FROM (${select}\n) AS w LIMIT ${mostWarnings}`)) as {
        rows: { warning: string }[];
      };
      return rows.map(({ warning }) => warning);
    },
    { readOnly: true },
  );
}

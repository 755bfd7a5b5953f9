/**
 * Applies one plugin's migrations and prints their names. Runs on Deno, and can only reach the database and read code.
 * Gets the database's URL on standard input, because other programs could read an argument or a variable.
 */
import { text } from "node:stream/consumers";
import * as z from "zod";

import { runHere } from "../db/migrate/migration_source.ts";
import { openPool } from "../db/pool.ts";

const taskSchema = z.strictObject({ url: z.string(), id: z.string(), folder: z.string() });
export type MigrationTask = z.output<typeof taskSchema>;

export const outcomeSchema = z.union([
  z.strictObject({ applied: z.array(z.string()) }),
  z.strictObject({ error: z.string() }),
]);
type Outcome = z.output<typeof outcomeSchema>;

if (import.meta.filename === process.argv[1]) {
  const outcome = await apply(taskSchema.parse(JSON.parse(await text(process.stdin))));
  process.stdout.write(`\n${JSON.stringify(outcome)}\n`);
}

async function apply({ url, id, folder }: MigrationTask): Promise<Outcome> {
  const knex = openPool({ url, max: 1, name: `keyrack migrate ${id}` });
  try {
    return { applied: await runHere(knex, { id, folder }) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  } finally {
    await knex.destroy();
  }
}

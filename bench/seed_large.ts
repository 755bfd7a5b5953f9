/**
 * `npm run seed:large`: a platform that has grown, to work with and to measure on. 200 hotels of 100 rooms with
 * 2,000,000 bookings, and one of 2,000 rooms with 1,000,000, in some minutes. It goes into the database of DATABASE_URL
 * or, without one, into the embedded one of DATA_DIR (stop Keyrack first); `npm start` then shows it.
 *
 *   SEED_SCALE   a part of it: 0.01 makes 2 hotels of 100 rooms and one of 20, with 30,000 bookings (default 1)
 *   SEED_DAY     the business date that all dates follow from (default today); the same day makes the same rows
 *
 * Managers: seed-manager-1 … seed-manager-200 and seed-manager-grand, with the password correct-horse-battery.
 */
import { readBlueprint } from "../core/boot.ts";
import { startEmbeddedPostgres } from "../embedded/mod.ts";
import { processVariables } from "../core/config/env.ts";
import { migrateDatabase } from "../core/migrate_database.ts";
import { dayAt } from "../core/mod.ts";
import { benchSettings } from "./harness.ts";
import { firstManager, grandManager, scaleOf, seed, seedPassword } from "./seed/mod.ts";

const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const given = processVariables();
  const scale = scaleOf(given);
  const started = performance.now();
  const { env } = await readBlueprint(given);
  const postgres =
    env.DATABASE_URL === undefined
      ? await startEmbeddedPostgres({ dataDir: env.DATA_DIR, settings: benchSettings })
      : undefined;
  try {
    const url = postgres?.url ?? env.DATABASE_URL ?? "";
    await migrateDatabase({ ...given, DATABASE_URL: url, LOG_LEVEL: given["LOG_LEVEL"] ?? "warn" });
    const counts = await seed({ url, scale, day: given["SEED_DAY"] ?? dayAt(new Date(), "UTC"), say: print });
    if (counts !== undefined) {
      print(`${counts.get("pms.bookings")} bookings in ${((performance.now() - started) / 1000).toFixed(0)} s.`);
    }
    print(`Log in as ${firstManager} (100 rooms) or ${grandManager} with the password ${seedPassword}.`);
  } finally {
    await postgres?.stop();
  }
}

if (import.meta.filename === process.argv[1]) await main();

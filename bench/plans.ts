/**
 * `npm run bench:plans`: measures each query of the desk at full size, in the data folder of `bench:api`. Runs for
 * a hotel of 100 rooms and for the one of 2,000. Prints the milliseconds of the last of seven runs, and the most
 * rows that one step of its plans read. This shows work that grows with the years instead of with the answer.
 */
import path from "node:path";

import { openPool } from "../core/db/pool.ts";
import { startEmbeddedPostgres } from "../embedded/mod.ts";
import { processVariables } from "../core/config/env.ts";
import { migrateDatabase } from "../core/migrate_database.ts";
import { dayAt } from "../core/mod.ts";
import { loginRole, urlAs } from "../core/db/role_names.ts";
import { planSettings } from "../testing/plans.ts";
import { mostWork, plansFor } from "../plugins/pms/testing/plan_check.ts";
import { findQueriedHotel, readQueries } from "../plugins/pms/testing/read_queries.ts";
import { benchSecret, benchSettings } from "./harness.ts";
import { scaleOf, seed } from "./seed/mod.ts";

const given = processVariables();
const scale = scaleOf(given);
const dataDir = path.resolve(given["BENCH_DATA_DIR"] ?? `.data/bench-${scale}`);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const postgres = await startEmbeddedPostgres({ dataDir, settings: { ...benchSettings, ...planSettings } });
try {
  const { url } = postgres;
  await migrateDatabase({ DATABASE_URL: url, SECRET_KEY: benchSecret, DATA_DIR: dataDir, LOG_LEVEL: "warn" });
  await seed({ url, scale, day: dayAt(new Date(), "UTC"), say });
  const owner = openPool({ url, max: 1, name: "bench owner" });
  const login = openPool({ url: urlAs(url, loginRole, benchSecret), max: 1, name: "bench login" });
  try {
    for (const name of ["Seed hotel 1", "Seed grand hotel"]) {
      const hotel = await findQueriedHotel(owner, name);
      say(`\n${name.padEnd(58)}    ms      rows`);
      for (const [what, query] of Object.entries(readQueries)) {
        let took = 0;
        const plans = await plansFor(login, hotel, async (trx) => {
          const started = performance.now();
          await query(trx, hotel);
          took = performance.now() - started;
        });
        say(`${what.padEnd(58)} ${took.toFixed(1).padStart(7)} ${String(mostWork(plans)).padStart(8)}`);
      }
    }
  } finally {
    await login.destroy();
    await owner.destroy();
  }
} finally {
  await postgres.stop();
}

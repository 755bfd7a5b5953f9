/**
 * `npm run bench:api`: measures the requests that a front desk waits for, on a started server with seeded data
 * (seed_large.ts). Prints each ratio to a floor: bare Koa with one prepared statement, measured right before and
 * after each load. Only ratios count, because machines are noisy. The first run seeds its data folder, which takes
 * minutes. Later runs use it again.
 *
 *   SEED_SCALE       a part of the data: 0.01 seeds in seconds (default 1, which is 3,000,000 bookings)
 *   BENCH_DATA_DIR   the data folder (default .data/bench-<scale>). The bench deletes the rows that it wrote
 */
import path from "node:path";

import { openPool } from "../core/db/pool.ts";
import { processVariables } from "../core/config/env.ts";
import { addDays, type Day, dayAt } from "../core/mod.ts";
import { loginRole, urlAs } from "../core/db/role_names.ts";
import { loadsOf } from "./api_loads.ts";
import { cleanUp, type Desk, deskOf, freeSlots } from "./desk.ts";
import { type Bench, measure, type Measured, printRow, startBench } from "./harness.ts";
import { availabilityMs, availabilityRate, insertRate, reserveRate } from "./floors/query_floors.ts";
import { firstManager, grandManager, scaleOf, seed } from "./seed/mod.ts";

const given = processVariables();
const scale = scaleOf(given);
const seconds = 6;

function printMeasured({ name, perSecond, p50, p99, statuses }: Measured, ofFloor: number): void {
  printRow([name, Math.round(perSecond), p50, p99, ofFloor.toFixed(3), statuses]);
}

async function printQueries(
  bench: Bench,
  small: Desk,
  grand: Desk,
  next: () => { room: string; day: Day },
): Promise<void> {
  const { databaseUrl: url } = bench;
  const login = openPool({
    url: urlAs(url, loginRole, bench.variables["SECRET_KEY"] ?? ""),
    max: 10,
    name: "bench login",
  });
  try {
    const rates: readonly (readonly [string, number])[] = [
      ["availability, small", await availabilityRate(url, small.hotelId, addDays(small.today, 10))],
      ["availability, grand", await availabilityRate(url, grand.hotelId, addDays(grand.today, 10))],
      ["insert, constraint alone", await insertRate(url, small.hotelId, next)],
      ["a booking without HTTP", await reserveRate(login, small.hotelId, next)],
    ];
    printRow(["\nwithout HTTP", "runs/s"]);
    for (const [name, rate] of rates) printRow([name, Math.round(rate)]);
    for (const [name, desk] of [
      ["small", small],
      ["grand", grand],
    ] as const) {
      const time = await availabilityMs(bench.owner, desk.hotelId, addDays(desk.today, 10));
      printRow([`availability, ${name}`, `${time.toFixed(2)} ms of execution`]);
    }
  } finally {
    await login.destroy();
  }
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const bench = await startBench({
  folder: path.resolve(given["BENCH_DATA_DIR"] ?? `.data/bench-${scale}`),
  fill: async (url) => void (await seed({ url, scale, day: dayAt(new Date(), "UTC"), say })),
});
try {
  const since = new Date();
  const [small, grand] = [await deskOf(bench, firstManager), await deskOf(bench, grandManager)];
  const { first, next } = await freeSlots(bench, small);
  try {
    const floorUrl = `http://127.0.0.1:${await bench.start("bench/floors/floor.ts")}/`;
    const floor = (): Promise<Measured> => measure({ name: "floor (Koa + 1 statement)", url: floorUrl, seconds: 2 });
    printRow(["", "requests/s", "p50 ms", "p99 ms", "of the floor", "answers"]);
    // The floor before and after each load, because the machine's speed changes from minute to minute.
    let before = await floor();
    printMeasured(before, 1);
    for (const load of loadsOf(bench, small, grand, next)) {
      const measured = await measure({ ...load, seconds });
      const after = await floor();
      printMeasured(measured, (2 * measured.perSecond) / (before.perSecond + after.perSecond));
      before = after;
    }
    printMeasured(before, 1);
    await printQueries(bench, small, grand, next);
  } finally {
    await cleanUp(bench, small, first, since);
  }
} finally {
  await bench.close();
}

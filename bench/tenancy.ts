/**
 * `npm run bench:tenancy`: measures the cost of tenant isolation. One run does the same work in turn: in a
 * tenant's transaction (role, tenant and row-level security) and in a plain transaction of the owner. Prints
 * milliseconds per transaction, one after another on one connection, so that the load does not count. Also prints
 * the connections of a process.
 */

import type { Knex } from "knex";

import { runTransaction, type Trx } from "../core/db/database.ts";
import { openPool } from "../core/db/pool.ts";
import { prepare } from "../core/db/prepared_statement.ts";
import { addDays, dayAt } from "../core/mod.ts";
import { loginRole, urlAs } from "../core/db/role_names.ts";
import { median } from "../testing/timing.ts";
import { reserve } from "../plugins/pms/bookings/reserve.ts";
import { furnishHotel } from "../plugins/pms/testing/hotel.ts";
import { amount } from "./brief.ts";
import { printRow, startBench } from "./harness.ts";

const rounds = amount(15, 5);
const perRound = amount(100, 10);

const bench = await startBench();
const login = openPool({
  url: urlAs(bench.databaseUrl, loginRole, bench.variables["SECRET_KEY"] ?? ""),
  max: 1,
  name: "bench login",
});
const owner = openPool({ url: bench.databaseUrl, max: 1, name: "bench owner alone" });
await takeWallsDown(owner);
try {
  const hotel = await furnishHotel(bench.client, { rooms: 50 });
  const rooms = prepare<{ room_id: string }>(
    "bench_rooms",
    "SELECT room_id FROM pms.rooms WHERE hotel_id = $1 LIMIT 10",
  );
  const today = dayAt(new Date(), "Europe/Berlin");
  let booked = 0;
  const book = (trx: Trx) => {
    const day = Math.floor(booked / 50);
    const room = hotel.roomIds[booked % 50] ?? "";
    booked += 1;
    const stay = { check_in_at: addDays(today, day), expected_check_out_at: addDays(today, day + 1) };
    return reserve(
      trx,
      hotel.hotelId,
      { room_id: room, guest: { name: "Ada" }, adults: 1, children: 0, room_locked: false, ...stay },
      "bench",
    );
  };
  const works: readonly [name: string, work: (trx: Trx) => Promise<unknown>][] = [
    ["an empty transaction", async (trx) => prepare("bench_one", "SELECT 1").run(trx, [])],
    ["ten rooms read", (trx) => rooms.run(trx, [hotel.hotelId])],
    ["a booking", book],
  ];
  printRow(["ms (median)", "isolated", "owner", "difference", "of it all"]);
  for (const [name, work] of works) {
    const identity = { role: "keyrack_pms", tenantId: hotel.hotelId };
    const [walled, plain] = await inTurn(
      () => runTransaction(login, identity, work),
      () => runTransaction(owner, identity, work),
    );
    const difference = walled - plain;
    printRow([
      name,
      walled.toFixed(3),
      plain.toFixed(3),
      difference.toFixed(3),
      `${((100 * difference) / plain).toFixed(0)}%`,
    ]);
  }
  const { rows } = (await bench.owner.raw(
    `SELECT application_name AS name, count(*)::int AS connections FROM pg_stat_activity
     WHERE application_name LIKE 'keyrack%' GROUP BY 1`,
  )) as { rows: { name: string; connections: number }[] };
  for (const { name, connections } of rows)
    process.stdout.write(`${name}: ${connections} connections open (DATABASE_POOL allows 10)\n`);
} finally {
  await login.destroy();
  await owner.destroy();
  await bench.close();
}

/** Opens a pool's transactions (on one connection) with a bare BEGIN: the owner's login, no role, no tenant. */
async function takeWallsDown(pool: Knex): Promise<void> {
  const client = pool.client as Knex.Client;
  const connection = (await client.acquireConnection()) as { query: (...args: unknown[]) => unknown };
  const query = connection.query.bind(connection);
  connection.query = (statement, ...rest) =>
    query(typeof statement === "string" && statement.startsWith("BEGIN") ? "BEGIN" : statement, ...rest);
  await client.releaseConnection(connection);
}

/** Medians of both, measured in alternating rounds after a warm-up. */
async function inTurn(first: () => Promise<unknown>, second: () => Promise<unknown>): Promise<[number, number]> {
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, work] of [first, second].entries()) {
      const started = performance.now();
      for (let run = 0; run < perRound; run += 1) await work();
      // The first rounds warm caches and plans.
      if (round >= 3) times[index as 0 | 1].push((performance.now() - started) / perRound);
    }
  }
  return [median(times[0]), median(times[1])];
}

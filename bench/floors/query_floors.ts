/**
 * Measures the database alone: the calls' own statements in a loop, with no HTTP, no schema and no web process.
 */
import type { Knex } from "knex";
import pg from "pg";

import { runTransaction } from "../../core/db/database.ts";
import { addDays, type Day, newId } from "../../core/mod.ts";
import { median } from "../../testing/timing.ts";
import { reserve } from "../../plugins/pms/bookings/reserve.ts";
import {
  type AvailabilitySearch,
  freeRoomsStatement,
  freeRoomsValues,
} from "../../plugins/pms/allocation/free_rooms.ts";
import { amount } from "../brief.ts";

const connections = 10;
const ms = amount(4000, 100);

/** @returns runs of the work in a second, ten at a time, after half a second of warming up */
async function rateOf(work: (worker: number) => Promise<unknown>): Promise<number> {
  const loop = async (until: number): Promise<number> => {
    let done = 0;
    const worker = async (index: number): Promise<void> => {
      for (; performance.now() < until; done += 1) await work(index);
    };
    await Promise.all(Array.from({ length: connections }, (_, index) => worker(index)));
    return done;
  };
  await loop(performance.now() + ms / 8);
  const started = performance.now();
  const done = await loop(started + ms);
  return (1000 * done) / (performance.now() - started);
}

/**
 * Runs one prepared statement as the owner, without row-level security, on ten connections of its own. @returns
 * runs a second
 */
async function statementRate(url: string, text: string, next: () => readonly unknown[]): Promise<number> {
  const clients = Array.from({ length: connections }, () => new pg.Client({ connectionString: url }));
  await Promise.all(clients.map((client) => client.connect()));
  try {
    return await rateOf((worker) => (clients[worker] as pg.Client).query({ name: "floor", text, values: [...next()] }));
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

/** The query of `GET /rooms/available` for a stay of two nights. */
const twoNights = (hotelId: string, arrival: Day): AvailabilitySearch => ({
  hotelId,
  arrival,
  departure: addDays(arrival, 2),
  guests: 1,
  limit: 201,
});

/** The availability query alone. */
export function availabilityRate(url: string, hotelId: string, from: Day): Promise<number> {
  const values = freeRoomsStatement.order(freeRoomsValues(twoNights(hotelId, from)));
  return statementRate(url, freeRoomsStatement.text, () => values);
}

/** Milliseconds that PostgreSQL itself takes for the availability query, without planning. The median of 21. */
export async function availabilityMs(owner: Knex, hotelId: string, from: Day): Promise<number> {
  const values = freeRoomsStatement.order(freeRoomsValues(twoNights(hotelId, from)));
  const literal = (value: unknown): string =>
    value === null ? "NULL" : `'${JSON.stringify(value).replaceAll('"', "")}'`;
  const sql = freeRoomsStatement.text.replaceAll(/\$(\d+)/g, (_, at: string) => literal(values[Number(at) - 1]));
  const times: number[] = [];
  for (let run = 0; run < 21; run += 1) {
    const { rows } = await runTransaction(owner, { role: "keyrack_pms", tenantId: hotelId }, (trx) =>
      trx.raw(`EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${sql}`),
    );
    times.push(
      (rows as { "QUERY PLAN": { "Execution Time": number }[] }[])[0]?.["QUERY PLAN"][0]?.["Execution Time"] ?? 0,
    );
  }
  return median(times);
}

/** A row under the exclusion constraint, and nothing else. @param next a room and a day that are free */
export function insertRate(url: string, hotelId: string, next: () => { room: string; day: Day }): Promise<number> {
  return statementRate(
    url,
    `INSERT INTO pms.occupancies (hotel_id, occupancy_id, room_id, arrival, departure, reason)
     VALUES ($1, $2, $3, $4::date, $4::date + 2, 'bench')`,
    () => {
      const { room, day } = next();
      return [hotelId, newId(), room, day];
    },
  );
}

/**
 * A whole booking as the plugin makes it, with tenant isolation and without HTTP. @param login a pool of ten as
 * the run-time login
 */
export function reserveRate(login: Knex, hotelId: string, next: () => { room: string; day: Day }): Promise<number> {
  return rateOf(() => {
    const { room, day } = next();
    const stay = { check_in_at: day, expected_check_out_at: addDays(day, 2) };
    const order = {
      room_id: room,
      guest: { name: "Ada Lovelace" },
      adults: 1,
      children: 0,
      room_locked: false,
      ...stay,
    };
    return runTransaction(login, { role: "keyrack_pms", tenantId: hotelId }, (trx) =>
      reserve(trx, hotelId, order, "bench"),
    );
  });
}

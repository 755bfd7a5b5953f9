/**
 * Runs 200 desks without thinking time: of one hotel, of fifty hotels, and of one hotel beside a desk of another.
 * Prints rates, latencies and the wait events of the web process's connections in PostgreSQL.
 */
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

import { addDays, newId } from "../core/mod.ts";
import { signUpHotel } from "../testing/platform.ts";
import { amount, isBrief } from "./brief.ts";
import { json } from "./desk.ts";
import { type Bench, printRow, startBench } from "./harness.ts";

const desks = amount(200, 10);
const seconds = amount(12, 1);
const hotelCount = amount(50, 3);
const roomCount = amount(200, 20);

interface Hotel {
  readonly hotelId: string;
  readonly token: string;
  readonly today: string;
  readonly typeId: string;
  readonly rooms: readonly string[];
}

const bench = await startBench();
const { client, owner } = bench;

async function furnish(): Promise<Hotel> {
  const { hotelId, managerToken } = await signUpHotel(client);
  const { business_date: today } = (await client.get("/hotels/me", { token: managerToken })).body as {
    business_date: string;
  };
  const typeId = newId();
  await owner.raw(
    "INSERT INTO pms.room_types (hotel_id, room_type_id, name, capacity, rate) VALUES (?, ?, 'Double', 2, 120)",
    [hotelId, typeId],
  );
  const rooms = Array.from({ length: roomCount }, () => newId());
  await owner.raw(
    `INSERT INTO pms.rooms (hotel_id, room_id, room_number, room_type_id)
     SELECT ?, room_id, (100 + n)::text, ? FROM unnest(?::uuid[]) WITH ORDINALITY AS t (room_id, n)`,
    [hotelId, typeId, rooms],
  );
  return { hotelId, token: managerToken, today, typeId, rooms };
}

let calls = 0;

/** One call of a desk: reads, and a booking every fifth time. */
async function call(hotel: Hotel, turn: number): Promise<number> {
  calls += 1;
  const day = (ahead: number): string => addDays(hotel.today, ahead);
  const headers = { ...json, authorization: `Bearer ${hotel.token}` };
  const get = (path: string): Promise<Response> => fetch(client.url + path, { headers });
  const answer = await (async () => {
    switch (turn % 10) {
      case 0:
      case 5: {
        const at = (calls * 7) % 300;
        const body = JSON.stringify({
          room_type_id: hotel.typeId,
          guest: { name: `Guest ${calls}` },
          check_in_at: day(at),
          expected_check_out_at: day(at + 1),
        });
        return fetch(`${client.url}/bookings/`, { method: "POST", headers, body });
      }
      case 1:
      case 6:
      case 8:
        return get(`/rooms/available?check_in=${day(turn % 300)}&check_out=${day((turn % 300) + 2)}&limit=20`);
      case 2:
      case 7:
        return get("/operations/today");
      case 3:
        return get(`/bookings/?arrival_from=${day(turn % 200)}&limit=20`);
      default:
        return get(`/rooms/?limit=20`);
    }
  })();
  await answer.arrayBuffer();
  return answer.status;
}

interface Outcome {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly statuses: string;
}

/** Desks that call one after the other until the time is over. */
async function run(who: readonly Hotel[]): Promise<Outcome> {
  const times: number[] = [];
  const statuses = new Map<number, number>();
  const until = performance.now() + seconds * 1000;
  await Promise.all(
    who.map(async (hotel, desk) => {
      for (let turn = desk; performance.now() < until; turn += 1) {
        const started = performance.now();
        const status = await call(hotel, turn);
        times.push(performance.now() - started);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status === 503 || status === 429) await sleep(1000);
      }
    }),
  );
  times.sort((a, b) => a - b);
  const at = (part: number): number => Math.round(times[Math.floor((times.length - 1) * part)] ?? 0);
  return {
    perSecond: Math.round(times.length / seconds),
    p50: at(0.5),
    p99: at(0.99),
    statuses: [...statuses].map(([status, count]) => `${status}: ${count}`).join(", "),
  };
}

/** Samples every 50 ms which wait events the web process's backends have. */
async function waitsDuring<T>(work: Promise<T>, { databaseUrl }: Bench): Promise<Map<string, number>> {
  const observer = new pg.Client({ connectionString: databaseUrl });
  await observer.connect();
  const seen = new Map<string, number>();
  const over = new AbortController();
  void work.finally(() => over.abort());
  while (!over.signal.aborted) {
    const { rows } = await observer.query<{ wait: string; n: string }>(
      `SELECT CASE WHEN state = 'active' THEN coalesce(wait_event_type || ' ' || wait_event, 'running') ELSE state END
         || CASE WHEN wait_event_type = 'Lock'
              THEN ': ' || left(regexp_replace(query, '\\s+', ' ', 'g'), 60) ELSE '' END AS wait,
         count(*) AS n
       FROM pg_stat_activity WHERE application_name = 'keyrack web' GROUP BY 1`,
    );
    for (const { wait, n } of rows) seen.set(wait, (seen.get(wait) ?? 0) + Number(n));
    await sleep(50);
  }
  await observer.end();
  return seen;
}

const hotels: Hotel[] = [];
for (let at = 0; at < hotelCount; at += 1) hotels.push(await furnish());
const [first] = hotels as [Hotel, ...Hotel[]];
const ofOne = Array.from({ length: desks }, () => first);
const ofMany = Array.from({ length: desks }, (_, at) => hotels[at % hotels.length] ?? first);

printRow(["", "a second", "p50 ms", "p99 ms", "answers"]);
for (let round = 0; round < amount(2, 1); round += 1) {
  for (const [name, who] of [
    [`${desks} desks of ${hotelCount} hotels`, ofMany],
    [`${desks} desks of one hotel`, ofOne],
  ] as const) {
    const running = run(who);
    const waits = await waitsDuring(running, bench);
    const { perSecond, p50, p99, statuses } = await running;
    printRow([name, perSecond, p50, p99, statuses]);
    const all = [...waits.values()].reduce((sum, n) => sum + n, 0);
    for (const [wait, n] of [...waits].sort((a, b) => b[1] - a[1]).slice(0, isBrief ? 1 : 8))
      process.stdout.write(`    ${((100 * n) / all).toFixed(1).padStart(5)} % ${wait}\n`);
  }
}
const beside = hotels.at(-1) ?? first;
const busy = run(ofOne);
const alone = run([beside]);
const { perSecond, p50, p99, statuses } = await alone;
await busy;
printRow(["a desk of another hotel beside", perSecond, p50, p99, statuses]);
await bench.close();

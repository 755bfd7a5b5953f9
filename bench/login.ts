/**
 * `npm run bench:login`: measures how much a flood of logins delays the desk. One run measures three things in turn.
 * It counts the passwords that this machine can hash, and the tokens that Keyrack issues.
 * It measures the time of bookings with and without a flood of logins.
 * Only the ratios count, because machines are noisy.
 */
import { hash } from "@node-rs/argon2";

import { addDays, dayAt } from "../core/mod.ts";
import { lanes } from "../plugins/identity/passwords/hashing.ts";
import { median } from "../testing/timing.ts";
import { logIn } from "../testing/platform.ts";
import { amount } from "./brief.ts";
import { type Load, measure, type Measured, printRow, startBench } from "./harness.ts";

const rounds = amount(3, 1);
const seconds = amount(5, 0.5);
const rooms = amount(100, 10);
/** The parameters of plugins/identity/passwords/hashing.ts. */
const parameters = { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 };
const day = dayAt(new Date(), "Europe/Berlin");

const bench = await startBench();
try {
  const { client } = bench;
  const manager = { username: "bench-manager", password: "correct-horse-battery" };
  await client.post("/hotels/", { name: "Bench", ...manager, time_zone: "Europe/Berlin", currency: "EUR" });
  const token = await logIn(client, manager.username, manager.password);
  const type = await client.post("/room-types/", { name: "Double", capacity: 2, rate: "120.00" }, { token });
  const roomIds: string[] = [];
  for (let number = 0; number < rooms; number += 1) {
    const body = { room_number: String(1000 + number), room_type_id: type.body.room_type_id as string };
    roomIds.push((await client.post("/rooms/", body, { token })).body.room_id as string);
  }

  const json = { "content-type": "application/json" };
  const logins: Load = {
    name: "POST /auth/token",
    url: `${client.url}/auth/token`,
    method: "POST",
    headers: json,
    seconds,
    next: () => ({ body: JSON.stringify(manager) }),
  };
  let booked = 0;
  const bookings: Load = {
    name: "POST /bookings/, quiet",
    url: `${client.url}/bookings/`,
    method: "POST",
    headers: { ...json, authorization: `Bearer ${token}` },
    seconds,
    next: () => {
      const arrival = addDays(day, 1 + 2 * Math.floor(booked / rooms));
      const room_id = roomIds[booked % rooms];
      booked += 1;
      const stay = { check_in_at: arrival, expected_check_out_at: addDays(arrival, 2) };
      return { body: JSON.stringify({ room_id, guest: { name: "Ada Lovelace" }, ...stay }) };
    },
  };

  printRow(["", "requests/s", "p50 ms", "p99 ms", "", "answers"]);
  const print = (measured: Measured): Measured => {
    printRow([measured.name, Math.round(measured.perSecond), measured.p50, measured.p99, "", measured.statuses]);
    return measured;
  };
  const laneRatios: number[] = [];
  const tokenRatios: number[] = [];
  const p99Ratios: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // Measures hashes before and after the tokens, so that other load on the machine affects both alike.
    const before = [await bareHashRate(4), await bareHashRate(lanes)];
    const tokens = print(await measure(logins)).perSecond;
    const after = [await bareHashRate(4), await bareHashRate(lanes)];
    const [onAll = 0, inLanes = 0] = before.map((rate, index) => (rate + (after[index] ?? rate)) / 2);
    printRow(["argon2id alone, 4 threads", Math.round(onAll)]);
    printRow([`argon2id alone, ${lanes} threads`, Math.round(inLanes)]);
    tokenRatios.push(tokens / onAll);
    laneRatios.push(tokens / inLanes);
    const quiet = print(await measure(bookings));
    // The flood begins first and ends last.
    const flood = measure({ ...logins, name: "  the flood", seconds: seconds + 2 });
    const beside = print(await measure({ ...bookings, name: "POST /bookings/, flooded" }));
    print(await flood);
    p99Ratios.push(beside.p99 / quiet.p99);
  }
  const show = (ratios: readonly number[]): string =>
    `${median(ratios).toFixed(2)} (${ratios.map((ratio) => ratio.toFixed(2)).join(", ")})`;
  process.stdout.write(
    `\np99 of bookings during a flood of logins / without it (goal 3 or less): ${show(p99Ratios)}\n` +
      `tokens / hashes alone (goal 0.9): ${show(tokenRatios)}\n` +
      `tokens / hashes alone, ${lanes} at a time as in Keyrack: ${show(laneRatios)}\n`,
  );
} finally {
  await bench.close();
}

/** Returns hashes per second at this concurrency, in a process that does nothing else. */
async function bareHashRate(atATime: number): Promise<number> {
  let hashes = 0;
  const started = performance.now();
  const until = started + (seconds / 2) * 1000;
  const lane = async (): Promise<void> => {
    while (performance.now() < until) {
      await hash("correct-horse-battery", parameters);
      hashes += 1;
    }
  };
  await Promise.all(Array.from({ length: atATime }, lane));
  return hashes / ((performance.now() - started) / 1000);
}

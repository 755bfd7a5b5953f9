/**
 * `npm run bench:api`: what a front desk waits for, against a started server, and the ratio to a floor (bare Koa and one
 * prepared statement) measured in the same run. Only ratios of one run count: machines are noisy.
 */
import { createHmac, randomUUID } from "node:crypto";

import { addDays, dayAt } from "../core/mod.ts";
import { logIn } from "../workers/testing/platform.ts";
import { type Load, measure, type Measured, printRow, startBench, webhookSecret } from "./harness.ts";

const rooms = 100;
const nights = 300;
const day = dayAt(new Date(), "Europe/Berlin");

const bench = await startBench();
try {
  const { client } = bench;
  const manager = { username: "bench-manager", password: "correct-horse-battery" };
  const signUp = await client.post("/hotels/", {
    name: "Bench",
    ...manager,
    time_zone: "Europe/Berlin",
    currency: "EUR",
  });
  const hotelId = signUp.body.hotel.hotel_id as string;
  const token = await logIn(client, manager.username, manager.password);
  const type = await client.post("/room-types/", { name: "Double", capacity: 2, rate: "120.00" }, { token });
  const roomIds: string[] = [];
  for (let number = 0; number < rooms; number += 1) {
    const room = await client.post(
      "/rooms/",
      { room_number: String(1000 + number), room_type_id: type.body.room_type_id },
      { token },
    );
    roomIds.push(room.body.room_id as string);
  }
  await fillBooks(hotelId);
  const floorPort = await bench.start("bench/floor.ts");

  const json = { "content-type": "application/json" };
  const authorized = { ...json, authorization: `Bearer ${token}` };
  let booked = 0;
  const loads: Load[] = [
    { name: "floor (Koa + 1 statement)", url: `http://127.0.0.1:${floorPort}/` },
    {
      name: "GET /rooms/available",
      url: `${client.url}/rooms/available?check_in=${addDays(day, 10)}&check_out=${addDays(day, 12)}`,
      headers: authorized,
    },
    {
      name: "POST /bookings/",
      url: `${client.url}/bookings/`,
      method: "POST",
      headers: authorized,
      next: () => {
        // Behind the nights that are taken: every request finds its room free.
        const arrival = addDays(day, nights + 10 + 2 * Math.floor(booked / rooms));
        const body = {
          room_id: roomIds[booked % rooms],
          guest: { name: "Ada Lovelace" },
          check_in_at: arrival,
          expected_check_out_at: addDays(arrival, 2),
        };
        booked += 1;
        return { body: JSON.stringify(body) };
      },
    },
    {
      name: "POST /auth/token",
      url: `${client.url}/auth/token`,
      method: "POST",
      headers: json,
      next: () => ({ body: JSON.stringify(manager) }),
    },
    {
      name: "POST /billing/webhook",
      url: `${client.url}/billing/webhook`,
      method: "POST",
      headers: json,
      next: () => signedEvent(hotelId),
    },
  ];
  printRow(["", "requests/s", "p50 ms", "p99 ms", "of the floor", "answers"]);
  let floor: Measured | undefined;
  for (const load of loads) {
    const measured = await measure(load);
    floor ??= measured;
    const ratio = (measured.perSecond / floor.perSecond).toFixed(3);
    printRow([measured.name, Math.round(measured.perSecond), measured.p50, measured.p99, ratio, measured.statuses]);
  }
} finally {
  await bench.close();
}

/** Two thirds of the rooms are taken for two nights at a time, over the next months. */
async function fillBooks(hotelId: string): Promise<void> {
  await bench.owner.raw(
    `WITH stays AS (
       SELECT r.room_id, ?::date + n AS arrival, gen_random_uuid() AS booking_id
       FROM pms.rooms r, generate_series(0, ?, 3) AS n WHERE r.hotel_id = ?
     ), bookings AS (
       INSERT INTO pms.bookings (hotel_id, booking_id, room_id, guest_name, adults, children, arrival, departure, check_in_at,
         expected_check_out_at, status, total_amount, currency, created_by)
       SELECT ?, booking_id, room_id, 'Guest', 1, 0, arrival, arrival + 2, arrival, arrival + 2, 'confirmed', 240.00, 'EUR', 'bench' FROM stays
     )
     INSERT INTO pms.occupancies (hotel_id, occupancy_id, room_id, arrival, departure, booking_id)
     SELECT ?, gen_random_uuid(), room_id, arrival, arrival + 2, booking_id FROM stays`,
    [day, nights, hotelId, hotelId, hotelId],
  );
  await bench.owner.raw("VACUUM ANALYZE pms.occupancies");
  await bench.owner.raw("VACUUM ANALYZE pms.bookings");
}

function signedEvent(hotelId: string): { body: string; headers: Record<string, string> } {
  const id = randomUUID().replaceAll("-", "");
  const line = {
    period: { start: 1, end: 1_900_000_000 },
    metadata: { hotel_id: hotelId },
    type: "subscription",
    proration: false,
  };
  const invoice = {
    id: `in_${id}`,
    object: "invoice",
    status: "paid",
    subscription: "sub_1",
    customer: "cus_1",
    lines: { data: [line] },
  };
  const body = JSON.stringify({
    id: `evt_${id}`,
    object: "event",
    type: "invoice.paid",
    livemode: false,
    data: { object: invoice },
  });
  const seconds = Math.floor(Date.now() / 1000);
  const signature = createHmac("sha256", webhookSecret).update(`${seconds}.${body}`).digest("hex");
  return { body, headers: { "stripe-signature": `t=${seconds},v1=${signature}` } };
}

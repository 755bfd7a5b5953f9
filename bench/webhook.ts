/**
 * `npm run bench:webhook`: measures Stripe's deliveries up to their answer, and events applied on both queue
 * stores. One run measures them in turn with their floors.
 * These are a bare Koa with one INSERT of the same bytes, and BullMQ alone on the same store.
 * Only the ratios count, because machines are noisy.
 */
import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { hasRedisServer, startRedis } from "../testing/redis.ts";
import { median } from "../testing/timing.ts";
import { basilInvoice, eventAround } from "../plugins/billing/testing/deliveries.ts";
import { amount } from "./brief.ts";
import { type Load, measure, printRow, startBench, webhookSecret } from "./harness.ts";
import { measureQueueFloor } from "./floors/queue_floor.ts";

const rounds = amount(3, 1);
const seconds = 3;
const hotels = 200;
/** The number of events, and of jobs of a floor, in one measurement. */
const jobs = amount(2_000, 100);
/** The concurrency of the plugin billing in one worker process. */
const concurrency = 8;
/** The size of Stripe's own invoice events. */
const eventBytes = 4_700;

const bench = await startBench();
const redis = hasRedisServer() ? await startRedis() : undefined;
try {
  const { owner, client } = bench;
  const hotelIds = await makeHotels();
  const floorPort = await bench.start("bench/floors/webhook_floor.ts");
  const floorLoad: Load = {
    name: "Koa + one INSERT",
    url: `http://127.0.0.1:${floorPort}/`,
    method: "POST",
    headers: { "content-type": "application/json" },
    seconds,
    next: signedEvent,
  };
  const webhookLoad: Load = { ...floorLoad, name: "POST /billing/webhook", url: `${client.url}/billing/webhook` };

  process.stdout.write("Deliveries, 32 connections\n");
  printRow(["", "a second", "p50 ms", "p99 ms", "of the floor", "answers"]);
  const webhookRatios: number[] = [];
  const p99Ratios: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const floor = await measure(floorLoad);
    const webhook = await measure(webhookLoad);
    webhookRatios.push(webhook.perSecond / floor.perSecond);
    p99Ratios.push(webhook.p99 / floor.p99);
    for (const { name, perSecond, p50, p99, statuses } of [floor, webhook]) {
      printRow([name, Math.round(perSecond), p50, p99, (perSecond / floor.perSecond).toFixed(2), statuses]);
    }
    await forget();
  }

  process.stdout.write(`\nJobs, ${concurrency} at a time in one worker\n`);
  printRow(["", "a second", "", "", "of UPDATE job"]);
  const stores = [
    { name: "PostgreSQL", redisUrl: undefined },
    ...(redis === undefined ? [] : [{ name: "Redis", redisUrl: redis.url }]),
  ];
  const appliedRatios = new Map<string, number[]>(stores.map(({ name }) => [name, []]));
  const pickUps = new Map<string, number[]>(stores.map(({ name }) => [name, []]));
  const pickUpFloors = new Map<string, number[]>(stores.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, redisUrl } of stores) {
      const secret = bench.variables["SECRET_KEY"] as string;
      const floor = await measureQueueFloor({ redisUrl, databaseUrl: bench.databaseUrl, secret }, jobs, concurrency);
      const queue: Record<string, string> = redisUrl === undefined ? {} : { REDIS_URL: redisUrl };
      await storeEvents(jobs);
      const worker = await bench.startProcess("workers/main.ts", queue);
      const applied = await appliedPerSecond();
      pickUps.get(name)?.push(median(await pickUpTimes()));
      pickUpFloors.get(name)?.push(floor.pickUpMs);
      await worker.stop();
      await forget();
      printRow([`${name}: no-op job`, Math.round(floor.noOp), "", "", (floor.noOp / floor.update).toFixed(2)]);
      printRow([`${name}: UPDATE job`, Math.round(floor.update), "", "", "1.00"]);
      printRow([`${name}: event applied`, Math.round(applied), "", "", (applied / floor.update).toFixed(2)]);
      appliedRatios.get(name)?.push(applied / floor.update);
    }
  }

  const show = (ratios: readonly number[]): string =>
    `${median(ratios).toFixed(2)} (${ratios.map((ratio) => ratio.toFixed(2)).join(", ")})`;
  process.stdout.write(
    `\ndeliveries / Koa + one INSERT of the same bytes: ${show(webhookRatios)}\n` +
      `p99 of deliveries / p99 of the floor: ${show(p99Ratios)}\n`,
  );
  for (const [name, ratios] of appliedRatios) {
    const ms = (times: readonly number[] = []): string => times.map((time) => time.toFixed(1)).join(", ");
    process.stdout.write(
      `events applied / UPDATE jobs on ${name} (goal 0.5): ${show(ratios)}\n` +
        `time from an event's transaction to its job's on ${name} (goal 10 ms): ${ms(pickUps.get(name))} ms\n` +
        `time from a job's insertion to its handler in BullMQ alone on ${name}: ${ms(pickUpFloors.get(name))} ms\n`,
    );
  }

  async function makeHotels(): Promise<string[]> {
    const { rows } = (await owner.raw(
      `INSERT INTO identity.hotels (hotel_id, name, time_zone, currency, business_date, trial_ends_at, valid_to)
       SELECT gen_random_uuid(), 'Hotel', 'Europe/Berlin', 'EUR', current_date, now(), now() FROM generate_series(1, ?)
       RETURNING hotel_id`,
      [hotels],
    )) as { rows: { hotel_id: string }[] };
    return rows.map(({ hotel_id }) => hotel_id);
  }

  /** A signed event of an invoice for a month that no other invoice covers, of the size of a real one. */
  function signedEvent(): { body: string; headers: Record<string, string> } {
    const hotelId = hotelIds[Math.floor(Math.random() * hotels)] as string;
    const key = hotelId.replaceAll("-", "");
    const invoice = basilInvoice({
      hotelId,
      customerId: `cus_${key}`,
      subscriptionId: `sub_${key}`,
      periodEnd: 1_800_000_000 + Math.floor(Math.random() * 100_000_000),
    });
    const event = eventAround("invoice.paid", invoice);
    const short = JSON.stringify(event, undefined, 2).length;
    const body = JSON.stringify({ ...event, padding: "x".repeat(eventBytes - short) }, undefined, 2);
    const now = Math.floor(Date.now() / 1000);
    const signature = createHmac("sha256", webhookSecret).update(`${now}.${body}`).digest("hex");
    return { body, headers: { "stripe-signature": `t=${now},v1=${signature}` } };
  }

  async function deliver(): Promise<void> {
    const { body, headers } = signedEvent();
    const json = { "content-type": "application/json" };
    const answer = await client.call("POST", "/billing/webhook", body, { headers: { ...json, ...headers } });
    if (answer.status !== 200) throw new Error(`The webhook answered ${answer.status}: ${answer.text}`);
  }

  /** Events for a worker that does not run yet. */
  async function storeEvents(count: number): Promise<void> {
    let left = count;
    const lane = async (): Promise<void> => {
      for (; left > 0;) {
        left -= 1;
        await deliver();
      }
    };
    await Promise.all(Array.from({ length: 16 }, lane));
    await owner.raw("VACUUM ANALYZE core.outbox, billing.stripe_events");
  }

  /** From the first tenth to the last event, by the clock of PostgreSQL. */
  async function appliedPerSecond(): Promise<number> {
    const until = Date.now() + 120_000;
    for (; Date.now() < until; await sleep(100)) {
      const { rows } = (await owner.raw("SELECT FROM core.outbox LIMIT 1")) as { rows: unknown[] };
      if (rows.length === 0) break;
    }
    const { rows } = (await owner.raw(
      `SELECT count(*)::float AS applied, extract(epoch FROM max(processed_at)
         - percentile_disc(0.1) WITHIN GROUP (ORDER BY processed_at))::float AS seconds
       FROM billing.stripe_events WHERE status = 'applied'`,
    )) as { rows: [{ applied: number; seconds: number }] };
    const [{ applied, seconds: took }] = rows;
    if (applied !== jobs) throw new Error(`${applied} of ${jobs} events were applied.`);
    return (applied * 0.9) / took;
  }

  /**
   * On an idle worker, from the start of the transaction that stored an event to the start of the one that applied
   * it.
   */
  async function pickUpTimes(): Promise<number[]> {
    const { rows: before } = (await owner.raw("SELECT now() AS now")) as { rows: [{ now: Date }] };
    for (let event = 0; event < amount(100, 10); event += 1) {
      await deliver();
      await sleep(20);
    }
    await sleep(500);
    const { rows } = (await owner.raw(
      `SELECT extract(epoch FROM processed_at - received_at)::float * 1000 AS ms
       FROM billing.stripe_events WHERE received_at > ? AND processed_at IS NOT NULL`,
      [before[0].now],
    )) as { rows: { ms: number }[] };
    return rows.map(({ ms }) => ms);
  }

  async function forget(): Promise<void> {
    // The load ends with requests in progress, whose clients don't wait.
    await sleep(1_000);
    await owner.raw(
      `TRUNCATE core.outbox, billing.stripe_events, billing.conflicting_deliveries, billing.paid_invoices,
     public.floor_events`,
    );
    await owner.raw("CHECKPOINT");
  }
} finally {
  await redis?.stop();
  await bench.close();
}

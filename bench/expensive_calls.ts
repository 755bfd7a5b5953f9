/**
 * The most expensive requests that a hotel may send: by how long one holds the event loop, by what it waits for the database,
 * and by the bytes of its answer. One large hotel is full for a quarter of a year; each call is sent as large as it may be.
 * The web process is this one, and the requests come from a thread, so that the event loop's time is the server's alone.
 */
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import pg from "pg";
import { Worker } from "node:worker_threads";

import { addDays } from "../core/mod.ts";
import { stopTestServer } from "../core/testing/postgres.ts";
import { openDesk } from "../plugins/pms/testing/desk.ts";
import { fillHotel } from "../plugins/pms/testing/full_hotel.ts";
import { startTestPlatform } from "../workers/testing/platform.ts";
import { amount } from "./brief.ts";

interface Call {
  readonly name: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Milliseconds, but for the first two. */
interface Run {
  readonly status: number;
  readonly bytes: number;
  /** The longest time for which the event loop did nothing else. */
  readonly hold: number;
  /** All of the event loop's time. */
  readonly active: number;
  readonly database: number;
}

interface Answered {
  readonly status: number;
  readonly bytes: number;
}

/** Plain JavaScript: a worker thread does not load TypeScript by itself. */
const clientThread = `
  const { parentPort } = require("node:worker_threads");
  parentPort.on("message", async ({ url, method, headers, body }) => {
    const answer = await fetch(url, { method, headers: { ...headers, connection: "close" }, body });
    const bytes = (await answer.arrayBuffer()).byteLength;
    parentPort.postMessage({ status: answer.status, bytes });
  });`;

await measureAll();

async function measureAll(): Promise<void> {
  const [rooms, nights] = [amount(300, 10), amount(91, 10)];
  const platform = await startTestPlatform({ worker: false });
  const desk = await openDesk(platform);
  await fillHotel(platform.owner, { ...desk, from: desk.day(1), rooms, nights });
  await platform.owner.raw("ANALYZE");
  const database = timeOfDatabase();
  const client = new Worker(clientThread, { eval: true, execArgv: [] });
  const send = (call: Call): Promise<Answered> =>
    new Promise((resolve) => {
      client.once("message", resolve);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread has no origin
      client.postMessage(call);
    });
  const rows = [];
  for (const call of callsOf(desk, platform.client.url, nights)) {
    const runs: Run[] = [];
    for (let run = 0; run < amount(3, 1); run += 1) {
      const delay = monitorEventLoopDelay({ resolution: 1 });
      await new Promise((resolve) => setTimeout(resolve, 100));
      delay.enable();
      const loop = performance.eventLoopUtilization();
      const waited = database();
      const { status, bytes } = await send(call);
      delay.disable();
      const { active } = performance.eventLoopUtilization(loop);
      runs.push({ status, bytes, hold: delay.max / 1e6, active, database: database() - waited });
    }
    // The least of several, for the machine has other work.
    const least = (of: (run: Run) => number): number => Math.min(...runs.map(of));
    rows.push({
      name: call.name,
      status: runs.map(({ status }) => status).at(-1) ?? 0,
      hold: least(({ hold }) => hold),
      active: least(({ active }) => active),
      database: least((run) => run.database),
      bytes: least(({ bytes }) => bytes),
    });
  }
  const line = (cells: readonly (string | number)[]): void => {
    const widths = [46, 7, 10, 10, 10, 10];
    process.stdout.write(`${cells.map((cell, at) => String(cell).padEnd(widths[at] ?? 0)).join(" ")}\n`);
  };
  line(["the ten worst, by the longest hold", "status", "hold ms", "loop ms", "pg ms", "KB"]);
  for (const row of rows.sort((a, b) => b.hold - a.hold).slice(0, 10)) {
    const { name, status, hold, active, database: pgMs, bytes } = row;
    line([name, status, hold.toFixed(1), active.toFixed(1), pgMs.toFixed(1), (bytes / 1024).toFixed(0)]);
  }
  await client.terminate();
  await platform.close();
  await stopTestServer();
}

/** Milliseconds in which an answer of PostgreSQL was awaited so far, by all connections of this process. */
function timeOfDatabase(): () => number {
  const prototype = pg.Client.prototype as unknown as { query: (...args: unknown[]) => unknown };
  const original = prototype.query;
  let [open, since, total] = [0, 0, 0];
  prototype.query = function (this: unknown, ...args: unknown[]): unknown {
    const asked = original.apply(this, args);
    if (!(asked instanceof Promise)) return asked;
    if (open === 0) since = performance.now();
    open += 1;
    const end = (): void => {
      open -= 1;
      if (open === 0) total += performance.now() - since;
    };
    asked.then(end, end);
    return asked;
  };
  return () => total;
}

/** Every kind of call that could be large, as large as it may be. */
function callsOf(desk: Awaited<ReturnType<typeof openDesk>>, url: string, nights: number): Call[] {
  const from = desk.day(1);
  const to = addDays(from, nights);
  const headers = { authorization: `Bearer ${desk.managerToken}`, "content-type": "application/json" };
  const get = (name: string, path: string, more = {}): Call => ({
    name,
    method: "GET",
    url: url + path,
    headers: { ...headers, ...more },
  });
  const post = (name: string, path: string, body: unknown, more = {}, method = "POST"): Call => ({
    name,
    method,
    url: url + path,
    headers: { ...headers, ...more },
    body: JSON.stringify(body),
  });
  const unknown = Object.fromEntries(Array.from({ length: amount(20_000, 200) }, (_, at) => [`f${at}`, 1]));
  const stay = { room_type_id: desk.roomTypeId, guest: { name: "Ada" } };
  return [
    post("login with 20,000 unknown fields", "/auth/token", unknown),
    post("booking with 20,000 unknown fields", "/bookings/", unknown),
    post("sign-up with 20,000 unknown fields", "/hotels/", unknown),
    post("policies with 20,000 unknown fields", "/policies", unknown, {}, "PATCH"),
    post("booking refused, with a search for moves", "/bookings/", {
      ...stay,
      check_in_at: addDays(from, nights >> 1),
      expected_check_out_at: addDays(from, (nights >> 1) + 2),
    }),
    post("POST /rooms/repack", "/rooms/repack", {
      room_type_id: desk.roomTypeId,
      check_in: addDays(from, nights >> 1),
      check_out: addDays(from, (nights >> 1) + 2),
    }),
    get("GET /rooms/chart, a page of rooms, 92 days", `/rooms/chart?from=${from}&to=${addDays(from, 92)}`),
    get("GET /rooms/available, a year", `/rooms/available?check_in=${to}&check_out=${addDays(to, 365)}`),
    get("GET /operations/today", "/operations/today"),
    get("GET /bookings, 200 on a page", `/bookings/?limit=200&arrival_from=${from}`),
    get("GET /bookings by a common name", "/bookings/?limit=200&guest=ada"),
    get("GET /guests by a common name", "/guests/?query=ada&limit=200"),
    get("GET /rooms, 200 on a page", "/rooms/?limit=200"),
    post(
      "PUT /rates of a year",
      "/rates/",
      { room_type_id: desk.roomTypeId, from, to: addDays(from, 365), rate: "99.00" },
      {},
      "PUT",
    ),
    get("GET /rates of a year", `/rates/?from=${from}&to=${addDays(from, 365)}`),
    post("POST /reports/bookings, streamed", "/reports/bookings", {}, { accept: "text/csv" }),
    post("POST /reports/revenue, streamed", "/reports/revenue", { from, to }, { accept: "text/csv" }),
    post("POST /reports/occupancy, streamed", "/reports/occupancy", { from, to }, { accept: "text/csv" }),
    get("GET /docs/swagger-ui-bundle.js", "/docs/swagger-ui-bundle.js"),
    get("GET /openapi.json", "/openapi.json"),
    get("GET of an unknown path", `/${"x/".repeat(2000)}`),
    get(
      "GET with 1,000 unknown query fields",
      `/rooms/?${Array.from({ length: 1000 }, (_, at) => `q${at}`).join("&")}`,
    ),
    post("close of the day", "/operations/close-day", {}),
  ];
}

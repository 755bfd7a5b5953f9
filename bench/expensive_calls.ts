/**
 * Measures the most expensive requests that a hotel can send.
 * Compares the time that each blocks the event loop, its time in the database, and the bytes of its answer.
 * One hotel, as large as a trial allows, is full for a quarter of a year. Each call is sent as large as allowed. This
 * process is the web process, and a thread sends the requests. The event loop's time is therefore the server's alone.
 * All times are processor times.
 */
import { Worker } from "node:worker_threads";

import { stopTestServer } from "../testing/postgres.ts";
import { openDesk } from "../plugins/pms/testing/desk.ts";
import { fillHotel } from "../plugins/pms/testing/full_hotel.ts";
import { startTestPlatform, type TestPlatform } from "../testing/platform.ts";
import { amount } from "./brief.ts";
import { type Call, enlarge, expensiveRequests, refusedBooking } from "./expensive_requests.ts";
import { type LoopTime, measureLoop, processorMsOfServer } from "./loop_probe.ts";

interface Answered {
  readonly status: number;
  readonly bytes: number;
}

interface Run extends Answered, LoopTime {
  /** The processor time of PostgreSQL's processes (ms). */
  readonly database: number;
}

/** The client's code, in plain JavaScript, because a worker thread does not load TypeScript by itself. */
const clientThread = String.raw`
  const { parentPort } = require("node:worker_threads");
  parentPort.on("message", async ({ url, method, headers, body }) => {
    const answer = await fetch(url, { method, headers: { ...headers, connection: "close" }, body });
    const bytes = (await answer.arrayBuffer()).byteLength;
    parentPort.postMessage({ status: answer.status, bytes });
  });`;

/** The figures of one call. */
interface Row extends Run {
  readonly name: string;
}

await measureAll();

async function measureAll(): Promise<void> {
  const platform = await startTestPlatform({ worker: false });
  const client = new Worker(clientThread, { eval: true, execArgv: [] });
  const measureCall: MeasureCall = async (call, token, times) => {
    const runs: Run[] = [];
    for (let run = 0; run < times; run += 1) {
      runs.push(await measure(platform, () => send(client, platform.client.url, call, token)));
    }
    return runs;
  };
  const searches = await measureSearches(platform, measureCall);
  print("a booking that is refused after a search for moves", searches);
  const rows = [...(await measureRequests(platform, measureCall)), ...searches];
  const most = (by: (row: Row) => number, count: number): Row[] =>
    rows.toSorted((a, b) => by(b) - by(a)).slice(0, count);
  print(
    "the most by the database's time",
    most(({ database }) => database, 10),
  );
  print(
    "the most by bytes",
    most(({ bytes }) => bytes, 5),
  );
  print(
    "the ten that block the event loop longest",
    most(({ hold }) => hold, 10),
  );
  await client.terminate();
  await platform.close();
  await stopTestServer();
}

type MeasureCall = (call: Call, token: string, times: number) => Promise<Run[]>;

/** Measures each request in one hotel that is as large as a trial allows. */
async function measureRequests(platform: TestPlatform, measureCall: MeasureCall): Promise<Row[]> {
  const nights = amount(91, 10);
  const desk = await openDesk(platform);
  await fillHotel(platform.owner, { ...desk, from: desk.day(1), rooms: amount(499, 10), nights });
  const large = await enlarge(platform.owner, desk);
  const rows: Row[] = [];
  for (const call of expensiveRequests(desk, large, nights)) {
    // A call that can succeed only once is run once.
    const isOnce = /^(merge|and the way|close|booking of a year|change)/.test(call.name);
    const runs = await measureCall(call, desk.managerToken, isOnce ? 1 : amount(5, 1));
    rows.push({ name: call.name, ...leastOf(runs) });
  }
  return rows;
}

/**
 * Measures searches in full hotels of several sizes. Each room has a stay of one night on each night, except for one
 * room with a single stay.
 */
async function measureSearches(platform: TestPlatform, measureCall: MeasureCall): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [size, length] of [
    [100, 30],
    [500, 30],
    [2_000, 30],
    [10_000, 6],
  ] as const) {
    const desk = await openDesk(platform);
    const [rooms, nights] = [amount(size, 10), amount(length, 6)];
    await fillHotel(platform.owner, { ...desk, from: desk.day(1), rooms, nights });
    const call = refusedBooking(desk, nights);
    rows.push({
      name: `a refused booking in a full hotel of ${rooms}`,
      ...leastOf(await measureCall(call, desk.managerToken, amount(7, 1))),
    });
  }
  return rows;
}

/** Returns the least of several runs, because the first one compiles the code. */
function leastOf(runs: readonly Run[]): Run {
  const least = (of: (run: Run) => number): number => Math.min(...runs.map(of));
  return {
    status: runs.at(-1)?.status ?? 0,
    hold: least(({ hold }) => hold),
    active: least(({ active }) => active),
    database: least(({ database }) => database),
    bytes: least(({ bytes }) => bytes),
  };
}

function print(title: string, rows: readonly Row[]): void {
  const line = (cells: readonly (string | number)[]): void => {
    const widths = [50, 7, 10, 10, 10, 10];
    process.stdout.write(`${cells.map((cell, at) => String(cell).padEnd(widths[at] ?? 0)).join(" ")}\n`);
  };
  line([title, "status", "hold ms", "loop ms", "pg ms", "KB"]);
  for (const { name, status, hold, active, database, bytes } of rows) {
    line([name, status, hold.toFixed(1), active.toFixed(1), database.toFixed(1), (bytes / 1024).toFixed(0)]);
  }
}

function send(client: Worker, url: string, call: Call, token: string): Promise<Answered> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", ...call.headers };
  return new Promise((resolve) => {
    client.once("message", resolve);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread has no origin
    client.postMessage({ ...call, url: url + call.path, headers });
  });
}

async function measure({ owner }: TestPlatform, send: () => Promise<Answered>): Promise<Run> {
  const server = async (): Promise<number> => {
    const { rows } = (await owner.raw(
      "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
    )) as { rows: { pid: number }[] };
    return processorMsOfServer(rows.map(({ pid }) => pid));
  };
  const spent = await server();
  let answered: Answered = { status: 0, bytes: 0 };
  const loop = await measureLoop(async () => {
    answered = await send();
  });
  return { ...answered, ...loop, database: (await server()) - spent };
}

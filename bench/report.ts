/**
 * `npm run bench:report`: builds the bookings report at 100,000, 1,000,000 and 3,000,000 rows with a real worker.
 * Compares it to a COPY of the same columns in the same run (psql's `\copy` if there is a psql). Also measures how
 * three builds at once affect the desk's bookings, first when they read the primary, and then a replica on the same
 * machine. Only ratios of one run count.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { createWriteStream, existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { to as copyTo } from "pg-copy-streams";

import { addDays } from "../core/mod.ts";
import { readProcfile } from "../core/process/procfile.ts";
import { primarySettings, startReplica } from "../embedded/testing/replica.ts";
import type { FurnishedHotel } from "../plugins/pms/testing/hotel.ts";
import { furnishHotel } from "../plugins/pms/testing/hotel.ts";
import { addManyBookings } from "../plugins/reporting/testing/bookings.ts";
import { type Bench, benchSettings, measure, type Measured, printRow, startBench } from "./harness.ts";

const sizes = (process.env["REPORT_ROWS"] ?? "100000,1000000,3000000").split(",").map(Number);
const root = path.join(import.meta.dirname, "..");
const run = promisify(execFile);

const bench = await startBench({ settings: primarySettings });
const scratch = await mkdtemp(path.join(os.tmpdir(), "keyrack-copy-"));
const line = readProcfile(path.join(root, "Procfile")).find(({ name }) => name === "reports");
let reports = await startReports();
try {
  const hotel = await furnishHotel(bench.client);
  process.stdout.write(`Worker at rest: ${statusMb("VmRSS")} MB\n\n`);
  printRow(["rows", "seconds", "rows/s", "peak MB", "of \\copy", "\\copy s, first byte ms, MB of file"]);
  let rows = 0;
  for (const size of sizes) {
    await addManyBookings(bench.owner, hotel, size - rows);
    rows = size;
    await bench.owner.raw("VACUUM ANALYZE pms.bookings");
    // In turn, and the better of two, because the first run of either warms the cache for the other.
    const [copyA, buildA] = [await copySeconds(hotel), await build(hotel)];
    const [copyB, buildB] = [await copySeconds(hotel), await build(hotel)];
    const copy = Math.min(copyA, copyB);
    const best = buildA.seconds < buildB.seconds ? buildA : buildB;
    printRow([
      size,
      best.seconds.toFixed(2),
      Math.round(size / best.seconds),
      Math.max(buildA.peakMb, buildB.peakMb),
      (best.seconds / copy).toFixed(2),
      `${copy.toFixed(2)}, ${await firstByteMs(hotel)}, ${Math.round(best.bytes / 1e6)}`,
    ]);
  }
  await besideBookings(bench, hotel);
} finally {
  await stopReports();
  await rm(scratch, { recursive: true, force: true });
  await bench.close();
}

/** Starts the worker of the Procfile that builds reports. */
async function startReports(more: Readonly<Record<string, string>> = {}): Promise<ChildProcess> {
  const worker = spawn(process.execPath, line?.args ?? [], {
    cwd: root,
    env: { ...bench.variables, ...line?.variables, ...more },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  await new Promise<void>((resolve, reject) => {
    worker.once("message", () => resolve());
    worker.once("exit", () => reject(new Error("The reports worker did not start.")));
  });
  return worker;
}

async function stopReports(): Promise<void> {
  if (reports.exitCode !== null) return;
  const ended = new Promise((resolve) => reports.once("exit", resolve));
  reports.kill("SIGTERM");
  await ended;
}

interface Built {
  /** From its start by the worker to its publication. */
  readonly seconds: number;
  readonly peakMb: number;
  readonly bytes: number;
}

async function build({ managerToken: token }: FurnishedHotel): Promise<Built> {
  resetPeak();
  const asked = await bench.client.post("/reports/bookings", {}, { token });
  for (;;) {
    const { body } = await bench.client.get(`/reports/${asked.body.report_id}`, { token });
    if (body.status === "succeeded") {
      const seconds = (Date.parse(body.finished_at as string) - Date.parse(body.started_at as string)) / 1000;
      await bench.client.delete(`/reports/${body.report_id}`, { token });
      return { seconds, peakMb: statusMb("VmHWM"), bytes: body.bytes as number };
    }
    if (body.status === "failed") throw new Error(`The report failed: ${body.error as string}`);
    await sleep(50);
  }
}

/** Copies the columns and rows of the report, in its order, to a file. @returns seconds */
async function copySeconds({ hotelId }: FurnishedHotel): Promise<number> {
  const select =
    `SELECT b.booking_id, b.room_id, r.room_number, b.guest_name, b.guest_email, b.guest_phone, b.adults, b.children,
    b.arrival, b.departure, b.check_in_at, b.expected_check_out_at, b.checked_in_at, b.checked_out_at, b.status,
    b.total_amount, b.currency, b.terms_accepted_at, b.notes, b.created_by, b.created_at,
    coalesce(b.rack_amount, b.total_amount) AS rack_amount, b.waived_amount
    FROM pms.bookings b LEFT JOIN pms.rooms r ON r.hotel_id = b.hotel_id AND r.room_id = b.room_id
    WHERE b.hotel_id = '${hotelId}' ORDER BY b.booking_id`.replaceAll(/\s+/g, " ");
  const file = path.join(scratch, "copy.csv");
  const started = performance.now();
  if (spawnSync("psql", ["--version"]).status === 0) {
    await run("psql", ["-qX", bench.databaseUrl, "-c", `\\copy (${select}) TO '${file}' (FORMAT csv, HEADER)`]);
  } else {
    const client = new pg.Client({ connectionString: bench.databaseUrl });
    await client.connect();
    await pipeline(client.query(copyTo(`COPY (${select}) TO STDOUT (FORMAT csv, HEADER)`)), createWriteStream(file));
    await client.end();
  }
  return (performance.now() - started) / 1000;
}

async function firstByteMs({ managerToken }: FurnishedHotel): Promise<number> {
  const headers = { authorization: `Bearer ${managerToken}`, accept: "text/csv", "content-type": "application/json" };
  const started = performance.now();
  const answer = await fetch(`${bench.client.url}/reports/bookings`, { method: "POST", headers, body: "{}" });
  const reader = answer.body?.getReader();
  await reader?.read();
  const ms = Math.round(performance.now() - started);
  await reader?.cancel();
  return ms;
}

/** The desk's bookings without other load, and while three hotels' reports are read from the primary or a replica. */
async function besideBookings({ client, owner, databaseUrl, variables }: Bench, first: FurnishedHotel): Promise<void> {
  const desk = await furnishHotel(client, { rooms: 100 });
  let booked = 0;
  const load = (name: string) => ({
    name,
    url: `${client.url}/bookings/`,
    method: "POST" as const,
    connections: 4,
    headers: { "content-type": "application/json", authorization: `Bearer ${desk.receptionistToken}` },
    next: () => {
      const arrival = desk.day(1 + Math.floor(booked / 100));
      const body = {
        room_id: desk.roomIds[booked % 100],
        guest: { name: "Ada Lovelace" },
        check_in_at: arrival,
        expected_check_out_at: addDays(arrival, 1),
      };
      booked += 1;
      return { body: JSON.stringify(body) };
    },
  });
  const others = [await furnishHotel(client), await furnishHotel(client)];
  for (const hotel of others) await addManyBookings(owner, hotel, Math.min(1_000_000, sizes.at(-1) ?? 0));
  const measureBoth = async (name: string): Promise<void> => {
    const quiet = await measure(load("quiet"));
    const enough = new AbortController();
    let built = 0;
    const builds = [first, ...others].map(async (hotel) => {
      for (; !enough.signal.aborted; built += 1) await build(hotel);
    });
    await sleep(500);
    const beside = await measure(load(name));
    const builtMeanwhile = built;
    enough.abort();
    await Promise.all(builds);
    for (const measured of [quiet, beside]) printBooking(measured, quiet, measured === beside ? builtMeanwhile : 0);
  };
  process.stdout.write(`\nLoad of the machine before: ${os.loadavg()[0]?.toFixed(1)}\n`);
  printRow(["POST /bookings/", "requests/s", "p50 ms", "p99 ms", "of quiet", "reports built, answers"]);
  await measureBoth("beside three reports");
  // Beside `scratch`, which PostgreSQL's user can't enter where root runs the benchmark.
  const folder = await mkdtemp(path.join(os.tmpdir(), "keyrack-replica-"));
  const replica = await startReplica(variables["DATA_DIR"] ?? "", databaseUrl, folder, benchSettings);
  try {
    await stopReports();
    reports = await startReports({ REPORTS_DATABASE_URL: replica.url });
    await measureBoth("from a replica, beside three");
  } finally {
    await replica.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function printBooking(measured: Measured, quiet: Measured, built: number): void {
  const { name, perSecond, p50, p99, statuses } = measured;
  printRow([name, Math.round(perSecond), p50, p99, (p99 / quiet.p99).toFixed(2), `${built}, ${statuses}`]);
}

/** A line of Linux's figures about the worker. */
function statusMb(field: "VmRSS" | "VmHWM"): number {
  const file = `/proc/${reports.pid}/status`;
  if (!existsSync(file)) return Number.NaN;
  const kb = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(file, "utf8"))?.[1];
  return Math.round(Number(kb) / 1024);
}

/** Linux can reset the peak. On other systems none is shown. */
function resetPeak(): void {
  spawnSync("sh", ["-c", `echo 5 > /proc/${reports.pid}/clear_refs`]);
}

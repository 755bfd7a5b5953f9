/**
 * `npm run bench:report`: builds the bookings report at 100,000, 1,000,000 and 3,000,000 rows with a real worker.
 * Compares it to a COPY of the same columns in the same run (psql's `\copy` if there is a psql). Also measures how
 * three builds at once affect the desk's bookings. Only ratios of one run count.
 */
import { execFile, spawn, spawnSync } from "node:child_process";
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
import type { FurnishedHotel } from "../plugins/pms/testing/hotel.ts";
import { furnishHotel } from "../plugins/pms/testing/hotel.ts";
import { addManyBookings } from "../plugins/reporting/testing/bookings.ts";
import { type Bench, measure, printRow, startBench } from "./harness.ts";

const sizes = (process.env["REPORT_ROWS"] ?? "100000,1000000,3000000").split(",").map(Number);
const root = path.join(import.meta.dirname, "..");
const run = promisify(execFile);

const bench = await startBench();
const scratch = await mkdtemp(path.join(os.tmpdir(), "keyrack-copy-"));
const line = readProcfile(path.join(root, "Procfile")).find(({ name }) => name === "reports");
const reports = spawn(process.execPath, line?.args ?? [], {
  cwd: root,
  env: { ...bench.variables, ...line?.variables },
  stdio: ["ignore", "inherit", "inherit", "ipc"],
});
try {
  await new Promise<void>((resolve, reject) => {
    reports.once("message", () => resolve());
    reports.once("exit", () => reject(new Error("The reports worker did not start.")));
  });
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
  reports.kill("SIGTERM");
  await new Promise((resolve) => reports.once("exit", resolve));
  await rm(scratch, { recursive: true, force: true });
  await bench.close();
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

/** The same columns of the same rows in the same order, written to a file. */
async function copySeconds({ hotelId }: FurnishedHotel): Promise<number> {
  const select =
    `SELECT b.booking_id, b.room_id, r.room_number, b.guest_name, b.guest_email, b.guest_phone, b.adults, b.children,
    b.arrival, b.departure, b.check_in_at, b.expected_check_out_at, b.checked_in_at, b.checked_out_at, b.status, b.total_amount,
    b.currency, b.terms_accepted_at, b.notes, b.created_by, b.created_at,
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

/** The desk's bookings without other load, and while three hotels' reports are built. */
async function besideBookings({ client, owner }: Bench, first: FurnishedHotel): Promise<void> {
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
  const quiet = await measure(load("quiet"));
  const enough = new AbortController();
  const builds = [first, ...others].map(async (hotel) => {
    while (!enough.signal.aborted) await build(hotel);
  });
  await sleep(500);
  const beside = await measure(load("beside three reports"));
  enough.abort();
  await Promise.all(builds);
  process.stdout.write("\n");
  printRow(["POST /bookings/", "requests/s", "p50 ms", "p99 ms", "of quiet", "answers"]);
  for (const measured of [quiet, beside]) {
    const ratio = (measured.p99 / quiet.p99).toFixed(2);
    printRow([measured.name, Math.round(measured.perSecond), measured.p50, measured.p99, ratio, measured.statuses]);
  }
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

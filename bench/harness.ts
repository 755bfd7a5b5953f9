/** Shared by the benchmarks: a Keyrack of separate processes on its own database, load, and a table. */
import autocannon, { type Result } from "autocannon";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { openPool } from "../core/db/pool.ts";
import { startEmbeddedPostgres } from "../embedded/mod.ts";
import { migrateDatabase } from "../core/migrate_database.ts";
import { TestClient } from "../testing/client.ts";
import { isBrief } from "./brief.ts";

const root = path.join(import.meta.dirname, "..");

export interface Bench {
  readonly client: TestClient;
  readonly databaseUrl: string;
  readonly owner: ReturnType<typeof openPool>;
  readonly variables: Readonly<Record<string, string>>;
  /** Starts one more process that prints its port when it is ready. @returns the port */
  start(file: string): Promise<number>;
  /** Starts one more process with variables of its own, and resolves when it is ready. */
  startProcess(file: string, more?: Readonly<Record<string, string>>): Promise<BenchProcess>;
  close(): Promise<void>;
}

export interface BenchProcess {
  /** The port, if the process listens. */
  readonly port: number | undefined;
  stop(): Promise<void>;
}

export const benchSecret = "bench-secret-bench-secret-bench-secret";
export const webhookSecret = "whsec_bench_bench_bench_bench_bench";

export interface BenchOptions {
  /**
   * A data folder that remains and is used again by the next run. Default: a folder that is deleted when the
   * benchmark ends.
   */
  readonly folder?: string;
  /** More settings of the server. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Fills the database before the web process starts. */
  readonly fill?: (databaseUrl: string) => Promise<void>;
}

/** Prevents that checkpoints interrupt a bulk load or a run. */
export const benchSettings = { shared_buffers: "512MB", max_wal_size: "8GB", checkpoint_timeout: "30min" };

/** Embedded PostgreSQL (fsync on), the migrations, and one web process. */
export async function startBench({ folder: kept, settings = {}, fill }: BenchOptions = {}): Promise<Bench> {
  const folder = kept ?? (await mkdtemp(path.join(os.tmpdir(), "keyrack-bench-")));
  await mkdir(folder, { recursive: true });
  const postgres = await startEmbeddedPostgres({ dataDir: folder, settings: { ...benchSettings, ...settings } });
  const variables = {
    PATH: process.env["PATH"] ?? "",
    NODE_ENV: "production",
    DATABASE_URL: postgres.url,
    SECRET_KEY: benchSecret,
    STRIPE_WEBHOOK_SECRET: webhookSecret,
    DATA_DIR: folder,
    PORT: "0",
    HOST: "127.0.0.1",
    LOG_LEVEL: "warn",
    SIGN_UPS_PER_HOUR: "1000000",
    LOGINS_PER_MINUTE: "1000000",
    FAILED_LOGINS: "1000000",
    // A load comes from one address, and most of it from one user.
    USER_REQUESTS_PER_MINUTE: "1000000",
    TENANT_REQUESTS_PER_MINUTE: "1000000",
    ADDRESS_REQUESTS_PER_MINUTE: "1000000",
    // A brief run shows that no request is refused, on any machine.
    ...(isBrief ? { DATABASE_WAIT_MS: "30000" } : {}),
  };
  await migrateDatabase(variables);
  await fill?.(postgres.url);
  const stops: (() => Promise<void>)[] = [];
  const startProcess = async (file: string, own: Readonly<Record<string, string>> = {}): Promise<BenchProcess> => {
    const args = ["--import", "tsx", path.join(root, file)];
    const env = { ...variables, ...own };
    const child = spawn(process.execPath, args, { env, stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    const stop = async (): Promise<void> => {
      child.kill("SIGTERM");
      await ended;
    };
    stops.push(stop);
    const { port } = await new Promise<{ port?: number }>((resolve, reject) => {
      child.once("message", (message) => resolve(message as { port?: number }));
      child.once("exit", () => reject(new Error(`${file} did not start.`)));
    });
    return { port, stop };
  };
  const start = async (file: string): Promise<number> => {
    const { port } = await startProcess(file);
    if (port === undefined) throw new Error(`${file} listens nowhere.`);
    return port;
  };
  const port = await start("bin/web.ts");
  const owner = openPool({ url: postgres.url, max: 2, name: "bench owner" });
  return {
    client: new TestClient(`http://127.0.0.1:${port}`),
    databaseUrl: postgres.url,
    owner,
    variables,
    start,
    startProcess,
    close: async () => {
      for (const stop of stops.reverse()) await stop();
      await owner.destroy();
      await postgres.stop();
      if (kept === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface Load {
  readonly name: string;
  readonly url: string;
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  /** A body, and headers that belong to it, for each request. */
  readonly next?: () => { readonly body: string; readonly headers?: Readonly<Record<string, string>> };
  readonly connections?: number;
  readonly seconds?: number;
}

export interface Measured {
  readonly name: string;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Answers by status class, such as `2xx`. */
  readonly statuses: string;
}

/** Sends requests for some seconds (default 8) over 32 connections, after a second of warming up. */
export async function measure(load: Load): Promise<Measured> {
  if (!isBrief) await run(load, 1);
  const result = await run(load, load.seconds ?? 8);
  const classes = {
    "2xx": result["2xx"],
    "3xx": result["3xx"],
    "4xx": result["4xx"],
    "5xx": result["5xx"],
    errors: result.errors,
  };
  return {
    name: load.name,
    perSecond: result.requests.average,
    p50: result.latency.p50,
    p99: result.latency.p99,
    statuses: Object.entries(classes)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${name} ${count}`)
      .join(", "),
  };
}

function run({ url, method = "GET", headers = {}, next, connections = 32 }: Load, seconds: number): Promise<Result> {
  return autocannon({
    url,
    method,
    headers: { ...headers },
    connections,
    ...(isBrief ? { amount: 2 * connections, sampleInt: 50 } : { duration: seconds }),
    ...(next === undefined
      ? {}
      : {
          requests: [
            {
              setupRequest: (request) => {
                const { body, headers: own = {} } = next();
                return { ...request, body, headers: { ...headers, ...own } };
              },
            },
          ],
        }),
  });
}

/** Prints a line of a table. */
export function printRow(cells: readonly (string | number)[]): void {
  const widths = [30, 12, 10, 10, 12];
  process.stdout.write(`${cells.map((cell, column) => String(cell).padEnd(widths[column] ?? 0)).join(" ")}\n`);
}

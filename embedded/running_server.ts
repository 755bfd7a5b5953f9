import { readFile, realpath } from "node:fs/promises";
import path from "node:path";

import { livingServer } from "./leftover_server.ts";

/**
 * Finds the database of an `npm start` that runs on this folder, for tools.
 * @returns its address without a login, or undefined if none runs
 */
export async function runningServerUrl(dataDir: string): Promise<string | undefined> {
  const pgdata = await realpath(path.join(dataDir, "postgres")).catch(() => undefined);
  if (pgdata === undefined || (await livingServer(pgdata)) === undefined) return undefined;
  // The fourth line is the port.
  const lines = (await readFile(path.join(pgdata, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
  return /^\d+$/.test(lines[3] ?? "") ? `postgres://127.0.0.1:${lines[3]}/keyrack` : undefined;
}

/**
 * A process whose work nobody waits for gives way to those that somebody does: its own priority is lowered, and that of the
 * PostgreSQL processes which work for it, where they run on this machine. Without the second, a large COPY takes as much of
 * the cores as a short call does, however humble the process is that reads it.
 */
import type { Knex } from "knex";
import { readFileSync } from "node:fs";
import os from "node:os";

import type { Logger } from "./log.ts";

/** A nice value. Not the last one: what holds a lock must get its turn while others are busy. */
const humble = 19;

/** What we use of pg's client. */
interface Connection {
  /** Of the server's process, as that machine numbers them. */
  readonly processID?: number | null;
  readonly connection?: { readonly stream?: { readonly localPort?: number } };
}

/** What we use of Knex's pool. */
interface Pool {
  on(event: "acquireSuccess", told: (eventId: number, connection: Connection) => void): void;
}

/** Lowers the priority of this process and of the connections that it works with, where the system lets us. */
export function giveWay(knex: Knex, log: Logger): void {
  lower(process.pid, log);
  const known = new WeakSet<Connection>();
  const { pool } = knex.client as { readonly pool: Pool };
  // Not when they are created: the pool may have some already.
  pool.on("acquireSuccess", (_, connection) => {
    if (known.has(connection)) return;
    known.add(connection);
    if (isServedHere(connection)) lower(connection.processID as number, log);
  });
}

/**
 * Whether the process of that number on this machine is PostgreSQL's for this very connection: its title says to which
 * port it answers (`postgres: role database 127.0.0.1(54321) idle`). The database may run elsewhere, or in a container that
 * numbers its processes anew, and then the number is somebody else's.
 */
export function isServedHere({ processID: pid, connection }: Connection): boolean {
  const port = connection?.stream?.localPort;
  if (pid === undefined || pid === null || port === undefined) return false;
  try {
    const title = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return title.startsWith("postgres: ") && title.includes(`(${port})`);
  } catch {
    return false;
  }
}

function lower(pid: number, log: Logger): void {
  try {
    os.setPriority(pid, humble);
  } catch (error) {
    log.debug({ err: error, pid }, "a process keeps its priority");
  }
}

/**
 * A real PostgreSQL for a fresh machine: no installation, no configuration, no service. It lives in the data folder and only as long as this process.
 *
 *   this process --(pipe)--> keeper.js --(child)--> postgres          stop() and a crash both close the pipe
 *
 * A start goes: lock the folder, find the programs (binaries.ts) and the user to run them (server_user.ts), open or make the database
 * (data_folder.ts), end what a crash left behind (leftover_server.ts), launch and wait until it answers (server_process.ts).
 */
import { mkdir, realpath } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, resolve } from "node:path";
import { findBinaries } from "./binaries.ts";
import { makeDataFolder, openDataFolder, type DataFolder } from "./data_folder.ts";
import { lockFolder, type FolderLock } from "./folder_lock.ts";
import { stopLeftoverServer } from "./leftover_server.ts";
import { openServerLog, type ServerLog } from "./server_log.ts";
import { databaseUrl, launchServer, untilReady, type ServerProcess } from "./server_process.ts";
import { serverUser } from "./server_user.ts";

export interface EmbeddedPostgres {
  /** postgres://user:password@127.0.0.1:port/database of the owner, who is a superuser. */
  url: string;
  port: number;
  /** Fast shutdown: open transactions are rolled back. Resolves when the server is gone; may be called any number of times. */
  stop(): Promise<void>;
  /** Resolves when the server ends for a reason other than stop(). */
  readonly exited: Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Holds `postgres` (the database), `postgres.log` and the lock. Made when missing. */
  dataDir: string;
  /** Made when missing; without the characters that mean something in a URL. Default: keyrack. */
  database?: string;
  /** On 127.0.0.1. Default: a free one, another at each start. */
  port?: number;
  /** Server settings as in postgresql.conf, which go before our own. */
  settings?: Record<string, string>;
  /** Gets the server's messages instead of the log file. */
  onLog?: (line: string) => void;
}

/** Up to this many connections for the web, the workers and their listeners together; the memory is taken as they come. No replica follows this server. */
const SETTINGS: Record<string, string> = {
  max_connections: "200",
  max_wal_size: "512MB",
  wal_level: "minimal",
  max_wal_senders: "0",
  log_timezone: "UTC",
};
/** Long, because recovery after a crash replays the log first. Milliseconds. */
const START_LIMIT = 60_000;
/** Attempts to start against what goes away by itself: a port that another program took meanwhile, processes of a crashed server. */
const ATTEMPTS = 20;

/** Resolves when the server accepts connections. Throws with the reason and its remedy, or with the server's last messages. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const database = options.database ?? "keyrack";
  if (encodeURI(database) !== encodeURIComponent(database))
    throw new Error(`The database name "${database}" holds a character that has a meaning in a URL.`);
  await mkdir(options.dataDir, { recursive: true });
  const dataDir = await realpath(resolve(options.dataDir));
  const locks = [await lockFolder(dataDir)];
  // A lock that cannot be removed (its folder was deleted) ends with this process anyway.
  const unlock = async () => void (await Promise.allSettled(locks.map((lock) => lock.release())));
  let log: ServerLog | undefined;
  try {
    const superuser = await serverUser();
    const [binaries, existing] = await Promise.all([findBinaries(superuser), openDataFolder(dataDir, superuser)]);
    const folder =
      existing ?? (await makeDataFolder(dataDir, superuser, binaries, options.settings?.["fsync"] !== "off"));
    locks.push(...(await lockRealFolder(dataDir, folder)));
    log = openServerLog(dataDir, options.onLog);
    const running = await launch(binaries.postgres, folder, log, { ...options, database });
    const exited = watch(running.server, log, unlock);
    return { url: running.url, port: running.port, ...exited };
  } catch (error) {
    log?.close();
    await unlock();
    throw error;
  }
}

/** A copied data folder can hold a copied link to the same files: they are locked where they really are, too. */
async function lockRealFolder(dataDir: string, folder: DataFolder): Promise<FolderLock[]> {
  const home = dirname(folder.pgdata);
  return home === dataDir ? [] : [await lockFolder(home)];
}

async function launch(
  postgres: string,
  folder: DataFolder,
  log: ServerLog,
  options: EmbeddedPostgresOptions & { database: string },
) {
  const deadline = Date.now() + START_LIMIT;
  for (let attempt = 1; ; attempt += 1) {
    await stopLeftoverServer(folder.pgdata);
    const port = options.port ?? (await freePort());
    const network = { listen_addresses: "127.0.0.1", port: String(port), unix_socket_directories: "" };
    const server = launchServer(postgres, folder, { ...SETTINGS, ...options.settings, ...network }, log);
    try {
      if (await untilReady(server, folder, port, options.database, deadline))
        return { server, port, url: databaseUrl(folder, port, options.database) };
    } catch (cause) {
      await server.stop();
      throw new Error(`PostgreSQL did not start. ${String(cause)} Its last messages:\n${await log.lastLines()}`, {
        cause,
      });
    }
    const said = await log.lastLines();
    const portTaken = said.includes("Address already in use");
    if (portTaken && options.port !== undefined) {
      throw new Error(
        `Port ${options.port} is taken by another program. Choose another, or none. PostgreSQL's last messages:\n${said}`,
      );
    }
    const retryable = portTaken || /postmaster\.pid" already exists|shared memory block .* still in use/.test(said);
    if (!retryable || attempt === ATTEMPTS) throw new Error(`PostgreSQL did not start. Its last messages:\n${said}`);
    await new Promise((wake) => setTimeout(wake, 200));
  }
}

function watch(
  server: ServerProcess,
  log: ServerLog,
  unlock: () => Promise<void>,
): Pick<EmbeddedPostgres, "stop" | "exited"> {
  let stopping = false;
  const gone = server.ended.then(unlock).finally(() => log.close());
  const exited = new Promise<void>((tell) => void gone.then(() => stopping || tell()));
  return {
    exited,
    async stop() {
      stopping = true;
      await server.stop();
      await gone;
    },
  };
}

/** Another program may take it before the server does; then the start is tried again. */
function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const probe = createServer().once("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        address && typeof address === "object" ? found(address.port) : failed(new Error("No free port on 127.0.0.1.")),
      );
    });
  });
}

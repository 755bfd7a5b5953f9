/**
 * Runs a real PostgreSQL on a fresh machine, without installation, configuration or service. Its files are in the data
 * folder. It runs only as long as this process.
 *
 *   this process --(pipe)--> keeper.js --(child)--> postgres          stop() and a crash both close the pipe
 *
 * A start has these steps:
 *
 * 1. lock the folder (folder_lock.ts)
 * 2. find the programs (binaries.ts) and the user that runs them (server_user.ts)
 * 3. open or make the database (data_folder.ts)
 * 4. end a server that a crash left (leftover_server.ts)
 * 5. launch the server and wait until it answers (server_process.ts)
 */
import { mkdir, realpath } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";

import { findBinaries } from "./binaries.ts";
import { makeDataFolder, openDataFolder, type DataFolder } from "./data_folder.ts";
import { lockFolder, type FolderLock } from "./folder_lock.ts";
import { stopLeftoverServer } from "./leftover_server.ts";
import { openServerLog, type ServerLog } from "./server_log.ts";
import { databaseUrl, launchServer, untilReady, type ServerProcess } from "./server_process.ts";
import { serverUser } from "./server_user.ts";

export interface EmbeddedPostgres {
  /** postgres://user:password@127.0.0.1:port/database of the owner, who is a superuser. */
  readonly url: string;
  readonly port: number;
  /** Rolls open transactions back and resolves when the server has ended. A second call is allowed. */
  stop(): Promise<void>;
  /** Resolves if the server ends by itself, without stop(). */
  readonly exited: Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** The folder of `postgres` (the database), `postgres.log` and the lock. Made if missing. */
  readonly dataDir: string;
  /** Made if missing. Must not contain characters that have a meaning in a URL. Default: keyrack. */
  readonly database?: string;
  /** Port on 127.0.0.1. Default: a free one, another at each start. */
  readonly port?: number;
  /** Server settings as in postgresql.conf. They override the default settings. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Receives the server's messages instead of the log file. */
  readonly onLog?: (line: string) => void;
}

/**
 * Web, workers and their listeners share the connections. PostgreSQL allocates the memory of a connection when it
 * opens. No replica reads from this server, so it writes the minimal log.
 */
const defaultSettings: Readonly<Record<string, string>> = {
  max_connections: "200",
  max_wal_size: "512MB",
  wal_level: "minimal",
  max_wal_senders: "0",
  log_timezone: "UTC",
};
/** Limit of a start in milliseconds. Long, because recovery after a crash replays the log first. */
const startLimitMs = 60_000;
/** Attempts to start. Some failures are retryable: a port that another program took, processes of a crashed server. */
const maxAttempts = 20;

/**
 * Starts a server and waits until it accepts connections.
 * @throws Error with a remedy, or with the server's last messages
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const database = options.database ?? "keyrack";
  if (encodeURI(database) !== encodeURIComponent(database))
    throw new Error(
      `The database name "${database}" contains a character that has a meaning in a URL. Choose another name.`,
    );
  await mkdir(options.dataDir, { recursive: true });
  const dataDir = await realpath(path.resolve(options.dataDir));
  const locks = [await lockFolder(dataDir)];
  // A lock that can't be removed, because its folder was deleted, ends with this process.
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

/** Locks the folder of the real files too: a copied data folder can contain a copied link to the same files. */
async function lockRealFolder(dataDir: string, folder: DataFolder): Promise<FolderLock[]> {
  const home = path.dirname(folder.pgdata);
  return home === dataDir ? [] : [await lockFolder(home)];
}

async function launch(
  postgres: string,
  folder: DataFolder,
  log: ServerLog,
  options: EmbeddedPostgresOptions & { database: string },
) {
  const deadline = Date.now() + startLimitMs;
  for (let attempt = 1; ; attempt += 1) {
    await stopLeftoverServer(folder.pgdata);
    const port = options.port ?? (await findFreePort());
    const network = { listen_addresses: "127.0.0.1", port: String(port), unix_socket_directories: "" };
    const server = launchServer(postgres, folder, { ...defaultSettings, ...options.settings, ...network }, log);
    try {
      if (await untilReady(server, folder, port, options.database, deadline))
        return { server, port, url: databaseUrl(folder, port, options.database) };
    } catch (cause) {
      await server.stop();
      throw new Error(`PostgreSQL did not start. ${String(cause)} Its last messages:\n${await log.lastLines()}`, {
        cause,
      });
    }
    const messages = await log.lastLines();
    const isPortInUse = messages.includes("Address already in use");
    if (isPortInUse && options.port !== undefined) {
      throw new Error(
        `Another program uses port ${options.port}. Choose another port, or none. ` +
          `PostgreSQL's last messages:\n${messages}`,
      );
    }
    const isRetryable =
      isPortInUse || /postmaster\.pid" already exists|shared memory block .* still in use/.test(messages);
    if (!isRetryable || attempt === maxAttempts)
      throw new Error(`PostgreSQL did not start. Its last messages:\n${messages}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function watch(
  server: ServerProcess,
  log: ServerLog,
  unlock: () => Promise<void>,
): Pick<EmbeddedPostgres, "stop" | "exited"> {
  let isStopping = false;
  const ended = server.ended.then(unlock).finally(() => log.close());
  const exited = new Promise<void>((resolve) => void ended.then(() => isStopping || resolve()));
  return {
    exited,
    async stop() {
      isStopping = true;
      await server.stop();
      await ended;
    },
  };
}

/** Finds a free port. If another program takes it before the server does, `launch` tries again. */
function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        address && typeof address === "object"
          ? resolve(address.port)
          : reject(new Error("127.0.0.1 has no free port.")),
      );
    });
  });
}

/** Makes a real streaming replica of an embedded PostgreSQL, with the programs of the embedded server alone. */
import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, realpath, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import pg from "pg";

import { type EmbeddedPostgres, startEmbeddedPostgres } from "../mod.ts";

const run = promisify(execFile);

/** Settings of a primary that replicas can stream from. */
export const primarySettings: Readonly<Record<string, string>> = {
  wal_level: "replica",
  max_wal_senders: "4",
  // The log of the time between the copy and the first connection of the replica.
  wal_keep_size: "1GB",
};

/**
 * Copies a running primary and starts the copy as its replica. Both belong to this process.
 * @param primaryDir `dataDir` of the primary
 * @param primaryUrl with the login of its owner
 * @param dataDir of the replica. If it has a replica already, that one is started again
 * @param port of the replica. Default: a free one
 */
export async function startReplica(
  primaryDir: string,
  primaryUrl: string,
  dataDir: string,
  settings: Readonly<Record<string, string>>,
  port?: number,
): Promise<EmbeddedPostgres> {
  await mkdir(dataDir, { recursive: true });
  await chmod(dataDir, 0o755);
  if (!(await readdir(dataDir)).includes("postgres")) await copyPrimary(primaryDir, primaryUrl, dataDir);
  const { username, password, port: primaryPort } = new URL(primaryUrl);
  return startEmbeddedPostgres({
    dataDir,
    ...(port === undefined ? {} : { port }),
    settings: {
      ...settings,
      ...primarySettings,
      primary_conninfo: `host=127.0.0.1 port=${primaryPort} user=${username} password=${decodeURIComponent(password)}`,
    },
  });
}

/** Makes a base backup, as the chapter "Making a Base Backup Using the Low Level API" of PostgreSQL's manual says. */
async function copyPrimary(primaryDir: string, url: string, dataDir: string): Promise<void> {
  const copy = path.join(dataDir, "postgres");
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("SELECT pg_backup_start('replica', true)");
    await run("cp", ["-a", await realpath(path.join(primaryDir, "postgres")), copy]);
    const { rows } = await client.query<{ labelfile: string }>("SELECT labelfile FROM pg_backup_stop(false)");
    await writeFile(path.join(copy, "backup_label"), rows[0]?.labelfile ?? "");
  } finally {
    await client.end();
  }
  await rm(path.join(copy, "postmaster.pid"), { force: true });
  // The copied log can end in the middle of a record. The replica streams it from the primary.
  const log = path.join(copy, "pg_wal");
  const segments = (await readdir(log)).filter((name) => /^[0-9A-F]{24}$/.test(name));
  await Promise.all(segments.map((name) => rm(path.join(log, name))));
  await writeFile(path.join(copy, "standby.signal"), "");
  // Root made the new files, and the server runs as the owner of the folder.
  await run("chown", ["-R", `--reference=${copy}`, copy]);
}

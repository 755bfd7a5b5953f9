/**
 * Reads the snapshots of long reports from a streaming replica, so that they take no time from the primary.
 *
 * A replica has the primary's roles, policies and rows, a little later. So the run-time login, the plugins' roles and
 * row-level security are the same there, and PostgreSQL refuses every write.
 *
 * Before each snapshot, the process asks the primary for its position in the log (LSN). It waits up to `patienceMs`
 * until the replica has replayed it. A replica that lags more is read as it is. `dataAsOf` then is the time of the last
 * commit that it has replayed.
 */
import type { Knex } from "knex";
import { setTimeout as sleep } from "node:timers/promises";

import { TransientError } from "../errors.ts";
import { isOutage, runTransaction, sqlStateOf, type SnapshotSource, wrongPassword } from "./database.ts";
import { coreRole } from "./role_names.ts";

/** Milliseconds that a snapshot waits for the replica. Long enough for the usual lag, and short for a waiting desk. */
const patienceMs = 2000;
const pollMs = 50;

export interface ReportsDatabase extends SnapshotSource {
  /** Compares the server with the primary. @throws ReportsDatabaseFault */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** `retryable` is true if the server can be right later: it can't be reached, or it lags. */
export class ReportsDatabaseFault extends TransientError {
  override readonly name = "ReportsDatabaseFault";

  constructor(problem: string, retryable: boolean, cause?: unknown) {
    super(`REPORTS_DATABASE_URL ${problem}`, retryable, cause === undefined ? undefined : { cause });
  }
}

interface Identity {
  readonly cluster: string;
  readonly database: string;
  readonly standby: boolean;
  readonly started: string;
}

const identitySql = `SELECT (SELECT system_identifier::text FROM pg_control_system()) AS cluster,
  (SELECT oid::text FROM pg_database WHERE datname = current_database()) AS database,
  pg_is_in_recovery() AS standby, pg_postmaster_start_time()::text AS started`;

interface Replay {
  readonly standby: boolean;
  readonly reached: boolean | null;
  /** Null if the server has replayed no commit since its start. */
  readonly replayed_at: Date | null;
}

const replaySql = `SELECT pg_is_in_recovery() AS standby, pg_last_wal_replay_lsn() >= ?::pg_lsn AS reached,
  pg_last_xact_replay_timestamp() AS replayed_at`;

/**
 * @param primary the pool of `DATABASE_URL`
 * @param replica the pool of `REPORTS_DATABASE_URL`, which `close` closes
 */
export function createReportsDatabase(primary: Knex, replica: Knex): ReportsDatabase {
  const position = async (): Promise<string> =>
    (await readRow<{ lsn: string }>(primary, "SELECT pg_current_wal_lsn()::text AS lsn")).lsn;
  const readReplica = async <Row>(sql: string, values: readonly string[] = []): Promise<Row> => {
    try {
      return await readRow<Row>(replica, sql, values);
    } catch (error) {
      throw explain(error);
    }
  };
  const checkIdentity = async (): Promise<void> => {
    const other = await readReplica<Identity>(identitySql);
    const problem = compare(await readRow<Identity>(primary, identitySql), other);
    if (problem !== undefined) throw new ReportsDatabaseFault(problem, false);
  };
  /** Waits until the server has replayed the position, or for `patienceMs`. */
  const waitFor = async (lsn: string): Promise<Replay> => {
    const until = performance.now() + patienceMs;
    for (;;) {
      const replay = await readReplica<Replay>(replaySql, [lsn]);
      if (!replay.standby || replay.reached === true || performance.now() > until) return replay;
      await sleep(pollMs);
    }
  };
  let isChecked = false;
  const check = async (): Promise<void> => {
    const lsn = await position();
    await checkIdentity();
    const { standby, reached } = await waitFor(lsn);
    // Until then, the tables of the newest migrations can be missing there.
    if (standby && reached !== true)
      throw new ReportsDatabaseFault(`has not replayed the log up to the start of this process (${lsn}) yet.`, true);
    isChecked = true;
  };
  return {
    knex: replica,
    check,
    dataAsOf: async () => {
      if (!isChecked) await check();
      const before = new Date();
      const { standby, reached, replayed_at: replayedAt } = await waitFor(await position());
      // A replica that was promoted has left the primary, and would never be up to date again.
      if (!standby) await checkIdentity();
      return !standby || reached === true ? before : replayedAt;
    },
    close: () => replica.destroy(),
  };
}

async function readRow<Row>(knex: Knex, sql: string, values: readonly string[] = []): Promise<Row> {
  return runTransaction(
    knex,
    { role: coreRole },
    async (trx) => {
      const { rows } = await trx.raw<{ rows: [Row] }>(sql, [...values]);
      return rows[0];
    },
    { readOnly: true },
  );
}

/** Returns why a server can't replace the primary in a report, or undefined if it can. */
function compare(primary: Identity, other: Identity): string | undefined {
  if (primary.cluster !== other.cluster || primary.database !== other.database)
    return "must be a streaming replica of DATABASE_URL, and is another database. Remedy: correct or unset it.";
  if (!other.standby && primary.started !== other.started)
    return "was a replica of DATABASE_URL and has been promoted. Remedy: make it a replica again, or unset it.";
  return undefined;
}

/** 28000 refuses the login (pg_hba.conf). 3D000: the database does not exist. 42704: a role does not exist. */
const wrongServer = new Set([wrongPassword, "28000", "3D000", "42704"]);

function explain(error: unknown): unknown {
  const message = error instanceof Error ? error.message : String(error);
  if (wrongServer.has(sqlStateOf(error) ?? ""))
    return new ReportsDatabaseFault(
      `refuses the login (${message}). Remedy: a streaming replica of DATABASE_URL, or unset it.`,
      false,
      error,
    );
  return isOutage(error) ? new ReportsDatabaseFault(`can't be reached (${message}).`, true, error) : error;
}

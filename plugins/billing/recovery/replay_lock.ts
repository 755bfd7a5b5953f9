/**
 * Events are applied beside each other, but not beside a replay of everything. It holds the lock alone until it commits,
 * and is then nobody's rival: it takes no lock of a hotel or a tie (there may be more of them than PostgreSQL has room
 * for), and folds each hotel once, at its end.
 */
import { prepare, type Trx } from "../../../core/mod.ts";

const key = "hashtextextended('billing.replay', 0)";
const besideStatement = prepare("billing_beside_others", `SELECT pg_advisory_xact_lock_shared(${key})`);
const aloneStatement = prepare("billing_alone", `SELECT pg_advisory_xact_lock(${key})`);

const replays = new WeakSet<Trx>();

/** Waits for a replay that runs, and keeps one from starting until the transaction ends. */
export async function applyBesideOthers(trx: Trx): Promise<void> {
  if (!replays.has(trx)) await besideStatement.run(trx, []);
}

/** Waits for all that are being applied, and keeps the others waiting until the transaction ends. */
export async function applyAlone(trx: Trx): Promise<void> {
  await aloneStatement.run(trx, []);
  replays.add(trx);
}

/** Whether this transaction replays everything. */
export const isReplay = (trx: Trx): boolean => replays.has(trx);

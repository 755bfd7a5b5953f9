/**
 * The advisory lock between ordinary work and a replay of all events. Events are applied concurrently, with the lock
 * shared. A replay of all events has it exclusively until it commits.
 *
 * A replay therefore needs no lock of a hotel or an id. It would need more of them than PostgreSQL's lock table has
 * room for.
 */
import { prepare, type Trx } from "../../../core/mod.ts";

/** `replay`: the transaction has the lock exclusively, and updates `valid_to` of each hotel once, at its end. */
export type ApplyMode = "live" | "replay";

const key = "hashtextextended('billing.replay', 0)";
const sharedStatement = prepare("billing_beside_others", `SELECT pg_advisory_xact_lock_shared(${key})`);
const exclusiveStatement = prepare("billing_alone", `SELECT pg_advisory_xact_lock(${key})`);

/** Waits for a running replay, and blocks the next one until the transaction ends. */
export async function lockForApplying(trx: Trx): Promise<void> {
  await sharedStatement.run(trx, []);
}

/** Waits for every transaction that applies events, and blocks the others until this transaction ends. */
export async function lockForReplay(trx: Trx): Promise<void> {
  await exclusiveStatement.run(trx, []);
}

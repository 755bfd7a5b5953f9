/** Locks a session while its user is away from the desk, and unlocks it. The server refuses every other call then. */
import { type Actor, prepare, type RequestFacts, type Trx } from "../../../core/mod.ts";
import { checkOwnPassword } from "../login/check_own_password.ts";
import type { Sessions } from "../sessions/sessions.ts";
import { lockAuthority } from "../rights/still_authorized.ts";
import { checkPin, forgetWrongPins, type PinServices } from "./pin.ts";

const lockStatement = prepare<{ session_id: string }>(
  "identity_lock_desk",
  `UPDATE identity.sessions SET locked_at = now()
   WHERE hotel_id = $1 AND session_id = $2 AND revoked_at IS NULL AND locked_at IS NULL RETURNING session_id`,
);
const unlockStatement = prepare<{ session_id: string }>(
  "identity_unlock_desk",
  `UPDATE identity.sessions SET locked_at = NULL, last_used_at = now()
   WHERE hotel_id = $1 AND session_id = $2 AND revoked_at IS NULL AND locked_at IS NOT NULL RETURNING session_id`,
);

export interface LockServices extends PinServices {
  readonly sessions: Sessions;
}

export type Proof = { readonly pin: string } | { readonly password: string };

/** Locks the caller's session. It waits for the running writes of the user, and refuses the later ones. */
export async function lockSession(services: LockServices, actor: Actor, request: RequestFacts): Promise<void> {
  await change(services, actor, async (trx) => {
    await lockAuthority(trx, actor.userId);
    const locked = await lockStatement.run(trx, [actor.tenantId, actor.sessionId]);
    if (locked.length === 0) return;
    services.audit.record(trx, { kind: "session_locked", actor, request, details: { session_id: actor.sessionId } });
  });
}

/**
 * Unlocks the caller's session. Does nothing for one that is open, which another tab can have unlocked.
 * @throws Problem INVALID_CREDENTIALS, PASSWORD_REQUIRED, RATE_LIMITED, SERVICE_UNAVAILABLE
 */
export async function unlockSession(
  services: LockServices,
  actor: Actor,
  request: RequestFacts,
  proof: Proof,
): Promise<void> {
  if ("pin" in proof) await checkPin(services, actor, request, proof.pin);
  else {
    await checkOwnPassword(services, actor, request, proof.password);
    await forgetWrongPins(services, actor);
  }
  const details = { session_id: actor.sessionId, by: "pin" in proof ? "pin" : "password" };
  await change(services, actor, async (trx) => {
    const unlocked = await unlockStatement.run(trx, [actor.tenantId, actor.sessionId]);
    if (unlocked.length === 0) return;
    services.audit.record(trx, { kind: "session_unlocked", actor, request, details });
  });
}

async function change(
  { db, sessions }: LockServices,
  { tenantId, userId }: Actor,
  work: (trx: Trx) => Promise<void>,
): Promise<void> {
  await db.tenant(tenantId, work);
  sessions.forget(tenantId, userId);
}

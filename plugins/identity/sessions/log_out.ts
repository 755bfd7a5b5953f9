import type { Actor, RequestFacts } from "../../../core/mod.ts";
import type { IdentityContext } from "../context.ts";
import { lockAuthority } from "../rights/still_authorized.ts";
import { revokeSessions, type Sessions } from "./sessions.ts";

/** Ends the caller's session. */
export async function logOut(
  { audit, db }: Pick<IdentityContext, "audit" | "db">,
  sessions: Sessions,
  actor: Actor,
  request: RequestFacts,
): Promise<void> {
  const { tenantId, userId, sessionId } = actor;
  await db.tenant(tenantId, async (trx) => {
    audit.record(trx, { kind: "logged_out", actor, request, details: { session_id: sessionId } });
    await lockAuthority(trx, userId);
    await revokeSessions(trx, { hotel_id: tenantId, session_id: sessionId });
  });
  sessions.forget(tenantId, userId);
}

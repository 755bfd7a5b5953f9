import type { Actor } from "../../../core/mod.ts";
import { identityProblems } from "../errors.ts";
import { sessionLocked } from "../rights/session_locked.ts";
import type { LiveSession } from "./sessions.ts";

/** The ids of the routes that a user can call before changing a password that a manager has set. */
const openBeforeChange = [
  "changeOwnPassword",
  "revokeSession",
  "endBrowserSession",
  "lockSession",
  "unlockSession",
  "whoAmI",
];

function passwordChangeRequired() {
  const detail = "A manager has set your password. Change it at POST /users/me/password, then send the request again.";
  return { routeIds: openBeforeChange, problem: identityProblems.PASSWORD_CHANGE_REQUIRED(detail) };
}

/** The ids of the routes that a locked session can call. */
const openWhileLocked = ["unlockSession", "endBrowserSession", "revokeSession"];

function restrictionOf(session: LiveSession): Actor["restriction"] {
  if (session.is_locked) return { routeIds: openWhileLocked, problem: sessionLocked(session) };
  return session.must_change_password ? passwordChangeRequired() : undefined;
}

/** Returns the caller of an open session, with the restriction of a user who must do something first. */
export function toActor(
  { hotelId, userId, sessionId }: { readonly hotelId: string; readonly userId: string; readonly sessionId: string },
  session: LiveSession,
): Actor {
  return {
    userId,
    tenantId: hotelId,
    role: session.role,
    sessionId,
    name: session.username,
    restriction: restrictionOf(session),
  };
}

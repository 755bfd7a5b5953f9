/** Finds the caller by the session cookie, for requests of our own pages only. */
import { type Authenticator, isSameOrigin, problems } from "../../../core/mod.ts";
import { toActor } from "../sessions/actor.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { BrowserSessions } from "./browser_sessions.ts";
import { readSessionCookie } from "./cookies.ts";

/** Returns the problem of a request that a page of another origin sent. */
export function crossOriginProblem() {
  return problems.CROSS_ORIGIN(
    "Only pages of this server can use the session in a browser. Other programs send a token from POST /auth/token.",
  );
}

/**
 * Makes the authenticator by cookie. A caller whose request comes from another origin is found too, and can call no
 * route. So the refusal is in the security log of the hotel.
 */
export function authenticateByCookie(browsers: BrowserSessions, sessions: Sessions): Authenticator {
  return async (context) => {
    const named = await browsers.find(readSessionCookie(context));
    if (named === undefined) return undefined;
    const { hotelId, sessionId, userId } = named;
    const session = await sessions.find(hotelId, sessionId, userId);
    if (session === undefined) return undefined;
    const actor = toActor(named, session);
    if (!isSameOrigin(context)) return { ...actor, restriction: { routeIds: [], problem: crossOriginProblem() } };
    if (session.is_stale) await browsers.noteUse(named);
    return actor;
  };
}

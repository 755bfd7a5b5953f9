/**
 * Sessions of browsers. A cookie takes the place of the tokens. Nothing is renewed, so two tabs can't disturb each
 * other. A script in the page finds no token to steal.
 */
import { LRUCache } from "lru-cache";

import { prepare, type RequestFacts } from "../../../core/mod.ts";
import type { IdentityContext } from "../context.ts";
import type { KnownUser } from "../sessions/known_user.ts";
import type { Client } from "../sessions/refresh.ts";
import { revokeSessions, type Sessions } from "../sessions/sessions.ts";
import { newOpaqueToken, readOpaqueToken } from "../sessions/tokens.ts";
import { lockAuthority } from "../rights/still_authorized.ts";

/** A session that a cookie names. It can have ended since. */
export interface NamedSession {
  readonly hotelId: string;
  readonly userId: string;
  readonly sessionId: string;
}

export interface BrowserSessions {
  /** Finds the session that a cookie names. Undefined for a malformed or unknown cookie. */
  find(cookie: string | undefined): Promise<NamedSession | undefined>;
  /** Opens a session for a checked login. @returns the cookie. Undefined if the user has changed since the check */
  open(user: KnownUser, client: Client, request: RequestFacts): Promise<string | undefined>;
  /** Ends the session that the browser had before a login replaced its cookie. */
  endReplaced(session: NamedSession, request: RequestFacts): Promise<void>;
  /** Notes that a session is used, so that it does not end as idle. Writes once in 5 minutes for each session. */
  noteUse(session: NamedSession): Promise<void>;
}

const findStatement = prepare<{ session_id: string; user_id: string }>(
  "identity_find_cookie",
  "SELECT session_id, user_id FROM identity.sessions WHERE hotel_id = $1 AND cookie_hash = $2",
);
const noteStatement = prepare(
  "identity_note_cookie_use",
  "UPDATE identity.sessions SET last_used_at = now() WHERE hotel_id = $1 AND session_id = $2 AND revoked_at IS NULL",
);
const nameStatement = prepare<{ username: string }>(
  "identity_name_user",
  "SELECT username FROM identity.users WHERE hotel_id = $1 AND user_id = $2",
);

const mostRemembered = 10_000;
/** Milliseconds in which a process does not note a session's use again. */
const noteMs = 60_000;

export function createBrowserSessions({ audit, db }: IdentityContext, sessions: Sessions): BrowserSessions {
  // A cookie always names the same session. Whether that session is open, `Sessions.find` says.
  const named = new LRUCache<string, NamedSession>({ max: mostRemembered });
  const noted = new LRUCache<string, true>({ max: mostRemembered, ttl: noteMs });
  return {
    find: async (cookie) => {
      const read = cookie === undefined ? undefined : readOpaqueToken(cookie);
      if (read === undefined) return undefined;
      const { hotelId, hash } = read;
      const key = hash.toString("base64");
      const known = named.get(key);
      if (known !== undefined) return known;
      const [row] = await db.tenant(hotelId, (trx) => findStatement.run(trx, [hotelId, hash]), { readOnly: true });
      if (row === undefined) return undefined;
      const found = { hotelId, userId: row.user_id, sessionId: row.session_id };
      named.set(key, found);
      return found;
    },
    open: async (user, client, request) => {
      const cookie = newOpaqueToken(user.hotel_id);
      const opened = await sessions.openBare(user, client, request, { cookieHash: readOpaqueToken(cookie)?.hash });
      return opened === undefined ? undefined : cookie;
    },
    endReplaced: async ({ hotelId, userId, sessionId }, request) => {
      await db.tenant(hotelId, async (trx) => {
        await lockAuthority(trx, userId);
        const ended = await revokeSessions(trx, { hotel_id: hotelId, session_id: sessionId });
        const [user] = ended === 0 ? [] : await nameStatement.run(trx, [hotelId, userId]);
        if (user === undefined) return;
        const actor = { tenantId: hotelId, userId, name: user.username };
        audit.record(trx, { kind: "logged_out", actor, request, details: { session_id: sessionId, replaced: true } });
      });
      sessions.forget(hotelId, userId);
    },
    noteUse: async ({ hotelId, sessionId }) => {
      if (noted.has(sessionId)) return;
      noted.set(sessionId, true);
      await db.tenant(hotelId, (trx) => noteStatement.run(trx, [hotelId, sessionId]));
    },
  };
}

/**
 * Sessions, one per login. An access token is valid only while its session and its user are. Each process looks up both
 * and remembers them for 2 s. So a logout, a deactivation or a new role takes effect everywhere within 2 s, and at once
 * in the process that makes the change. Each write checks again (`rights/still_authorized.ts`).
 */
import { LRUCache } from "lru-cache";

import type { RequestFacts, Trx } from "../../../core/mod.ts";
import { newId, prepare } from "../../../core/mod.ts";
import type { IdentityContext } from "../context.ts";
import { identityProblems } from "../errors.ts";
import type { KnownUser } from "./known_user.ts";
import type { Role } from "../port.ts";
import { type Client, grantRefreshToken, useRefreshToken } from "./refresh.ts";
import { isOpen } from "../rights/open_sessions.ts";
import { lockAuthority } from "../rights/still_authorized.ts";
import { type AccessTokens, accessSeconds, newOpaqueToken, readOpaqueToken } from "./tokens.ts";

const rememberMs = 2_000;
const mostRemembered = 10_000;

export interface LiveSession {
  readonly username: string;
  readonly role: Role;
  readonly must_change_password: boolean;
  /** Whether the last noted use of a browser's session is older than 5 minutes. */
  readonly is_stale: boolean;
  readonly is_locked: boolean;
  /** Whether the user can unlock a session by PIN. */
  readonly has_pin: boolean;
}

/** The answer of `POST /auth/token`. */
export interface TokenGrant {
  readonly access_token: string;
  readonly token_type: "bearer";
  readonly expires_in: number;
  readonly refresh_token: string;
}

export interface Sessions {
  /** Finds a session and its user. Undefined if one has ended, or if the session belongs to another user. */
  find(hotelId: string, sessionId: string, userId: string): Promise<LiveSession | undefined>;
  /** Opens a session for a checked login. Undefined if the user has changed since the check. */
  open(user: KnownUser, client: Client, request: RequestFacts): Promise<TokenGrant | undefined>;
  /**
   * Opens a session without tokens for a checked login.
   * @param cookieHash of a browser's session
   * @returns the session's id. Undefined if the user has changed since the check
   */
  openBare(user: KnownUser, client: Client, request: RequestFacts, more: NewSession): Promise<string | undefined>;
  /** Forgets a user's sessions. Call it after the commit of a change to them. */
  forget(hotelId: string, userId: string): void;
  /** Returns the session of a stored refresh token that has not expired. Both can be used or ended already. */
  sessionOf(token: string): Promise<string | undefined>;
  /**
   * Uses a refresh token for a new pair of tokens (`refresh.ts`). A second use ends the session, except within 10 s by
   * the same client.
   * @throws Problem INVALID_CREDENTIALS
   */
  refresh(token: string, client: Client, request: RequestFacts): Promise<TokenGrant>;
}

/** Further facts and writes of a new session. */
export interface NewSession {
  readonly cookieHash?: Buffer | undefined;
  /** Further writes in the transaction that opens the session. */
  readonly more?: (trx: Trx, sessionId: string) => Promise<void>;
}

const findStatement = prepare<LiveSession>(
  "identity_find_session",
  `SELECT u.username, u.role, u.must_change_password,
     s.locked_at IS NOT NULL AS is_locked, u.pin_hash IS NOT NULL AS has_pin,
     s.cookie_hash IS NOT NULL AND s.last_used_at < now() - interval '5 minutes' AS is_stale
   FROM identity.sessions s
   JOIN identity.users u ON u.hotel_id = s.hotel_id AND u.user_id = s.user_id
   WHERE s.hotel_id = $1 AND s.session_id = $2 AND s.user_id = $3 AND ${isOpen("s")} AND u.active`,
);

// Locks the user's row and reads it again. A deactivation or a new password locks the row too, and then ends the
// sessions. So a login that was checked before can't open a session after it.
const openStatement = prepare<{ session_id: string }>(
  "identity_open_session",
  `WITH the_user AS (
     SELECT hotel_id, user_id FROM identity.users
     WHERE hotel_id = $1 AND user_id = $2 AND password_hash = $3 AND active FOR SHARE
   )
   INSERT INTO identity.sessions (hotel_id, session_id, user_id, address, user_agent, cookie_hash)
   SELECT hotel_id, $4, user_id, $5, $6, $7 FROM the_user
   RETURNING session_id`,
);

// Reads without a lock, to find the session whose budget of renewals the request uses.
const ownerStatement = prepare<{ session_id: string }>(
  "identity_find_refresh_token",
  `SELECT session_id FROM identity.refresh_tokens WHERE hotel_id = $1 AND token_hash = $2 AND expires_at > now()`,
);

export function createSessions({ audit, db, env }: IdentityContext, tokens: AccessTokens): Sessions {
  const remembered = new LRUCache<string, { readonly session: LiveSession | undefined }>({
    max: mostRemembered,
    ttl: rememberMs,
  });
  let forgotten = 0;

  const forget = (hotelId: string, userId: string): void => {
    forgotten += 1;
    for (const key of remembered.keys()) if (key.startsWith(`${hotelId} ${userId} `)) remembered.delete(key);
  };

  const pair = async (
    hotelId: string,
    userId: string,
    sessionId: string,
    refreshToken: string,
  ): Promise<TokenGrant> => ({
    access_token: await tokens.sign({ userId, hotelId, sessionId }),
    token_type: "bearer",
    expires_in: accessSeconds,
    refresh_token: refreshToken,
  });

  const openBare: Sessions["openBare"] = async (user, { address, userAgent }, request, { cookieHash, more }) => {
    const { hotel_id: hotelId, user_id: userId, username, password_hash: passwordHash } = user;
    const sessionId = newId();
    return db.tenant(hotelId, async (trx) => {
      const values = [hotelId, userId, passwordHash, sessionId, address, userAgent, cookieHash ?? null];
      const [opened] = await openStatement.run(trx, values);
      if (opened === undefined) return undefined;
      const actor = { tenantId: hotelId, userId, name: username };
      const details = { session_id: sessionId, ...(cookieHash === undefined ? {} : { browser: true }) };
      audit.record(trx, { kind: "logged_in", actor, request, details });
      await more?.(trx, sessionId);
      return sessionId;
    });
  };

  return {
    find: async (hotelId, sessionId, userId) => {
      // The key has all three ids of the token, so a session of one hotel is never found for another.
      const key = `${hotelId} ${userId} ${sessionId}`;
      const known = remembered.get(key);
      if (known !== undefined) return known.session;
      // The entry ages from before the query, so a change during the query is seen within 2 s.
      const start = performance.now();
      const before = forgotten;
      const [session] = await db.tenant(hotelId, (trx) => findStatement.run(trx, [hotelId, sessionId, userId]), {
        readOnly: true,
      });
      remembered.delete(key);
      // A session was forgotten during the query, which may have read the old state. So do not remember it.
      if (forgotten !== before) return session;
      // Not remembered: another process can change the password or unlock, and the user's next request can come here.
      if (session?.must_change_password === true || session?.is_locked === true) return session;
      remembered.set(key, { session }, { start });
      return session;
    },
    openBare,
    open: async (user, client, request) => {
      const { hotel_id: hotelId, user_id: userId } = user;
      const refreshToken = newOpaqueToken(hotelId);
      const sessionId = await openBare(user, client, request, {
        more: (trx, id) => grantRefreshToken(trx, hotelId, id, refreshToken),
      });
      return sessionId === undefined ? undefined : pair(hotelId, userId, sessionId, refreshToken);
    },
    forget,
    sessionOf: async (token) => {
      const read = readOpaqueToken(token);
      if (read === undefined) return undefined;
      const { hotelId, hash } = read;
      const [found] = await db.tenant(hotelId, (trx) => ownerStatement.run(trx, [hotelId, hash]), { readOnly: true });
      return found?.session_id;
    },
    refresh: async (token, client, request) => {
      const hotelId = readOpaqueToken(token)?.hotelId;
      const refused = identityProblems.INVALID_CREDENTIALS("This refresh token is not valid. Log in again.");
      if (hotelId === undefined) throw refused;
      const renewal = await db.tenant(hotelId, async (trx) => {
        const used = await useRefreshToken(trx, token, client, env.SECRET_KEY);
        // Returns instead of throwing, so that the revocation is committed.
        if (used !== undefined && used.refreshToken === undefined) {
          const { session_id, user_id: id, username: name } = used;
          const subject = { type: "user", id, name };
          audit.record(trx, {
            kind: "renewal_used_twice",
            tenantId: hotelId,
            request,
            subject,
            details: { session_id },
          });
          await lockAuthority(trx, id);
          await revokeSessions(trx, { hotel_id: hotelId, session_id });
        }
        return used;
      });
      if (renewal === undefined) throw refused;
      const { user_id: userId, session_id: sessionId, refreshToken } = renewal;
      if (refreshToken !== undefined) return pair(hotelId, userId, sessionId, refreshToken);
      forget(hotelId, userId);
      throw refused;
    },
  };
}

/** Ends one session, or all sessions of a user except one. @returns the number of ended sessions */
export async function revokeSessions(
  trx: Trx,
  which: { readonly hotel_id: string } & ({ readonly session_id: string } | { readonly user_id: string }),
  keepSessionId?: string,
): Promise<number> {
  return trx("identity.sessions")
    .where(which)
    .whereNull("revoked_at")
    .whereNot(keepSessionId === undefined ? {} : { session_id: keepSessionId })
    .update({ revoked_at: trx.fn.now() });
}

/**
 * Sessions: one per login. An access token is only as good as its session and its user are now, so each process looks
 * both up and remembers the answer for two seconds; that is how soon a log-out, a deactivation or a new role is felt. The
 * process that carries it out feels it at once; and what can't wait asks again (`standing.ts`).
 */
import { LRUCache } from "lru-cache";

import type { RequestFacts, Trx } from "../../../core/mod.ts";
import { newId, prepare, problems } from "../../../core/mod.ts";
import type { IdentityContext } from "../context.ts";
import { identityProblems } from "../errors.ts";
import type { KnownUser } from "../login/known_user.ts";
import type { Role } from "../port.ts";
import { type Client, grantRefreshToken, useRefreshToken } from "./refresh.ts";
import { lockAuthority } from "../staff/still_authorized.ts";
import { type AccessTokens, accessSeconds, newRefreshToken, readRefreshToken } from "./tokens.ts";

const rememberMs = 2_000;
const mostRemembered = 10_000;

export interface LiveSession {
  readonly username: string;
  readonly role: Role;
  readonly must_change_password: boolean;
}

/** What `POST /auth/token` answers with. */
export interface TokenGrant {
  readonly access_token: string;
  readonly token_type: "bearer";
  readonly expires_in: number;
  readonly refresh_token: string;
}

export interface Sessions {
  /** The session and its user as they are now, or undefined where either has ended, or it is not this user's. */
  find(hotelId: string, sessionId: string, userId: string): Promise<LiveSession | undefined>;
  /** Opens a session for a login that was checked; undefined where the user has changed since. */
  open(user: KnownUser, client: Client, request: RequestFacts): Promise<TokenGrant | undefined>;
  /** Looks a user's sessions up anew: for after the commit of what changes or ends them. */
  forget(hotelId: string, userId: string): void;
  /** The session of a refresh token that is stored and has not expired; it may be used or ended. */
  sessionOf(token: string): Promise<string | undefined>;
  /**
   * Uses a refresh token for a new pair (`refresh.ts`). Its second use ends the session, except soon after by the same client.
   * @throws Problem INVALID_CREDENTIALS
   */
  refresh(token: string, client: Client, request: RequestFacts): Promise<TokenGrant>;
}

const findStatement = prepare<LiveSession>(
  "identity_find_session",
  `SELECT u.username, u.role, u.must_change_password FROM identity.sessions s
   JOIN identity.users u ON u.hotel_id = s.hotel_id AND u.user_id = s.user_id
   WHERE s.hotel_id = $1 AND s.session_id = $2 AND s.user_id = $3 AND s.revoked_at IS NULL AND u.active`,
);

// The user's row is locked, and read again: whoever deactivates a user or changes a password locks it too and then ends
// the sessions, so a login that was checked before that can't open one after it.
const openStatement = prepare<{ session_id: string }>(
  "identity_open_session",
  `WITH the_user AS (
     SELECT hotel_id, user_id FROM identity.users
     WHERE hotel_id = $1 AND user_id = $2 AND password_hash = $3 AND active FOR SHARE
   )
   INSERT INTO identity.sessions (hotel_id, session_id, user_id, address, user_agent)
   SELECT hotel_id, $4, user_id, $5, $6 FROM the_user
   RETURNING session_id`,
);

// A read, before the token is locked: it says whose budget of renewals the call is charged to.
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

  return {
    find: async (hotelId, sessionId, userId) => {
      // All three, as the token names them: a session that was found for one hotel is none of another's.
      const key = `${hotelId} ${userId} ${sessionId}`;
      const known = remembered.get(key);
      if (known !== undefined) return known.session;
      // The entry ages from before the query: a change during the query is seen at most two seconds later.
      const start = performance.now();
      const before = forgotten;
      const [session] = await db.tenant(hotelId, (trx) => findStatement.run(trx, [hotelId, sessionId, userId]), {
        readOnly: true,
      });
      remembered.delete(key);
      // Something was forgotten while the look was under way, which may have seen the state of before.
      if (forgotten !== before) return session;
      // Not remembered: another process may carry out the change of the password, and the user's next request may come here.
      if (session?.must_change_password === true) return session;
      remembered.set(key, { session }, { start });
      return session;
    },
    open: async (user, { address, userAgent }, request) => {
      const { hotel_id: hotelId, user_id: userId, username, password_hash: passwordHash } = user;
      const sessionId = newId();
      const refreshToken = newRefreshToken(hotelId);
      const isOpen = await db.tenant(hotelId, async (trx) => {
        const values = [hotelId, userId, passwordHash, sessionId, address, userAgent];
        const [opened] = await openStatement.run(trx, values);
        if (opened === undefined) return false;
        const actor = { tenantId: hotelId, userId, name: username };
        audit.record(trx, { kind: "logged_in", actor, request, details: { session_id: sessionId } });
        await grantRefreshToken(trx, hotelId, sessionId, refreshToken);
        return true;
      });
      return isOpen ? pair(hotelId, userId, sessionId, refreshToken) : undefined;
    },
    forget,
    sessionOf: async (token) => {
      const read = readRefreshToken(token);
      if (read === undefined) return undefined;
      const { hotelId, hash } = read;
      const [found] = await db.tenant(hotelId, (trx) => ownerStatement.run(trx, [hotelId, hash]), { readOnly: true });
      return found?.session_id;
    },
    refresh: async (token, client, request) => {
      const hotelId = readRefreshToken(token)?.hotelId;
      const refused = identityProblems.INVALID_CREDENTIALS("This refresh token does not hold. Log in again.");
      if (hotelId === undefined) throw refused;
      const renewal = await db.tenant(hotelId, async (trx) => {
        const used = await useRefreshToken(trx, token, client, env.SECRET_KEY);
        // Committed, not thrown: the revocation must outlive the refusal.
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

/** Ends open sessions: one, or all of a user's but the one to keep. @returns how many */
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

/** The problem of a thing that is not in this hotel: the same words as for one that is nowhere. */
export const noSuchUser = () => problems.NOT_FOUND("This hotel has no such user.");

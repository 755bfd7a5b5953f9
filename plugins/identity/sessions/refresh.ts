/**
 * Renews a session. A refresh token is used once, for an access token and the next refresh token.
 *
 * A second use can mean that the token was stolen. But two tabs that renew at the same time use it twice too, and so
 * does a client whose answer was lost. So for 10 s, the client that used it gets the same next token again. Any other
 * second use ends the session.
 */
import { createHash } from "node:crypto";

import { networkOf, prepare, type Trx } from "../../../core/mod.ts";
import { sessionDays } from "../rights/open_sessions.ts";
import { readOpaqueToken, successorOf } from "./tokens.ts";

/** Seconds in which a second use by the same client gets the same next token. */
const graceSeconds = 10;

/** The client of a request. */
export interface Client {
  readonly address: string;
  readonly userAgent: string;
}

interface TokenRow {
  readonly session_id: string;
  readonly user_id: string;
  readonly username: string;
  readonly used_at: Date | null;
  /** Used within the grace period, by this client. */
  readonly is_repeat: boolean;
}

// The lock serializes concurrent uses, so each sees whether the token was used before.
const lockTokenStatement = prepare<TokenRow>(
  "identity_take_refresh_token",
  `SELECT t.session_id, s.user_id, u.username, t.used_at,
     coalesce(t.used_at > clock_timestamp() - make_interval(secs => $3) AND t.used_by = $4, false) AS is_repeat
   FROM identity.refresh_tokens t
   JOIN identity.sessions s ON s.hotel_id = t.hotel_id AND s.session_id = t.session_id
   JOIN identity.users u ON u.hotel_id = s.hotel_id AND u.user_id = s.user_id
   WHERE t.hotel_id = $1 AND t.token_hash = $2 AND t.expires_at > now() AND s.revoked_at IS NULL AND u.active
     AND s.created_at > now() - make_interval(days => ${sessionDays})
   FOR UPDATE OF t`,
);
const useStatement = prepare(
  "identity_use_refresh_token",
  `UPDATE identity.refresh_tokens SET used_at = clock_timestamp(), used_by = $3
   WHERE hotel_id = $1 AND token_hash = $2`,
);
const grantStatement = prepare(
  "identity_grant_refresh_token",
  `INSERT INTO identity.refresh_tokens (hotel_id, token_hash, session_id, expires_at)
   SELECT hotel_id, $2, session_id, created_at + make_interval(days => ${sessionDays})
   FROM identity.sessions WHERE hotel_id = $1 AND session_id = $3`,
);
const noteStatement = prepare(
  "identity_note_session_use",
  `UPDATE identity.sessions SET last_used_at = now(), address = $3, user_agent = $4
   WHERE hotel_id = $1 AND session_id = $2`,
);
const knownStatement = prepare<{ token_hash: Buffer }>(
  "identity_find_next_refresh_token",
  `SELECT token_hash FROM identity.refresh_tokens
   WHERE hotel_id = $1 AND session_id = $2 AND token_hash = ANY ($3::bytea[]) AND expires_at > now()`,
);

/** Stores the hash of a session's refresh token, which is valid as long as the session. */
export async function grantRefreshToken(trx: Trx, hotelId: string, sessionId: string, token: string): Promise<void> {
  await grantStatement.run(trx, [hotelId, readOpaqueToken(token)?.hash, sessionId]);
}

export interface Renewal {
  readonly session_id: string;
  readonly user_id: string;
  readonly username: string;
  /** The next refresh token. Undefined if this one was used before and its session must end. */
  readonly refreshToken: string | undefined;
}

/**
 * Uses a refresh token in the hotel's transaction. Returns undefined if the token is not valid.
 * @param secrets the keys. The first one creates next tokens. A repeated use can get a token of an older key
 */
export async function useRefreshToken(
  trx: Trx,
  token: string,
  client: Client,
  secrets: readonly [string, ...string[]],
): Promise<Renewal | undefined> {
  const read = readOpaqueToken(token);
  if (read === undefined) return undefined;
  const { hotelId, hash } = read;
  const usedBy = fingerprintOf(client);
  const [row] = await lockTokenStatement.run(trx, [hotelId, hash, graceSeconds, usedBy]);
  if (row === undefined) return undefined;
  const { session_id: sessionId, user_id: userId, username } = row;
  if (row.used_at === null) {
    const refreshToken = successorOf(token, secrets[0]);
    await useStatement.run(trx, [hotelId, hash, usedBy]);
    await grantRefreshToken(trx, hotelId, sessionId, refreshToken);
    await noteStatement.run(trx, [hotelId, sessionId, client.address, client.userAgent]);
    return { session_id: sessionId, user_id: userId, username, refreshToken };
  }
  const refreshToken = row.is_repeat ? await findSuccessor(trx, sessionId, token, secrets) : undefined;
  return { session_id: sessionId, user_id: userId, username, refreshToken };
}

async function findSuccessor(
  trx: Trx,
  sessionId: string,
  token: string,
  secrets: readonly string[],
): Promise<string | undefined> {
  const candidates = secrets.map((secret) => successorOf(token, secret));
  const hashes = candidates.map((candidate) => readOpaqueToken(candidate)?.hash);
  const [known] = await knownStatement.run(trx, [readOpaqueToken(token)?.hotelId, sessionId, hashes]);
  return known === undefined
    ? undefined
    : candidates.find((candidate) => readOpaqueToken(candidate)?.hash.equals(known.token_hash));
}

/** Returns a value that is equal for two tabs of a browser. It is hashed, because it is only compared. */
function fingerprintOf({ address, userAgent }: Client): Buffer {
  return createHash("sha256")
    .update(JSON.stringify([networkOf(address), userAgent]))
    .digest();
}

/** Removes sessions that can't be used any more, and their refresh tokens. */
import { forEachTenant, type Schedule } from "../../../core/mod.ts";
import type { IdentityContext } from "../context.ts";
import { isOpen } from "../rights/open_sessions.ts";
import { accessSeconds } from "./tokens.ts";

const everyMs = 60 * 60_000;
const batch = 5_000;

/**
 * Keeps a used refresh token until its expiry, because a second use reveals a theft. Removes a session after its last
 * refresh token is gone and its last access token has expired. Removes an ended session with its tokens after an hour.
 * Removes a browser's session once it is idle for too long or too old.
 */
export function sessionCleaning({ db, log }: IdentityContext): Schedule {
  /** Removes the rows of each hotel separately. A failure in one hotel does not stop the others. */
  const removeOld = async (signal: AbortSignal, { table, key, old }: OldRows): Promise<number> => {
    const hotels = await db.crossTenant(
      (trx) => trx.raw<{ rows: { hotel_id: string }[] }>(`SELECT DISTINCT o.hotel_id FROM (${old}) AS o`),
      { readOnly: true },
    );
    let removed = 0;
    const hotelIds = hotels.rows.map(({ hotel_id }) => hotel_id);
    await forEachTenant(hotelIds, { log, what: `the removal of old ${table}`, signal }, async (hotelId) => {
      for (;;) {
        const { rowCount } = await db.tenant(hotelId, (trx) =>
          trx.raw<{ rowCount: number }>(
            `DELETE FROM identity.${table} WHERE hotel_id = :hotelId AND ${key} IN (
               SELECT o.${key} FROM (${old}) AS o WHERE o.hotel_id = :hotelId LIMIT :batch)`,
            { hotelId, batch },
          ),
        );
        removed += rowCount;
        if (rowCount < batch || signal.aborted) return;
      }
    });
    return removed;
  };
  return {
    name: "clean-sessions",
    everyMs,
    run: async (signal) => {
      const tokens = await removeOld(signal, expiredTokens);
      const ofEnded = await removeOld(signal, tokensOfEndedSessions);
      const sessions = await removeOld(signal, deadSessions);
      if (sessions + tokens + ofEnded > 0)
        log.info({ sessions, refresh_tokens: tokens + ofEnded }, "old sessions removed");
    },
  };
}

interface OldRows {
  readonly table: "refresh_tokens" | "sessions";
  readonly key: "token_hash" | "session_id";
  /** Selects the hotel and the key of each row to remove. */
  readonly old: string;
}

const expiredTokens: OldRows = {
  table: "refresh_tokens",
  key: "token_hash",
  old: "SELECT hotel_id, token_hash FROM identity.refresh_tokens WHERE expires_at < now()",
};

const tokensOfEndedSessions: OldRows = {
  table: "refresh_tokens",
  key: "token_hash",
  old: `SELECT t.hotel_id, t.token_hash FROM identity.sessions s
    JOIN identity.refresh_tokens t USING (hotel_id, session_id)
    WHERE s.revoked_at < now() - interval '1 hour'`,
};

const deadSessions: OldRows = {
  table: "sessions",
  key: "session_id",
  old: `SELECT hotel_id, session_id FROM identity.sessions s
    WHERE cookie_hash IS NULL AND created_at < now() - make_interval(secs => ${accessSeconds}) AND NOT EXISTS (
      SELECT FROM identity.refresh_tokens t WHERE t.hotel_id = s.hotel_id AND t.session_id = s.session_id)
    OR cookie_hash IS NOT NULL AND (
      revoked_at < now() - interval '1 hour' OR revoked_at IS NULL AND NOT ${isOpen("s")})`,
};

/** Clears away sessions that can't be used any more, and their refresh tokens. */
import type { Schedule } from "../../core/mod.ts";
import type { IdentityContext } from "./context.ts";
import { accessSeconds } from "./tokens.ts";

const everyMs = 60 * 60_000;
const batch = 5_000;

/**
 * A refresh token that was used stays until it would have expired: until then its second use gives a theft away. A
 * session goes when none of its tokens is left and its last access token has expired; one that was ended, with all of its
 * tokens, an hour after that.
 */
export function sessionCleaning({ db, log }: IdentityContext): Schedule {
  const rounds = async (signal: AbortSignal, sql: string, values: readonly (number | string)[]): Promise<number> => {
    let removed = 0;
    for (;;) {
      const { rowCount } = (await db.platform((trx) => trx.raw(sql, [...values, batch]))) as { rowCount: number };
      removed += rowCount;
      if (rowCount < batch || signal.aborted) return removed;
    }
  };
  return {
    name: "clean-sessions",
    everyMs,
    run: async (signal) => {
      const tokens = await rounds(
        signal,
        `DELETE FROM identity.refresh_tokens WHERE (hotel_id, token_hash) IN (
           SELECT hotel_id, token_hash FROM identity.refresh_tokens WHERE expires_at < now() LIMIT ?)`,
        [],
      );
      const ofEnded = await rounds(
        signal,
        `DELETE FROM identity.refresh_tokens WHERE (hotel_id, token_hash) IN (
           SELECT t.hotel_id, t.token_hash FROM identity.sessions s JOIN identity.refresh_tokens t USING (hotel_id, session_id)
           WHERE s.revoked_at < now() - interval '1 hour' LIMIT ?)`,
        [],
      );
      const sessions = await rounds(
        signal,
        `DELETE FROM identity.sessions WHERE (hotel_id, session_id) IN (
           SELECT hotel_id, session_id FROM identity.sessions s
           WHERE created_at < now() - make_interval(secs => ?)
             AND NOT EXISTS (SELECT FROM identity.refresh_tokens t
                             WHERE t.hotel_id = s.hotel_id AND t.session_id = s.session_id)
           LIMIT ?)`,
        [accessSeconds],
      );
      if (sessions + tokens + ofEnded > 0)
        log.info({ sessions, refresh_tokens: tokens + ofEnded }, "old sessions removed");
    },
  };
}

/**
 * Sessions: one per login. An access token is only as good as its session and its user are now, so each process looks
 * both up and remembers the answer for two seconds; that is how soon a log-out, a deactivation or a new role is felt.
 */
import type { Trx } from "../../core/mod.ts";
import { newId, problems } from "../../core/mod.ts";
import type { IdentityContext } from "./context.ts";
import { identityProblems } from "./errors.ts";
import type { User } from "./models/user.ts";
import type { Role } from "./port.ts";
import { type AccessTokens, accessSeconds, newRefreshToken, readRefreshToken, refreshDays } from "./tokens.ts";

const rememberMs = 2_000;
const mostRemembered = 10_000;

export interface LiveSession {
  readonly username: string;
  readonly role: Role;
}

/** What `POST /auth/token` answers with. */
export interface TokenGrant {
  readonly access_token: string;
  readonly token_type: "bearer";
  readonly expires_in: number;
  readonly refresh_token: string;
}

export interface Sessions {
  /** The session and its user as they are now, or undefined where either has ended. */
  find(hotelId: string, sessionId: string): Promise<LiveSession | undefined>;
  open(user: Pick<User, "hotel_id" | "user_id">): Promise<TokenGrant>;
  /** Uses a refresh token up for a new pair. Its second use means that it was stolen, and ends the session. */
  refresh(token: string): Promise<TokenGrant>;
}

export function createSessions({ db }: IdentityContext, tokens: AccessTokens): Sessions {
  const remembered = new Map<string, { readonly at: number; readonly session: LiveSession | undefined }>();

  const lookUp = (hotelId: string, sessionId: string): Promise<LiveSession | undefined> =>
    db.tenant(
      hotelId,
      (trx) =>
        trx("identity.sessions as s")
          .join("identity.users as u", (join) => join.on("u.hotel_id", "s.hotel_id").andOn("u.user_id", "s.user_id"))
          .where({ "s.hotel_id": hotelId, "s.session_id": sessionId, "s.revoked_at": null, "u.active": true })
          .first<LiveSession | undefined>("u.username", "u.role"),
      { readOnly: true },
    );

  const grant = async (trx: Trx, hotelId: string, userId: string, sessionId: string): Promise<TokenGrant> => {
    const refreshToken = newRefreshToken(hotelId);
    await trx("identity.refresh_tokens").insert({
      hotel_id: hotelId,
      token_hash: readRefreshToken(refreshToken)?.hash,
      session_id: sessionId,
      expires_at: trx.raw("now() + make_interval(days => ?)", [refreshDays]),
    });
    return {
      access_token: await tokens.sign({ userId, hotelId, sessionId }),
      token_type: "bearer",
      expires_in: accessSeconds,
      refresh_token: refreshToken,
    };
  };

  return {
    find: async (hotelId, sessionId) => {
      const known = remembered.get(sessionId);
      if (known !== undefined && Date.now() - known.at < rememberMs) return known.session;
      const session = await lookUp(hotelId, sessionId);
      remembered.delete(sessionId);
      if (remembered.size >= mostRemembered) remembered.delete(remembered.keys().next().value as string);
      remembered.set(sessionId, { at: Date.now(), session });
      return session;
    },
    open: ({ hotel_id: hotelId, user_id: userId }) =>
      db.tenant(hotelId, async (trx) => {
        const sessionId = newId();
        await trx("identity.sessions").insert({ hotel_id: hotelId, session_id: sessionId, user_id: userId });
        return grant(trx, hotelId, userId, sessionId);
      }),
    refresh: async (token) => {
      const read = readRefreshToken(token);
      const refused = identityProblems.INVALID_CREDENTIALS("This refresh token does not hold. Log in again.");
      if (read === undefined) throw refused;
      const outcome = await db.tenant(read.hotelId, async (trx) => {
        const found = await trx("identity.refresh_tokens as t")
          .join("identity.sessions as s", (join) =>
            join.on("s.hotel_id", "t.hotel_id").andOn("s.session_id", "t.session_id"),
          )
          .join("identity.users as u", (join) => join.on("u.hotel_id", "s.hotel_id").andOn("u.user_id", "s.user_id"))
          .where({ "t.hotel_id": read.hotelId, "t.token_hash": read.hash, "s.revoked_at": null, "u.active": true })
          .whereRaw("t.expires_at > now()")
          .forUpdate("t")
          .first<{ session_id: string; user_id: string; used_at: Date | null } | undefined>(
            "t.session_id",
            "s.user_id",
            "t.used_at",
          );
        if (found === undefined) return undefined;
        if (found.used_at !== null) {
          // Committed, not thrown: the revocation must outlive the refusal.
          await revokeSessions(trx, { hotel_id: read.hotelId, session_id: found.session_id });
          return undefined;
        }
        await trx("identity.refresh_tokens")
          .where({ hotel_id: read.hotelId, token_hash: read.hash })
          .update({ used_at: trx.fn.now() });
        return grant(trx, read.hotelId, found.user_id, found.session_id);
      });
      if (outcome === undefined) throw refused;
      return outcome;
    },
  };
}

/** Ends sessions: one, or all of a user's but the one to keep. */
export async function revokeSessions(
  trx: Trx,
  which: { hotel_id: string; session_id: string } | { hotel_id: string; user_id: string },
  keepSessionId?: string,
): Promise<void> {
  await trx("identity.sessions")
    .where(which)
    .whereNull("revoked_at")
    .whereNot(keepSessionId === undefined ? {} : { session_id: keepSessionId })
    .update({ revoked_at: trx.fn.now() });
}

/** The problem of a thing that is not in this hotel: the same words as for one that is nowhere. */
export const noSuchUser = () => problems.NOT_FOUND("This hotel has no such user.");

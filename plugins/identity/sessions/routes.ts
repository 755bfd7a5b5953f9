/** Lists a user's sessions, and ends them for the user or for a manager of the hotel. */
import * as z from "zod";

import {
  type Actor,
  decodeCursor,
  idSchema,
  instantOutSchema,
  pageOf,
  pageQuery,
  problems,
  type RequestFacts,
  route,
  toPage,
} from "../../../core/mod.ts";
import type { IdentityContext } from "../context.ts";
import { managers, roles } from "../port.ts";
import { isOpen, sessionDays } from "../rights/open_sessions.ts";
import { revokeSessions, type Sessions } from "./sessions.ts";
import { lockStaff } from "../rights/lock_staff.ts";
import { requireStillAuthorized, lockAuthority } from "../rights/still_authorized.ts";

const sessionSchema = z
  .strictObject({
    session_id: idSchema,
    current: z.boolean().meta({ description: "Whether this request uses it." }),
    created_at: instantOutSchema,
    last_used_at: instantOutSchema.meta({
      description: "The time of the login or of the last renewal. In a browser the last use, to 5 minutes.",
    }),
    address: z.string().nullable().meta({ description: "The client's address then. Null for an older session." }),
    user_agent: z.string().nullable(),
    browser: z.boolean().meta({ description: "Whether it is the session of a browser, with a cookie." }),
  })
  .meta({ id: "Session" });

interface SessionRow {
  readonly session_id: string;
  readonly created_at: Date;
  readonly last_used_at: Date;
  readonly address: string | null;
  readonly user_agent: string | null;
  readonly browser: boolean;
}

export function sessionRoutes({ audit, db }: IdentityContext, sessions: Sessions) {
  /**
   * Ends one of the caller's own sessions, or all but the current one.
   * @throws Problem UNAUTHENTICATED, or NOT_FOUND if the caller has no such open session
   */
  const endOwn = async (actor: Actor, request: RequestFacts, sessionId?: string): Promise<void> => {
    const { tenantId: hotel_id, userId: user_id } = actor;
    await db.tenant(hotel_id, async (trx) => {
      await lockAuthority(trx, user_id);
      await requireStillAuthorized(trx, actor, roles);
      const ended =
        sessionId === undefined
          ? await revokeSessions(trx, { hotel_id, user_id }, actor.sessionId)
          : await revokeSessions(trx, { hotel_id, user_id, session_id: sessionId });
      if (sessionId !== undefined && ended === 0) throw problems.NOT_FOUND("You have no open session with this id.");
      const details = sessionId === undefined ? { sessions: ended } : { session_id: sessionId };
      audit.record(trx, { kind: "sessions_ended", actor, request, details });
    });
    sessions.forget(hotel_id, user_id);
  };

  return [
    route({
      id: "listOwnSessions",
      method: "GET",
      path: "/auth/sessions",
      summary: "List your open sessions, the latest login first",
      access: roles,
      transaction: "tenant",
      query: z.strictObject(pageQuery),
      status: 200,
      result: pageOf(sessionSchema),
      handler: async ({ actor, query: { limit, cursor }, trx }) => {
        const before = decodeCursor(cursor, z.tuple([idSchema]))?.[0] ?? null;
        const rows = await trx("identity.sessions")
          .where({ hotel_id: actor.tenantId, user_id: actor.userId })
          .whereRaw(isOpen("sessions"))
          .whereRaw("created_at > now() - make_interval(days => ?)", [sessionDays])
          // A v7 UUID sorts by its time of creation.
          .whereRaw("(?::uuid IS NULL OR session_id < ?)", [before, before])
          .orderBy("session_id", "desc")
          .limit(limit + 1)
          .select<SessionRow[]>(
            "session_id",
            "created_at",
            "last_used_at",
            "address",
            "user_agent",
            trx.raw("cookie_hash IS NOT NULL AS browser"),
          );
        const view = ({ created_at, last_used_at, ...row }: SessionRow) => ({
          ...row,
          current: row.session_id === actor.sessionId,
          created_at: created_at.toISOString(),
          last_used_at: last_used_at.toISOString(),
        });
        return { body: toPage(rows, limit, view, (row) => [row.session_id]) };
      },
    }),
    route({
      id: "endOwnSession",
      method: "DELETE",
      path: "/auth/sessions/{session_id}",
      summary: "End one of your sessions and its refresh tokens",
      access: roles,
      // All three open their own transactions, because this process must forget the sessions after the commit.
      transaction: "none",
      changes: ["sessions"],
      params: z.strictObject({ session_id: idSchema }),
      status: 204,
      handler: async ({ actor, params, request }) => {
        await endOwn(actor, request, params.session_id);
        return {};
      },
    }),
    route({
      id: "endOtherSessions",
      method: "DELETE",
      path: "/auth/sessions",
      summary: "End all of your sessions but the current one",
      access: roles,
      transaction: "none",
      changes: ["sessions"],
      status: 204,
      handler: async ({ actor, request }) => {
        await endOwn(actor, request);
        return {};
      },
    }),
    route({
      id: "endUserSessions",
      method: "DELETE",
      path: "/users/{user_id}/sessions",
      summary: "End all sessions of a member of staff, who can log in again",
      access: managers,
      transaction: "none",
      changes: ["sessions"],
      params: z.strictObject({ user_id: idSchema }),
      status: 204,
      handler: async ({ actor, params: { user_id: userId }, request }) => {
        const { tenantId } = actor;
        await db.tenant(tenantId, async (trx) => {
          await lockAuthority(trx, userId);
          const { user } = await lockStaff(trx, actor, userId);
          const ended = await revokeSessions(trx, { hotel_id: tenantId, user_id: userId });
          const subject = { type: "user", id: userId, name: user.username };
          audit.record(trx, { kind: "sessions_ended", actor, request, subject, details: { sessions: ended } });
        });
        sessions.forget(tenantId, userId);
        return {};
      },
    }),
  ];
}

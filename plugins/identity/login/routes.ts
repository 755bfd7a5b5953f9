import * as z from "zod";

import { idSchema, type RequestFacts, type Route, route } from "../../../core/mod.ts";
import type { Authentication } from "../sessions/authentication.ts";
import type { IdentityContext } from "../context.ts";
import { deviceDays } from "./device_tokens.ts";
import { identityProblems } from "../errors.ts";
import { Hotel } from "../models/hotel.ts";
import { staff } from "../port.ts";
import { revokeSessions } from "../sessions/sessions.ts";
import { lockAuthority } from "../staff/still_authorized.ts";
import { hotelSchema, hotelView, roleSchema } from "../views.ts";

const grantSchema = z
  .strictObject({
    grant_type: z.enum(["password", "refresh_token"]).default("password"),
    // PostgreSQL can't hold a NUL, so nobody is called so.
    username: z
      .string()
      .max(256)
      .regex(/^[^\0]*$/, "has a NUL in it")
      .optional(),
    password: z.string().max(256).optional(),
    refresh_token: z.string().max(256).optional(),
    device_token: z.string().max(256).optional().meta({
      description: "`device_token` of the user's last login on this device. Has no effect where it does not hold.",
    }),
    // OAuth 2 clients send these along; there is one scope and no client registry.
    scope: z.string().max(256).optional(),
    client_id: z.string().max(256).optional(),
    client_secret: z.string().max(256).optional(),
  })
  .refine(
    (grant) => grant.grant_type !== "password" || (grant.username !== undefined && grant.password !== undefined),
    {
      message: "the password grant needs username and password",
    },
  )
  .refine((grant) => grant.grant_type !== "refresh_token" || grant.refresh_token !== undefined, {
    message: "the refresh_token grant needs refresh_token",
    path: ["refresh_token"],
  });

/** At most 200 characters: it is stored with the session. */
function userAgentOf({ headers }: RequestFacts): string {
  const given = headers["user-agent"];
  return (typeof given === "string" ? given : "").slice(0, 200);
}

export function authRoutes({ audit, db }: IdentityContext, authentication: Authentication): Route[] {
  const { authenticateByPassword, logins, sessions } = authentication;
  return [
    route({
      id: "createToken",
      method: "POST",
      path: "/auth/token",
      summary: "Log in, or renew a login (OAuth 2 password and refresh grants)",
      description:
        "Wrong passwords are counted per account and per address; too many of them answer 429. A login that sends the " +
        "`device_token` of the user's last login on this device has a budget of its own, which strangers behind the same " +
        "address can't use up.",
      access: "public",
      transaction: "none",
      body: grantSchema,
      form: true,
      // Many times a login, and little to check for a stranger who sends nonsense.
      bodyLimit: 4 * 1024,
      status: 200,
      result: z
        .strictObject({
          access_token: z.string(),
          token_type: z.literal("bearer"),
          expires_in: z.number().int().meta({ description: "Seconds." }),
          refresh_token: z.string().meta({
            description:
              "Is used once. For 10 s its second use by the same client (address and user agent) answers with the same " +
              "next token; after that it ends the session. A session lasts 30 days at most.",
          }),
          device_token: z
            .string()
            .optional()
            .meta({
              description:
                "After a login by password: keep it for this user on this device, beyond the log-out, and send it with the " +
                `next login. It holds for ${deviceDays} days, ends with the password, and is no login by itself.`,
            }),
        })
        .meta({ id: "Token" }),
      problems: ["INVALID_CREDENTIALS", "RATE_LIMITED"],
      handler: async ({ body, request }) => {
        const client = { address: request.address, userAgent: userAgentOf(request) };
        if (body.grant_type === "refresh_token") {
          const token = body.refresh_token ?? "";
          await logins.throttle.countRefresh(await sessions.sessionOf(token), client.address);
          return { body: await sessions.refresh(token, client, request) };
        }
        const login = await authenticateByPassword(request, body.device_token);
        const grant = login === undefined ? undefined : await sessions.open(login.user, client, request);
        if (login === undefined || grant === undefined)
          throw identityProblems.INVALID_CREDENTIALS("The username or the password is wrong.");
        return { body: { ...grant, device_token: login.deviceToken } };
      },
    }),
    route({
      id: "revokeSession",
      method: "POST",
      path: "/auth/revoke",
      summary: "Log out: end this session and its refresh tokens",
      access: staff,
      // Its own transaction, so that what this process remembers goes after the commit.
      transaction: "none",
      status: 204,
      handler: async ({ actor, request }) => {
        const { tenantId, userId, sessionId } = actor;
        await db.tenant(tenantId, async (trx) => {
          audit.record(trx, { kind: "logged_out", actor, request, details: { session_id: sessionId } });
          await lockAuthority(trx, userId);
          await revokeSessions(trx, { hotel_id: tenantId, session_id: sessionId });
        });
        sessions.forget(tenantId, userId);
        return {};
      },
    }),
    route({
      id: "whoAmI",
      method: "GET",
      path: "/auth/me",
      summary: "Who am I, in which hotel, in which role",
      access: staff,
      transaction: "tenant",
      status: 200,
      result: z.strictObject({
        user_id: idSchema,
        username: z.string(),
        role: roleSchema,
        must_change_password: z.boolean().meta({
          description: "Every call but this one, POST /users/me/password and POST /auth/revoke is refused until then.",
        }),
        hotel: hotelSchema,
      }),
      handler: async ({ actor, trx }) => {
        const hotel = await Hotel.query(trx).findById(actor.tenantId).throwIfNotFound();
        const body = {
          user_id: actor.userId,
          username: actor.name,
          role: roleSchema.parse(actor.role),
          must_change_password: actor.restriction !== undefined,
          hotel: hotelView(hotel),
        };
        return { body };
      },
    }),
  ];
}

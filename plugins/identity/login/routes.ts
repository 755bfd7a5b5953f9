import * as z from "zod";

import { route } from "../../../core/mod.ts";
import type { Authentication } from "./authentication.ts";
import type { IdentityContext } from "../context.ts";
import { deviceDays } from "../sessions/device_tokens.ts";
import { identityProblems } from "../errors.ts";
import { roles } from "../port.ts";
import { logOut } from "../sessions/log_out.ts";
import { clientOf } from "./client.ts";
import { meSchema, readMe } from "./me.ts";

const grantSchema = z
  .strictObject({
    grant_type: z.enum(["password", "refresh_token"]).default("password"),
    // PostgreSQL can't store a NUL, so no user has such a name.
    username: z
      .string()
      .max(256)
      .regex(/^[^\0]*$/, "must not contain a NUL")
      .optional(),
    password: z.string().max(256).optional(),
    refresh_token: z.string().max(256).optional(),
    device_token: z.string().max(256).optional().meta({
      description: "`device_token` of the user's last login on this device. An invalid one has no effect.",
    }),
    // OAuth 2 clients send these. Keyrack has one scope and no registry of clients.
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

export function authRoutes({ audit, db }: IdentityContext, authentication: Authentication) {
  const { authenticateByPassword, logins, sessions } = authentication;
  return [
    route({
      id: "createToken",
      method: "POST",
      path: "/auth/token",
      summary: "Log in, or renew a login (OAuth 2 password and refresh grants)",
      description:
        "Wrong passwords are counted per account and per address. Too many of them answer 429. A login with the " +
        "`device_token` of the user's last login on this device has its own budget. Strangers behind the same " +
        "address can't use it up.",
      access: "public",
      transaction: "none",
      body: grantSchema,
      form: true,
      // Far larger than a login, and small enough to parse the requests of attackers quickly.
      bodyLimit: 4 * 1024,
      status: 200,
      result: z
        .strictObject({
          access_token: z.string(),
          token_type: z.literal("bearer"),
          expires_in: z.number().int().meta({ description: "Seconds." }),
          refresh_token: z.string().meta({
            description:
              "Use it once. For 10 s, a second use by the same client (address and user agent) gets the same next " +
              "token. Any other second use ends the session. A session lasts at most 30 days.",
          }),
          device_token: z
            .string()
            .optional()
            .meta({
              description:
                "Only after a login by password. Keep it for this user on this device, also after the logout, and " +
                `send it with the next login. It expires after ${deviceDays} days and with the password.`,
            }),
        })
        .meta({ id: "Token" }),
      problems: ["INVALID_CREDENTIALS", "RATE_LIMITED"],
      handler: async ({ body, request }) => {
        const client = clientOf(request);
        if (body.grant_type === "refresh_token") {
          const token = body.refresh_token ?? "";
          await logins.throttle.countRefresh(await sessions.sessionOf(token), client.address);
          return { body: await sessions.refresh(token, client, request) };
        }
        const login = await authenticateByPassword(request, body.device_token === undefined ? [] : [body.device_token]);
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
      access: roles,
      // Opens its own transaction, because the process must forget the session after the commit.
      transaction: "none",
      changes: ["sessions"],
      status: 204,
      handler: async ({ actor, request }) => {
        await logOut({ audit, db }, sessions, actor, request);
        return {};
      },
    }),
    route({
      id: "whoAmI",
      method: "GET",
      path: "/auth/me",
      summary: "Read the caller's user, role and hotel",
      access: roles,
      transaction: "tenant",
      status: 200,
      result: meSchema,
      handler: async ({ actor, trx }) => ({ body: await readMe(trx, actor.tenantId, actor.userId) }),
    }),
  ];
}

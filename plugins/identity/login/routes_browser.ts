import * as z from "zod";

import { isSameOrigin, route } from "../../../core/mod.ts";
import type { IdentityContext } from "../context.ts";
import { identityProblems } from "../errors.ts";
import { clientOf } from "./client.ts";
import { meSchema, readMe } from "./me.ts";
import { roles } from "../port.ts";
import type { Authentication } from "./authentication.ts";
import { logOut } from "../sessions/log_out.ts";
import { crossOriginProblem } from "../browser/authenticate_cookie.ts";
import {
  clearedSessionCookie,
  deviceCookie,
  readDeviceCookie,
  readSessionCookie,
  sessionCookie,
  sessionPath,
} from "../browser/cookies.ts";

const credentialsSchema = z.strictObject({
  // PostgreSQL can't store a NUL, so no user has such a name.
  username: z
    .string()
    .max(256)
    .regex(/^[^\0]*$/, "must not contain a NUL"),
  password: z.string().max(256),
});

export function browserRoutes(ctx: IdentityContext, authentication: Authentication) {
  const { audit, db } = ctx;
  const { authenticateByPassword, browsers, sessions } = authentication;
  return [
    route({
      id: "openBrowserSession",
      method: "POST",
      path: sessionPath,
      summary: "Log in from a page of this server, which gets a cookie",
      description:
        "The cookie (`HttpOnly`, `SameSite=Strict`) ends with the browser, after 12 h without a request, or after " +
        "30 days. A login replaces the browser's session before. It is limited like `POST /auth/token`. The device " +
        "token is in a cookie too. Programs log in at `POST /auth/token`.",
      access: "public",
      transaction: "none",
      body: credentialsSchema,
      bodyLimit: 4 * 1024,
      status: 200,
      result: meSchema,
      problems: ["INVALID_CREDENTIALS", "CROSS_ORIGIN", "RATE_LIMITED"],
      handler: async ({ request }) => {
        const { context } = request;
        if (!isSameOrigin(context)) throw crossOriginProblem();
        const login = await authenticateByPassword(request, readDeviceCookie(context));
        const cookie = login === undefined ? undefined : await browsers.open(login.user, clientOf(request), request);
        if (login === undefined || cookie === undefined)
          throw identityProblems.INVALID_CREDENTIALS("The username or the password is wrong.");
        const replaced = await browsers.find(readSessionCookie(context));
        if (replaced !== undefined) await browsers.endReplaced(replaced, request);
        const { hotel_id: hotelId, user_id: userId } = login.user;
        return {
          body: await db.tenant(hotelId, (trx) => readMe(trx, hotelId, userId), { readOnly: true }),
          cookies: [sessionCookie(context, cookie), deviceCookie(context, login.deviceToken, login.usedDeviceToken)],
        };
      },
    }),
    route({
      id: "endBrowserSession",
      method: "DELETE",
      path: sessionPath,
      summary: "Log out in a browser: end this session and clear its cookie",
      access: roles,
      // Opens its own transaction, because the process must forget the session after the commit.
      transaction: "none",
      changes: ["sessions"],
      status: 204,
      handler: async ({ actor, request }) => {
        await logOut({ audit, db }, sessions, actor, request);
        return { cookies: [clearedSessionCookie(request.context)] };
      },
    }),
  ];
}

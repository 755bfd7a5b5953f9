import * as z from "zod";

import { route } from "../../../core/mod.ts";
import type { IdentityContext } from "../context.ts";
import { meSchema, readMe } from "../login/me.ts";
import { createPasswordLimit } from "../passwords/limit.ts";
import { roles } from "../port.ts";
import type { Authentication } from "../login/authentication.ts";
import { sessionPath } from "../browser/cookies.ts";
import { lockSession, unlockSession } from "./lock.ts";
import { newPinSchema, pinSchema, removePin, setPin } from "./pin.ts";

const passwordField = z.string().max(256);
const pinPath = "/users/me/pin";
/** Each opens its own transactions, because hashes come before them and the process forgets the session after them. */
const common = { access: roles, transaction: "none" } as const;

export function lockRoutes(ctx: IdentityContext, { logins, sessions }: Authentication) {
  const { audit, counters, db } = ctx;
  const limit = createPasswordLimit(counters);
  const services = { audit, counters, db, limit, sessions, throttle: logins.throttle };
  return [
    route({
      ...common,
      id: "lockSession",
      method: "POST",
      path: `${sessionPath}/lock`,
      changes: ["sessions"],
      summary: "Lock this session while you are away from the desk",
      description:
        "Until the session is unlocked, every call with it answers 423 `SESSION_LOCKED`, with `username` and " +
        "`has_pin`. Only the unlocking and the logout are allowed. A page locks itself after " +
        "`desk_locks_after_minutes` of the hotel.",
      status: 204,
      handler: async ({ actor, request }) => {
        await lockSession(services, actor, request);
        return {};
      },
    }),
    route({
      ...common,
      id: "unlockSession",
      method: "POST",
      path: `${sessionPath}/unlock`,
      changes: [],
      summary: "Unlock this session by your PIN or your password",
      description:
        "Five wrong PINs in 15 minutes leave only the password: 403 `PASSWORD_REQUIRED`. So does a missing PIN. " +
        "A wrong PIN answers 401 with `attempts_left`.",
      body: z.union([z.strictObject({ pin: pinSchema }), z.strictObject({ password: passwordField })]),
      bodyLimit: 4 * 1024,
      status: 200,
      result: meSchema,
      problems: ["INVALID_CREDENTIALS", "PASSWORD_REQUIRED"],
      handler: async ({ actor, body, request }) => {
        await unlockSession(services, actor, request, body);
        const { tenantId, userId } = actor;
        return { body: await db.tenant(tenantId, (trx) => readMe(trx, tenantId, userId), { readOnly: true }) };
      },
    }),
    route({
      ...common,
      id: "setPin",
      method: "PUT",
      path: pinPath,
      changes: [],
      summary: "Set the PIN that unlocks your sessions",
      body: z.strictObject({ password: passwordField, pin: newPinSchema }),
      bodyLimit: 4 * 1024,
      status: 204,
      problems: ["INVALID_CREDENTIALS"],
      handler: async ({ actor, body, request }) => {
        await setPin(services, actor, request, body);
        return {};
      },
    }),
    route({
      ...common,
      id: "removePin",
      method: "DELETE",
      path: pinPath,
      changes: [],
      summary: "Remove your PIN, so that only your password unlocks",
      status: 204,
      handler: async ({ actor, request }) => {
        await removePin(services, actor, request);
        return {};
      },
    }),
  ];
}

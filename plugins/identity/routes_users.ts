import * as z from "zod";

import {
  type Actor,
  decodeCursor,
  idSchema,
  pageOf,
  pageQuery,
  requireMatch,
  type Route,
  route,
  toPage,
  type Trx,
} from "../../core/mod.ts";
import type { Authentication } from "./authentication.ts";
import type { IdentityContext } from "./context.ts";
import { identityProblems } from "./errors.ts";
import { User } from "./models/user.ts";
import { changeOwnPassword } from "./own_password.ts";
import { hashPassword, passwordSchema } from "./passwords.ts";
import { managers, staff } from "./port.ts";
import { noSuchUser, revokeSessions } from "./sessions.ts";
import { insertUser, lockStaff } from "./staff.ts";
import { roleSchema, usernameSchema, userSchema, userView } from "./views.ts";

const params = z.strictObject({ user_id: idSchema });

export function userRoutes({ db }: IdentityContext, { logins }: Authentication): Route[] {
  return [
    route({
      id: "createUser",
      method: "POST",
      path: "/users/",
      summary: "Add a member of staff",
      access: managers,
      unit: "tenant",
      body: z.strictObject({ username: usernameSchema, password: passwordSchema, role: roleSchema }),
      status: 201,
      result: userSchema,
      problems: ["USERNAME_TAKEN", "PASSWORD_TOO_WEAK"],
      prepare: ({ body: { username, password } }) => hashPassword(password, username),
      handler: async ({ actor, body: { username, role }, prepared: passwordHash, trx }) => {
        const user = await insertUser(trx, { hotel_id: actor.tenantId, username, role, password_hash: passwordHash });
        return { body: userView(user), etag: user.version, headers: { Location: `/users/${user.user_id}` } };
      },
    }),
    route({
      id: "listUsers",
      method: "GET",
      path: "/users/",
      summary: "The hotel's staff, in the order in which they came",
      access: managers,
      unit: "tenant",
      query: z.strictObject(pageQuery),
      status: 200,
      result: pageOf(userSchema),
      handler: async ({ actor, query: { limit, cursor }, trx }) => {
        const after = decodeCursor(cursor, z.tuple([idSchema]));
        const users = await User.query(trx)
          .where({ hotel_id: actor.tenantId })
          .whereRaw("(?::uuid IS NULL OR user_id > ?)", [after?.[0] ?? null, after?.[0] ?? null])
          .orderBy("user_id")
          .limit(limit + 1);
        return { body: toPage(users, limit, userView, (user) => [user.user_id]) };
      },
    }),
    route({
      id: "readUser",
      method: "GET",
      path: "/users/{user_id}",
      summary: "One member of staff",
      access: managers,
      unit: "tenant",
      params,
      status: 200,
      result: userSchema,
      handler: async ({ actor, params: { user_id: userId }, trx }) => {
        const user = await User.query(trx).findById([actor.tenantId, userId]);
        if (user === undefined) throw noSuchUser();
        return { body: userView(user), etag: user.version };
      },
    }),
    route({
      id: "changeUser",
      method: "PATCH",
      path: "/users/{user_id}",
      summary: "Change a role, deactivate or reactivate, or set a new password",
      access: managers,
      unit: "tenant",
      params,
      body: z.strictObject({ role: roleSchema, active: z.boolean(), password: passwordSchema }).partial(),
      status: 200,
      result: userSchema,
      problems: ["LAST_MANAGER", "PASSWORD_TOO_WEAK", "PRECONDITION_FAILED"],
      // The rules want the username. Of a user who is not here there is nothing to hash, as there is nothing to change.
      prepare: async ({ actor, params: { user_id: userId }, body: { password } }) => {
        if (password === undefined) return undefined;
        const user = await db.tenant(actor.tenantId, (trx) => User.query(trx).findById([actor.tenantId, userId]));
        if (user === undefined) throw noSuchUser();
        return hashPassword(password, user.username);
      },
      handler: async ({ actor, params: { user_id: userId }, body, prepared: passwordHash, trx, request }) => {
        const { role, active } = body;
        const changed = await changeUser(trx, actor, userId, request.ifMatch, { role, active, passwordHash });
        return { body: userView(changed), etag: changed.version };
      },
    }),
    route({
      id: "deactivateUser",
      method: "DELETE",
      path: "/users/{user_id}",
      summary: "Deactivate a member of staff, who is logged out everywhere",
      access: managers,
      unit: "tenant",
      params,
      status: 204,
      problems: ["LAST_MANAGER", "PRECONDITION_FAILED"],
      handler: async ({ actor, params: { user_id: userId }, trx, request }) => {
        await changeUser(trx, actor, userId, request.ifMatch, { active: false });
        return {};
      },
    }),
    route({
      id: "changeOwnPassword",
      method: "POST",
      path: "/users/me/password",
      summary: "Change your own password, which ends your other sessions",
      access: staff,
      // Two hashes: no connection is held for them.
      unit: "none",
      idempotent: false,
      body: z.strictObject({ old_password: z.string().max(256), new_password: passwordSchema }),
      status: 204,
      problems: ["INVALID_CREDENTIALS", "PASSWORD_TOO_WEAK", "RATE_LIMITED"],
      handler: async ({ actor, body, request }) => {
        await changeOwnPassword(db, logins, { ...body, actor, address: request.address });
        return {};
      },
    }),
  ];
}

type UserChange = {
  readonly role?: User["role"] | undefined;
  readonly active?: boolean | undefined;
  readonly passwordHash?: string | undefined;
};

/** @throws Problem NOT_FOUND, PRECONDITION_FAILED; LAST_MANAGER where none would be left */
async function changeUser(
  trx: Trx,
  actor: Actor,
  userId: string,
  ifMatch: string | undefined,
  change: UserChange,
): Promise<User> {
  const { user, isLast } = await lockStaff(trx, actor.tenantId, userId);
  requireMatch(ifMatch, user.version);
  const { role = user.role, active = user.active, passwordHash } = change;
  if (isLast && !(role === "manager" && active)) {
    throw identityProblems.LAST_MANAGER(`${user.username} is the hotel's only active manager. Make another one first.`);
  }
  if (!active || passwordHash !== undefined) {
    await revokeSessions(trx, { hotel_id: user.hotel_id, user_id: user.user_id });
  }
  return user.$query(trx).patchAndFetch({
    role,
    active,
    ...(passwordHash === undefined ? {} : { password_hash: passwordHash }),
    version: user.version + 1,
  });
}

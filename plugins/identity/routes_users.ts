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
import { identityProblems } from "./errors.ts";
import { User } from "./models/user.ts";
import { checkPassword, hashPassword, passwordSchema } from "./passwords.ts";
import { managers, staff } from "./port.ts";
import { noSuchUser, revokeSessions } from "./sessions.ts";
import { insertUser, keepAManager } from "./staff.ts";
import { roleSchema, usernameSchema, userSchema, userView } from "./views.ts";

const params = z.strictObject({ user_id: idSchema });

export function userRoutes(): Route[] {
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
      handler: async ({ actor, body, trx }) => {
        const user = await insertUser(trx, { hotel_id: actor.tenantId, ...body });
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
      handler: async ({ actor, params: { user_id: userId }, body, trx, request }) => {
        const user = await findForChange(trx, actor, userId, request.ifMatch);
        const changed = await changeUser(trx, user, body);
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
        await changeUser(trx, await findForChange(trx, actor, userId, request.ifMatch), { active: false });
        return {};
      },
    }),
    route({
      id: "changeOwnPassword",
      method: "POST",
      path: "/users/me/password",
      summary: "Change your own password, which ends your other sessions",
      access: staff,
      unit: "tenant",
      idempotent: false,
      body: z.strictObject({ old_password: z.string().max(256), new_password: passwordSchema }),
      status: 204,
      problems: ["INVALID_CREDENTIALS", "PASSWORD_TOO_WEAK"],
      handler: async ({ actor, body, trx }) => {
        const user = await User.query(trx).findById([actor.tenantId, actor.userId]).throwIfNotFound();
        if (!(await checkPassword(body.old_password, user.password_hash))) {
          throw identityProblems.INVALID_CREDENTIALS("The old password is wrong.");
        }
        await user
          .$query(trx)
          .patch({ password_hash: await hashPassword(body.new_password, user.username), version: user.version + 1 });
        await revokeSessions(trx, { hotel_id: actor.tenantId, user_id: actor.userId }, actor.sessionId);
        return {};
      },
    }),
  ];
}

async function findForChange(trx: Trx, actor: Actor, userId: string, ifMatch: string | undefined): Promise<User> {
  const user = await User.query(trx).findById([actor.tenantId, userId]).forUpdate();
  if (user === undefined) throw noSuchUser();
  requireMatch(ifMatch, user.version);
  return user;
}

type UserChange = {
  readonly role?: User["role"] | undefined;
  readonly active?: boolean | undefined;
  readonly password?: string | undefined;
};

async function changeUser(
  trx: Trx,
  user: User,
  { role = user.role, active = user.active, password }: UserChange,
): Promise<User> {
  const wasManager = user.role === "manager" && user.active;
  if (wasManager && !(role === "manager" && active)) await keepAManager(trx, user);
  if (!active || password !== undefined) await revokeSessions(trx, { hotel_id: user.hotel_id, user_id: user.user_id });
  return user.$query(trx).patchAndFetch({
    role,
    active,
    ...(password === undefined ? {} : { password_hash: await hashPassword(password, user.username) }),
    version: user.version + 1,
  });
}

import * as z from "zod";

import { decodeCursor, idSchema, networkOf, pageOf, pageQuery, route, toPage } from "../../../core/mod.ts";
import type { Authentication } from "../login/authentication.ts";
import { changeUser } from "./change_user.ts";
import type { IdentityContext } from "../context.ts";
import { noSuchUser } from "../errors.ts";
import { hashSlowly, turnOfHotel } from "../passwords/hashing.ts";
import { User } from "../models/user.ts";
import { changeOwnPassword } from "./own_password.ts";
import { createPasswordLimit } from "../passwords/limit.ts";
import { passwordSchema, requireStrength } from "../passwords/passwords.ts";
import { isOnTrial, managers, readHotel, requireQuota, roles } from "../port.ts";
import { insertUser, readHotelName } from "./staff.ts";
import { createTakenNames } from "../names/taken_names.ts";
import { usernameSchema } from "../names/usernames.ts";
import { roleSchema, userSchema, userView } from "../views.ts";

const mustChange = "The user must change the password before anything else.";

const params = z.strictObject({ user_id: idSchema });

export function userRoutes(ctx: IdentityContext, { logins, sessions }: Authentication) {
  const services = {
    audit: ctx.audit,
    db: ctx.db,
    throttle: logins.throttle,
    limit: createPasswordLimit(ctx.counters),
    sessions,
  };
  const names = createTakenNames(ctx);
  return [
    route({
      id: "createUser",
      method: "POST",
      path: "/users/",
      summary: "Add a member of staff",
      access: managers,
      transaction: "tenant",
      body: z.strictObject({
        username: usernameSchema,
        password: passwordSchema,
        role: roleSchema,
        must_change_password: z
          .boolean()
          .default(true)
          .meta({
            description: `${mustChange} Send \`false\` for a program, or for a user who has chosen this password.`,
          }),
      }),
      status: 201,
      result: userSchema,
      description:
        "The user must change the password before any other request. Until then, other requests answer 403 " +
        "PASSWORD_CHANGE_REQUIRED.",
      problems: ["USERNAME_TAKEN", "PASSWORD_TOO_WEAK", "RATE_LIMITED", "TRIAL_QUOTA_REACHED"],
      prepare: async ({ actor, body: { username, password }, request }) => {
        const { tenantId } = actor;
        await services.limit.ofHotel(tenantId);
        const { hotel, hotelName } = await ctx.db.tenant(
          tenantId,
          async (trx) => ({ hotel: await readHotel(trx, tenantId), hotelName: await readHotelName(trx, tenantId) }),
          { readOnly: true },
        );
        // First, because a request with a weak password must not reveal a taken name without being counted.
        requireStrength({ password, username, hotelName });
        // Strangers can create trials, so trials share the count of their address. A hotel that pays has its own count
        // only, so that strangers behind its address can't stop it from adding staff.
        const network = isOnTrial(hotel) ? [`trials ${networkOf(request.address)}`] : [];
        if (await names.isTaken(username, [`hotel ${tenantId}`, ...network])) return undefined;
        return hashSlowly(password, turnOfHotel(tenantId));
      },
      handler: async ({ actor, body, prepared: passwordHash, trx, request }) => {
        const { password: _password, ...fields } = body;
        const hotel = await readHotel(trx, actor.tenantId);
        await requireQuota(trx, hotel, { of: "users", most: ctx.env.TRIAL_USERS }, () =>
          User.query(trx).where({ hotel_id: actor.tenantId }).resultSize(),
        );
        const user = await insertUser(trx, { hotel_id: actor.tenantId, ...fields, password_hash: passwordHash });
        const subject = { type: "user", id: user.user_id, name: user.username };
        ctx.audit.record(trx, { kind: "user_created", actor, request, subject, details: { role: user.role } });
        return { body: userView(user), etag: user.version, headers: { Location: `/users/${user.user_id}` } };
      },
    }),
    route({
      id: "listUsers",
      method: "GET",
      path: "/users/",
      summary: "List the hotel's staff in the order of creation",
      access: managers,
      transaction: "tenant",
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
      summary: "Read a member of staff",
      access: managers,
      transaction: "tenant",
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
      description: "POST /users/me/password changes your own password.",
      access: managers,
      // Opens its own transaction: the hash comes before it, and the process forgets the user's sessions after it.
      transaction: "none",
      changes: ["users", "sessions"],
      params,
      body: z
        .strictObject({
          role: roleSchema,
          active: z.boolean(),
          password: passwordSchema,
          must_change_password: z.boolean().meta({
            description: `${mustChange} The default is \`true\` with a \`password\`, and no change without one.`,
          }),
        })
        .partial(),
      status: 200,
      result: userSchema,
      problems: ["LAST_MANAGER", "PASSWORD_TOO_WEAK", "OWN_PASSWORD", "PRECONDITION_FAILED", "RATE_LIMITED"],
      handler: async ({ actor, params: { user_id: userId }, body, request }) => {
        const changed = await changeUser(services, { ...body, actor, userId, request });
        return { body: userView(changed), etag: changed.version };
      },
    }),
    route({
      id: "deactivateUser",
      method: "DELETE",
      path: "/users/{user_id}",
      summary: "Deactivate a member of staff and end all sessions",
      access: managers,
      transaction: "none",
      changes: ["users", "sessions"],
      params,
      status: 204,
      problems: ["LAST_MANAGER", "PRECONDITION_FAILED"],
      handler: async ({ actor, params: { user_id: userId }, request }) => {
        await changeUser(services, { actor, userId, request, active: false });
        return {};
      },
    }),
    route({
      id: "changeOwnPassword",
      method: "POST",
      path: "/users/me/password",
      summary: "Change your own password, which ends your other sessions",
      access: roles,
      // Opens its own transactions, so that no connection waits for the two hashes.
      transaction: "none",
      changes: ["sessions"],
      idempotent: false,
      body: z.strictObject({ old_password: z.string().max(256), new_password: passwordSchema }),
      status: 204,
      problems: ["INVALID_CREDENTIALS", "PASSWORD_TOO_WEAK", "RATE_LIMITED"],
      handler: async ({ actor, body, request }) => {
        await changeOwnPassword(services, { ...body, actor, request });
        return {};
      },
    }),
  ];
}

import * as z from "zod";

import {
  addDays,
  changedFields,
  type Day,
  dayAt,
  daySchema,
  defined,
  networkOf,
  newId,
  problems,
  requireMatch,
  route,
  tooMany,
} from "../../../core/mod.ts";
import type { IdentityContext } from "../context.ts";
import { insertUser } from "../staff/staff.ts";
import { Hotel } from "../models/hotel.ts";
import { hashSlowly, turnOfSignUp } from "../passwords/hashing.ts";
import { passwordSchema, requireStrength } from "../passwords/passwords.ts";
import { managers, staff } from "../port.ts";
import { createTakenNames } from "../names/taken_names.ts";
import { requireKnownZone } from "./time_zones.ts";
import { usernameSchema } from "../names/usernames.ts";
import { hotelFields, hotelSchema, hotelView, userSchema, userView } from "../views.ts";

const dayMs = 86_400_000;

/** Counts a sign-up of the address's network. @throws Problem RATE_LIMITED */
async function countSignUp({ env, counters }: IdentityContext, address: string): Promise<void> {
  const most = env.SIGN_UPS_PER_HOUR;
  const [standing] = await counters.add([{ kind: "sign-ups", key: networkOf(address), seconds: 3600 }]);
  if ((standing?.points ?? 0) > most) throw tooMany(`At most ${most} sign-ups in an hour.`, standing?.msLeft ?? 0);
}

/** Most days that a hotel can begin in the past. A schedule closes days that are left open, so few are enough. */
const mostDaysBack = 60;

/** @throws Problem VALIDATION_FAILED if the first day is in the future or too long ago */
function firstBusinessDate(wanted: Day | undefined, today: Day): Day {
  if (wanted === undefined) return today;
  if (wanted <= today && wanted >= addDays(today, -mostDaysBack)) return wanted;
  const detail = `must be from ${addDays(today, -mostDaysBack)} to ${today}`;
  throw problems.VALIDATION_FAILED(`/business_date ${detail}`, {
    errors: [{ in: "body", pointer: "/business_date", detail }],
  });
}

export function hotelRoutes(ctx: IdentityContext) {
  const { env } = ctx;
  const names = createTakenNames(ctx);
  return [
    route({
      id: "signUpHotel",
      method: "POST",
      path: "/hotels/",
      summary: "Sign a hotel up: the hotel, its first manager, and a trial",
      access: "public",
      transaction: "crossTenant",
      body: z.strictObject({
        name: hotelFields.name,
        username: usernameSchema,
        password: passwordSchema,
        time_zone: hotelFields.time_zone,
        currency: hotelFields.currency,
        terms_and_conditions: hotelFields.terms_and_conditions.optional(),
        business_date: daySchema.optional().meta({
          description:
            `The first business date, for a hotel that brings bookings of up to ${mostDaysBack} days ago. ` +
            "Default: the calendar's day at the hotel.",
        }),
      }),
      // Allows the longest terms in any script as UTF-8, and no more, because strangers can send it.
      bodyLimit: 64 * 1024,
      status: 201,
      result: z.strictObject({ hotel: hotelSchema, user: userSchema }),
      problems: ["USERNAME_TAKEN", "PASSWORD_TOO_WEAK", "RATE_LIMITED"],
      // An invalid request and a weak password do not count as a sign-up.
      prepare: async ({ body: { name, username, password }, request: { address } }) => {
        requireStrength({ password, username, hotelName: name });
        if (await names.isTaken(username, [networkOf(address)])) return undefined;
        await countSignUp(ctx, address);
        return hashSlowly(password, turnOfSignUp(address));
      },
      handler: async ({
        body: { username, password: _password, business_date: firstDay, ...settings },
        prepared: passwordHash,
        trx,
        request,
      }) => {
        await requireKnownZone(trx, settings.time_zone);
        const trialEndsAt = new Date(Date.now() + env.TRIAL_DAYS * dayMs);
        const hotel = await Hotel.query(trx).insertAndFetch({
          hotel_id: newId(),
          ...defined(settings),
          business_date: firstBusinessDate(firstDay, dayAt(new Date(), settings.time_zone)),
          trial_ends_at: trialEndsAt,
          valid_to: trialEndsAt,
        });
        const user = await insertUser(trx, {
          hotel_id: hotel.hotel_id,
          username,
          password_hash: passwordHash,
          role: "manager",
        });
        const actor = { tenantId: hotel.hotel_id, userId: user.user_id, name: user.username };
        ctx.audit.record(trx, { kind: "hotel_signed_up", actor, request });
        return { body: { hotel: hotelView(hotel), user: userView(user) }, headers: { Location: "/hotels/me" } };
      },
    }),
    route({
      id: "readHotel",
      method: "GET",
      path: "/hotels/me",
      summary: "Read the hotel that you work for",
      access: staff,
      transaction: "tenant",
      status: 200,
      result: hotelSchema,
      handler: async ({ actor, trx }) => {
        const hotel = await Hotel.query(trx).findById(actor.tenantId).throwIfNotFound();
        return { body: hotelView(hotel), etag: hotel.version };
      },
    }),
    route({
      id: "changeHotel",
      method: "PATCH",
      path: "/hotels/me",
      summary: "Change the hotel's name, terms, zone or times",
      description: "PUT /hotels/me/currency changes the currency.",
      access: managers,
      transaction: "tenant",
      body: z.strictObject(hotelFields).omit({ currency: true }).partial(),
      status: 200,
      result: hotelSchema,
      problems: ["PRECONDITION_FAILED"],
      handler: async ({ actor, body, trx, request }) => {
        const hotel = await Hotel.query(trx).findById(actor.tenantId).forUpdate().throwIfNotFound();
        requireMatch(request.ifMatch, hotel.version);
        await requireKnownZone(trx, body.time_zone);
        const before = hotelView(hotel);
        const changed = await hotel.$query(trx).patchAndFetch({ ...defined(body), version: hotel.version + 1 });
        const details = changedFields(before, hotelView(changed));
        ctx.audit.record(trx, { kind: "hotel_changed", actor, request, details });
        return { body: hotelView(changed), etag: changed.version };
      },
    }),
  ];
}

import * as z from "zod";

import { decodeCursor, idSchema, pageOf, pageQuery, type Route, route, textSchema, toPage } from "../../../core/mod.ts";
import { managers, staff } from "../../identity/port.ts";
import { changeContextOf } from "../booking_record/change.ts";
import { guestSchema } from "../bookings/views.ts";
import type { PmsContext } from "../context.ts";
import { anonymise } from "./forget.ts";
import { changeGuest } from "./guests.ts";
import { merge, unmerge } from "./merge.ts";
import { answerProfile, profileSchema, profileView, readProfiles } from "./profiles.ts";
import { findGuests, searchDescription } from "./search.ts";

const params = z.strictObject({ guest_id: idSchema });

export function guestRoutes({ forgetAnswers, audit }: Pick<PmsContext, "forgetAnswers" | "audit">): Route[] {
  return [
    route({
      id: "listGuests",
      method: "GET",
      path: "/guests/",
      summary: "Guests, found by part of their name, e-mail address or phone",
      access: staff,
      transaction: "tenant",
      query: z.strictObject({
        ...pageQuery,
        query: textSchema(100, { lines: true }).optional().meta({ description: searchDescription }),
      }),
      status: 200,
      result: pageOf(profileSchema),
      handler: async ({ actor, query: { limit, cursor, query }, trx }) => {
        const after = decodeCursor(cursor, z.tuple([idSchema]))?.[0];
        const found = query === undefined ? undefined : await findGuests(trx, actor.tenantId, query);
        const rows = await readProfiles(trx, actor.tenantId, { after, found, limit: limit + 1 });
        return { body: toPage(rows, limit, profileView, (row) => [row.guest_id]) };
      },
    }),
    route({
      id: "readGuest",
      method: "GET",
      path: "/guests/{guest_id}",
      summary: "One guest, with how often they stayed",
      access: staff,
      transaction: "tenant",
      params,
      status: 200,
      result: profileSchema,
      handler: ({ actor, params: { guest_id: id }, trx }) => answerProfile(trx, actor.tenantId, id),
    }),
    route({
      id: "changeGuest",
      method: "PATCH",
      path: "/guests/{guest_id}",
      summary: "Correct how a guest is called or reached, in the bookings ahead too",
      access: staff,
      transaction: "tenant",
      params,
      body: guestSchema.partial(),
      status: 200,
      result: profileSchema,
      problems: ["GUEST_ANONYMOUS", "GUEST_MERGED", "PRECONDITION_FAILED"],
      handler: async ({ actor, params: { guest_id: id }, body, trx, request }) => {
        await changeGuest(trx, changeContextOf(actor, request), id, body);
        return answerProfile(trx, actor.tenantId, id);
      },
    }),
    route({
      id: "anonymiseGuest",
      method: "POST",
      path: "/guests/{guest_id}/anonymise",
      summary: "Forget who a guest was; dates, rooms and amounts stay. There is no way back",
      access: managers,
      transaction: "tenant",
      params,
      body: z.strictObject({}),
      status: 200,
      result: profileSchema,
      problems: ["GUEST_EXPECTED", "GUEST_ANONYMOUS", "GUEST_MERGED", "PRECONDITION_FAILED"],
      handler: async ({ actor, params: { guest_id: id }, trx, request }) => {
        await forgetAnswers(trx, await anonymise(trx, changeContextOf(actor, request), id));
        return answerProfile(trx, actor.tenantId, id);
      },
    }),
    route({
      id: "mergeGuest",
      method: "POST",
      path: "/guests/{guest_id}/merge",
      summary: "Merge a duplicate into this guest, who gets its bookings",
      description:
        "The bookings show what they showed, and their histories say who merged. The guest is then found and recognized by what the duplicate was called and reached by. " +
        "The duplicate's bookings come back with POST /guests/{duplicate_id}/unmerge. Forgetting the guest forgets the duplicate too.",
      access: staff,
      transaction: "tenant",
      params,
      body: z.strictObject({
        duplicate_id: idSchema.meta({ description: "The guest who is merged into the one in the path." }),
      }),
      status: 200,
      result: profileSchema,
      problems: ["GUEST_ANONYMOUS", "GUEST_MERGED", "TOO_MANY_BOOKINGS", "PRECONDITION_FAILED"],
      handler: async ({ actor, params: { guest_id: id }, body: { duplicate_id: duplicate }, trx, request }) => {
        await merge(trx, changeContextOf(actor, request), id, duplicate);
        audit.record(trx, {
          kind: "guest_merged",
          actor,
          request,
          subject: { type: "guest", id: duplicate },
          details: { into: id },
        });
        return answerProfile(trx, actor.tenantId, id);
      },
    }),
    route({
      id: "unmergeGuest",
      method: "POST",
      path: "/guests/{guest_id}/unmerge",
      summary: "Take the merge of this guest back",
      description:
        "The guest gets back the bookings that the merge gave away, where the other guest still has them. Bookings made since stay with the other guest.",
      access: staff,
      transaction: "tenant",
      params,
      body: z.strictObject({}),
      status: 200,
      result: profileSchema,
      problems: ["GUEST_ANONYMOUS", "GUEST_NOT_MERGED", "PRECONDITION_FAILED"],
      handler: async ({ actor, params: { guest_id: id }, trx, request }) => {
        const from = await unmerge(trx, changeContextOf(actor, request), id);
        audit.record(trx, {
          kind: "guest_unmerged",
          actor,
          request,
          subject: { type: "guest", id },
          details: { from },
        });
        return answerProfile(trx, actor.tenantId, id);
      },
    }),
  ];
}

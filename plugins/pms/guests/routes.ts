import * as z from "zod";

import { decodeCursor, idSchema, pageOf, pageQuery, pick, route, textSchema, toPage } from "../../../core/mod.ts";
import { managers, staff } from "../../identity/port.ts";
import { changeContextOf } from "../booking_record/change.ts";
import type { PmsContext } from "../context.ts";
import { anonymize } from "./forget.ts";
import { guestSchema } from "./guest_schema.ts";
import { changeGuest } from "./guests.ts";
import { merge, unmerge } from "./merge.ts";
import { answerProfile, profileSchema, profileView, readProfiles } from "./profiles.ts";
import { findGuests, searchDescription } from "./search.ts";

const params = z.strictObject({ guest_id: idSchema });

export function guestRoutes({ forgetAnswers, audit }: Pick<PmsContext, "forgetAnswers" | "audit">) {
  return [
    route({
      id: "listGuests",
      method: "GET",
      path: "/guests/",
      summary: "List guests, or search them by part of the name, e-mail address or phone number",
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
      summary: "Read one guest with the number of stays",
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
      summary: "Correct a guest's contact, also in confirmed and in-house bookings",
      access: staff,
      transaction: "tenant",
      changes: ["guests", "bookings"],
      params,
      body: guestSchema.partial(),
      status: 200,
      result: profileSchema,
      undo: ["changeGuest"],
      problems: ["GUEST_ANONYMOUS", "GUEST_MERGED", "PRECONDITION_FAILED"],
      handler: async ({ actor, params: { guest_id: id }, body, trx, request }) => {
        const before = await changeGuest(trx, changeContextOf(actor, request), id, body);
        const undo = { operation: "changeGuest", params: { guest_id: id }, body: pick(before, Object.keys(body)) };
        return { ...(await answerProfile(trx, actor.tenantId, id)), undo };
      },
    }),
    route({
      id: "anonymizeGuest",
      method: "POST",
      path: "/guests/{guest_id}/anonymize",
      summary: "Anonymize a guest. Dates, rooms and amounts stay. This can't be undone",
      access: managers,
      transaction: "tenant",
      changes: ["guests", "bookings"],
      params,
      body: z.strictObject({}),
      status: 200,
      result: profileSchema,
      undo: { none: "The guest's data is deleted." },
      problems: ["GUEST_EXPECTED", "GUEST_ANONYMOUS", "GUEST_MERGED", "PRECONDITION_FAILED"],
      handler: async ({ actor, params: { guest_id: id }, trx, request }) => {
        await forgetAnswers(trx, await anonymize(trx, changeContextOf(actor, request), id));
        return answerProfile(trx, actor.tenantId, id);
      },
    }),
    route({
      id: "mergeGuest",
      method: "POST",
      path: "/guests/{guest_id}/merge",
      summary: "Merge a duplicate into this guest",
      description:
        "The guest gets the bookings of the duplicate. They keep their contact, and their histories record " +
        "the merge. Searches and new bookings find the guest also by the contact of the duplicate. " +
        "POST /guests/{duplicate_id}/unmerge gives the bookings back. " +
        "Anonymizing the guest anonymizes the duplicate too.",
      access: staff,
      transaction: "tenant",
      changes: ["guests", "bookings"],
      params,
      body: z.strictObject({
        duplicate_id: idSchema.meta({ description: "The guest that is merged into the guest in the path." }),
      }),
      status: 200,
      result: profileSchema,
      undo: ["unmergeGuest"],
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
        const undo = { operation: "unmergeGuest", params: { guest_id: duplicate }, body: {} };
        return { ...(await answerProfile(trx, actor.tenantId, id)), undo };
      },
    }),
    route({
      id: "unmergeGuest",
      method: "POST",
      path: "/guests/{guest_id}/unmerge",
      summary: "Undo the merge of this guest",
      description:
        "The guest gets back the bookings that the merge moved, unless a third guest has them now. " +
        "Bookings made since the merge stay with the other guest.",
      access: staff,
      transaction: "tenant",
      changes: ["guests", "bookings"],
      params,
      body: z.strictObject({}),
      status: 200,
      result: profileSchema,
      undo: ["mergeGuest"],
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
        const undo = { operation: "mergeGuest", params: { guest_id: from }, body: { duplicate_id: id } };
        return { ...(await answerProfile(trx, actor.tenantId, id)), undo };
      },
    }),
  ];
}

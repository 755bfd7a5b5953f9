import * as z from "zod";

import {
  decodeCursor,
  idSchema,
  instantOutSchema,
  pageOf,
  pageQuery,
  type Route,
  route,
  textSchema,
  toPage,
  type Trx,
} from "../../../core/mod.ts";
import { managers, staff } from "../../identity/port.ts";
import { changeOf } from "../bookings/changing.ts";
import { guestSchema } from "../bookings/views.ts";
import type { PmsContext } from "../context.ts";
import { noSuchGuest } from "../errors.ts";
import { anonymise, changeGuest } from "./guests.ts";
import { findGuests, type FoundGuests, manyMatch, searchDescription } from "./search.ts";

const params = z.strictObject({ guest_id: idSchema });

const profileSchema = z
  .strictObject({
    guest_id: idSchema,
    name: z.string(),
    email: z.string().nullable(),
    phone: z.string().nullable(),
    anonymised_at: instantOutSchema.nullable(),
    stays: z.number().int().meta({ description: "Stays so far: in the house or checked out." }),
    bookings: z.number().int(),
  })
  .meta({ id: "GuestProfile" });

export function guestRoutes({ forgetAnswers }: Pick<PmsContext, "forgetAnswers">): Route[] {
  return [
    route({
      id: "listGuests",
      method: "GET",
      path: "/guests/",
      summary: "Guests, found by part of their name, e-mail address or phone",
      access: staff,
      unit: "tenant",
      query: z.strictObject({
        ...pageQuery,
        query: textSchema(100).optional().meta({ description: searchDescription }),
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
      unit: "tenant",
      params,
      status: 200,
      result: profileSchema,
      handler: ({ actor, params: { guest_id: id }, trx }) => answer(trx, actor.tenantId, id),
    }),
    route({
      id: "changeGuest",
      method: "PATCH",
      path: "/guests/{guest_id}",
      summary: "Correct how a guest is called or reached, in the bookings ahead too",
      access: staff,
      unit: "tenant",
      params,
      body: guestSchema.partial(),
      status: 200,
      result: profileSchema,
      problems: ["GUEST_ANONYMOUS", "PRECONDITION_FAILED"],
      handler: async ({ actor, params: { guest_id: id }, body, trx, request }) => {
        await changeGuest(trx, changeOf(actor, request), id, body);
        return answer(trx, actor.tenantId, id);
      },
    }),
    route({
      id: "anonymiseGuest",
      method: "POST",
      path: "/guests/{guest_id}/anonymise",
      summary: "Forget who a guest was; dates, rooms and amounts stay. There is no way back",
      access: managers,
      unit: "tenant",
      params,
      body: z.strictObject({}),
      status: 200,
      result: profileSchema,
      problems: ["GUEST_EXPECTED", "PRECONDITION_FAILED"],
      handler: async ({ actor, params: { guest_id: id }, trx, request }) => {
        await forgetAnswers(trx, await anonymise(trx, changeOf(actor, request), id));
        return answer(trx, actor.tenantId, id);
      },
    }),
  ];
}

interface ProfileRow {
  readonly guest_id: string;
  readonly name: string;
  readonly email: string | null;
  readonly phone: string | null;
  readonly anonymised_at: Date | null;
  readonly version: number;
  readonly stays: string;
  readonly bookings: string;
}

/** Profiles in the order in which the guests were first seen. */
async function readProfiles(
  trx: Trx,
  hotelId: string,
  page: { after?: string | undefined; found?: FoundGuests | undefined; guestId?: string; limit: number },
): Promise<ProfileRow[]> {
  const list = trx("pms.guests as g")
    .where("g.hotel_id", hotelId)
    .orderBy("g.guest_id")
    .limit(page.limit)
    .joinRaw(
      `CROSS JOIN LATERAL (SELECT count(*) AS bookings, count(*) FILTER (WHERE b.status IN ('in_house', 'checked_out')) AS stays
         FROM pms.bookings b WHERE b.hotel_id = g.hotel_id AND b.guest_id = g.guest_id) AS known`,
    );
  if (page.after !== undefined) void list.where("g.guest_id", ">", page.after);
  const { found, guestId } = page;
  if (guestId !== undefined) void list.where("g.guest_id", guestId);
  if (found?.ids !== undefined) void list.whereRaw("g.guest_id = ANY(?::uuid[])", [[...found.ids]]);
  // Where half of the hotel is called so, the page is full soon.
  else if (found !== undefined) void list.whereRaw(manyMatch("g.search_text"), [[...found.patterns]]);
  return (await list.select(
    "g.guest_id",
    "g.name",
    "g.email",
    "g.phone",
    "g.anonymised_at",
    "g.version",
    "known.stays",
    "known.bookings",
  )) as ProfileRow[];
}

async function answer(trx: Trx, hotelId: string, guestId: string) {
  const [row] = await readProfiles(trx, hotelId, { guestId, limit: 1 });
  if (row === undefined) throw noSuchGuest();
  return { body: profileView(row), etag: row.version };
}

function profileView({ version: _version, stays, bookings, anonymised_at: at, ...contact }: ProfileRow) {
  return {
    ...contact,
    anonymised_at: at?.toISOString() ?? null,
    stays: Number(stays),
    bookings: Number(bookings),
  };
}

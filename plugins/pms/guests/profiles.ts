/** Reads guest profiles, and makes answers of them. */
import * as z from "zod";

import { formatAmount, idSchema, instantOutSchema, sumSchema, type Trx } from "../../../core/mod.ts";
import { noSuchGuest } from "../errors.ts";
import { type FoundGuests, manyMatch } from "./search.ts";

export const profileSchema = z
  .strictObject({
    guest_id: idSchema,
    name: z.string(),
    email: z.string().nullable(),
    phone: z.string().nullable(),
    anonymized_at: instantOutSchema.nullable(),
    merged_into: idSchema.nullable().meta({ description: "The guest that got this guest's bookings in a merge." }),
    merged_guests: z.array(idSchema).meta({ description: "The guests merged into this one. Each can be unmerged." }),
    other_contacts: z
      .array(z.strictObject({ name: z.string(), email: z.string().nullable(), phone: z.string().nullable() }))
      .meta({
        description:
          "Contacts that bookings or merged guests show and the profile does not. Searches find the guest by them too.",
      }),
    stays: z.number().int().meta({ description: "The number of stays so far, in house or checked out." }),
    stays_amount: sumSchema.meta({ description: "The total of these stays, in the hotel's currency." }),
    bookings: z.number().int(),
  })
  .meta({ id: "GuestProfile" });

export interface ProfileRow {
  readonly guest_id: string;
  readonly name: string;
  readonly email: string | null;
  readonly phone: string | null;
  readonly anonymized_at: Date | null;
  readonly merged_into: string | null;
  readonly merged_guests: string[];
  readonly other_contacts: { name: string; email: string | null; phone: string | null }[];
  readonly version: number;
  readonly stays: string;
  readonly stays_amount: string;
  readonly currency: string;
  readonly bookings: string;
}

/** Reads profiles in the order in which the guests were created. */
export async function readProfiles(
  trx: Trx,
  hotelId: string,
  page: { after?: string | undefined; found?: FoundGuests | undefined; guestId?: string; limit: number },
): Promise<ProfileRow[]> {
  const list = trx("pms.guests as g")
    .where("g.hotel_id", hotelId)
    .orderBy("g.guest_id")
    .limit(page.limit)
    .joinRaw(
      `CROSS JOIN LATERAL (
         SELECT count(*) AS bookings, count(*) FILTER (WHERE b.status IN ('in_house', 'checked_out')) AS stays,
           coalesce(sum(b.total_amount) FILTER (WHERE b.status IN ('in_house', 'checked_out')), 0) AS stays_amount
         FROM pms.bookings b WHERE b.hotel_id = g.hotel_id AND b.guest_id = g.guest_id) AS known`,
    );
  if (page.after !== undefined) void list.where("g.guest_id", ">", page.after);
  const { found, guestId } = page;
  if (guestId === undefined) void list.whereNull("g.merged_into");
  if (guestId !== undefined) void list.where("g.guest_id", guestId);
  if (found?.ids !== undefined) void list.whereRaw("g.guest_id = ANY(?::uuid[])", [[...found.ids]]);
  // A text that half of the guests match fills the page after a few rows.
  else if (found !== undefined) {
    const { sql, values } = manyMatch("g.search_text", "g", found);
    void list.whereRaw(sql, values);
  }
  return list.select<ProfileRow[]>(
    "g.guest_id",
    "g.name",
    "g.email",
    "g.phone",
    "g.anonymized_at",
    "g.merged_into",
    "g.version",
    trx.raw(
      `ARRAY(SELECT m.guest_id FROM pms.guests m
        WHERE m.hotel_id = g.hotel_id AND m.merged_into = g.guest_id ORDER BY 1) AS merged_guests`,
    ),
    trx.raw(
      `(SELECT coalesce(json_agg(
          json_build_object('name', c.name, 'email', c.email, 'phone', c.phone) ORDER BY c.search_text), '[]')
        FROM pms.guest_contacts c WHERE c.hotel_id = g.hotel_id AND c.guest_id = g.guest_id) AS other_contacts`,
    ),
    "known.stays",
    "known.stays_amount",
    trx.raw("(SELECT h.currency FROM identity.hotels h WHERE h.hotel_id = g.hotel_id) AS currency"),
    "known.bookings",
  );
}

export async function answerProfile(trx: Trx, hotelId: string, guestId: string) {
  const [row] = await readProfiles(trx, hotelId, { guestId, limit: 1 });
  if (row === undefined) throw noSuchGuest();
  return { body: profileView(row), etag: row.version };
}

export function profileView({ version: _version, anonymized_at: at, ...row }: ProfileRow) {
  const { stays, stays_amount: amount, currency, bookings, ...contact } = row;
  return {
    ...contact,
    anonymized_at: at?.toISOString() ?? null,
    stays: Number(stays),
    stays_amount: formatAmount(amount, currency),
    bookings: Number(bookings),
  };
}

/**
 * Guests, found again. Two bookings are of one guest where the name is the same and the e-mail address or the phone number
 * is: a name alone is shared by many, and an address by a family.
 */
import { defined, newId, prepare, requireMatch, type Trx } from "../../../core/mod.ts";
import { type Change, writeChange } from "../bookings/changing.ts";
import { fieldFault, noSuchGuest, pmsProblems } from "../errors.ts";
import { Booking } from "../models/booking.ts";
import { Guest } from "../models/guest.ts";

/** How a guest is called and reached. */
export interface Contact {
  readonly name: string;
  readonly email: string | null;
  readonly phone: string | null;
}

/** The guest whom a contact is known as. `$1` hotel, `$2` name, `$3` e-mail, `$4` phone. */
export const knownGuestSql = (hotel: string, name: string, email: string, phone: string): string =>
  `SELECT known.guest_id FROM (
     SELECT guest_id, name FROM pms.guests WHERE hotel_id = ${hotel} AND email_key = lower(${email})
     UNION ALL
     SELECT guest_id, name FROM pms.guests
     WHERE hotel_id = ${hotel} AND phone_digits = nullif(regexp_replace(${phone}, '\\D', '', 'g'), '')
   ) AS known WHERE lower(known.name) = lower(${name}) ORDER BY known.guest_id LIMIT 1`;

const findStatement = prepare<{ guest_id: string }>(
  "pms_known_guest",
  knownGuestSql("$1", "$2::text", "$3::text", "$4::text"),
);

/** The guest of a contact: one who is known, or a new one. @returns the id */
export async function linkGuest(trx: Trx, hotelId: string, { name, email, phone }: Contact): Promise<string> {
  const [known] = await findStatement.run(trx, [hotelId, name, email, phone]);
  if (known !== undefined) return known.guest_id;
  const guestId = newId();
  await Guest.query(trx).insert({ hotel_id: hotelId, guest_id: guestId, name, email, phone });
  return guestId;
}

/** @throws Problem NOT_FOUND */
export async function readGuest(trx: Trx, hotelId: string, guestId: string): Promise<Guest> {
  const guest = await Guest.query(trx).findById([hotelId, guestId]);
  if (guest === undefined) throw noSuchGuest();
  return guest;
}

async function lockGuest(trx: Trx, { actor, ifMatch }: Change, guestId: string): Promise<Guest> {
  const guest = await Guest.query(trx).findById([actor.tenantId, guestId]).forUpdate();
  if (guest === undefined) throw noSuchGuest();
  requireMatch(ifMatch, guest.version);
  return guest;
}

/** Corrects how a guest is called or reached, in the bookings that are still ahead or in the house too. */
export async function changeGuest(
  trx: Trx,
  change: Change,
  guestId: string,
  contact: { readonly [K in keyof Contact]?: Contact[K] | undefined },
): Promise<void> {
  const guest = await lockGuest(trx, change, guestId);
  if (guest.anonymised_at !== null) throw fieldFault("body", "", "changes a guest who was made anonymous");
  const { name, email, phone } = contact;
  await guest.$query(trx).patch({ ...defined({ name, email, phone }), version: guest.version + 1 });
  const copies = defined({ guest_name: name, guest_email: email, guest_phone: phone });
  if (Object.keys(copies).length === 0) return;
  const bookings = await Booking.query(trx)
    .where({ hotel_id: change.actor.tenantId, guest_id: guestId })
    .whereIn("status", ["confirmed", "in_house"])
    .orderBy("booking_id")
    .forUpdate();
  for (const booking of bookings) await writeChange(trx, change, "guest", booking, copies);
}

/** What stands for a name that is not kept. */
export const anonymousName = "Anonymous";

/**
 * Forgets who a guest was: in the profile, in every booking and in their histories. Dates, rooms and amounts stay, so the
 * figures do too. There is no way back.
 * @throws Problem NOT_FOUND, GUEST_EXPECTED
 */
export async function anonymise(trx: Trx, change: Change, guestId: string): Promise<void> {
  const guest = await lockGuest(trx, change, guestId);
  const expected = await trx("pms.bookings")
    .where({ hotel_id: guest.hotel_id, guest_id: guestId })
    .whereIn("status", ["confirmed", "in_house"])
    .first("booking_id");
  if (expected !== undefined) {
    throw pmsProblems.GUEST_EXPECTED("The desk needs the name until the guest has left.", { members: expected });
  }
  const nobody = { name: anonymousName, email: null, phone: null };
  await guest.$query(trx).patch({ ...nobody, anonymised_at: new Date(), version: guest.version + 1 });
  const mine = { hotel_id: guest.hotel_id, guest_id: guestId };
  await trx("pms.bookings")
    .where(mine)
    .update({
      guest_name: anonymousName,
      guest_email: null,
      guest_phone: null,
      notes: null,
      version: trx.raw("version + 1"),
    });
  await trx.raw(
    `UPDATE pms.booking_history h SET before = h.before || gone.facts, after = h.after || gone.facts
     FROM (SELECT ?::jsonb AS facts) AS gone
     WHERE h.hotel_id = ? AND h.booking_id IN (SELECT booking_id FROM pms.bookings WHERE hotel_id = ? AND guest_id = ?)`,
    [
      JSON.stringify({ guest_name: anonymousName, guest_email: null, guest_phone: null, notes: null }),
      guest.hotel_id,
      guest.hotel_id,
      guestId,
    ],
  );
}

/** More matches than this are a word that everybody has. */
const mostMatches = 1000;

/**
 * The guests of the caller's hotel in whose name, e-mail address or phone the text occurs; a text of one or two letters
 * counts at the beginning of a word.
 *
 * The index is not asked where it is of no use: for a text without letters and digits it would be read from end to end,
 * for all hotels; and of a word that one in forty of some guests has, it would find most of the hotel.
 * @returns ids; undefined where there are too many, or where only a look at each row tells: see `manyMatch`
 */
export async function findGuests(trx: Trx, hotelId: string, text: string): Promise<string[] | undefined> {
  const pattern = searchPattern(text);
  const { rows } = (await trx.raw(
    `SELECT asked.index, ARRAY(SELECT guest_id FROM pms.find_guests(?, ?) AS guest_id WHERE asked.index) AS ids
     FROM (SELECT show_trgm(?) <> '{}' AND (
       SELECT count(*) < 25 FROM (SELECT search_text FROM pms.guests WHERE hotel_id = ? ORDER BY guest_id LIMIT 1000) AS sampled
       WHERE search_text ~ ?
     ) AS index OFFSET 0) AS asked`,
    [pattern, mostMatches + 1, text.toLowerCase(), hotelId, pattern],
  )) as { rows: [{ index: boolean; ids: string[] }] };
  const [{ index: wasAsked, ids }] = rows;
  return !wasAsked || ids.length > mostMatches ? undefined : ids;
}

/**
 * The regular expression for a text. Trigrams need three letters, or one at the beginning of a word; what stands before
 * a word is spelt out, for from `\m` pg_trgm takes nothing that an index could look for.
 */
export function searchPattern(text: string): string {
  const literal = text.toLowerCase().replaceAll(/[\\^$.|?*+()[\]{}]/g, "\\$&");
  const isShort = Array.from(text).length < 3 && /^[\p{L}\p{N}]/u.test(text);
  return isShort ? `(^|[ .@'(+-])${literal}` : literal;
}

/**
 * The condition that a text matches a pattern, for a word that many have: to be met row by row in the order of the list,
 * until the page is full. Behind row-level security, PostgreSQL knows nothing of the text and guesses that hardly a row
 * matches, so that it would read and sort all of the hotel; of a CASE it takes for granted that half of the rows do.
 */
export const manyMatch = (text: string): string => `CASE WHEN ${text} ~ ? THEN true ELSE false END`;

/**
 * Guests, found again. Two bookings are of one guest where the name is the same and the e-mail address or the phone number
 * is, as PostgreSQL folds them (docs/decisions/0013): a name alone is shared by many, and an address by a family.
 */
import { defined, newId, prepare, requireMatch, type Trx } from "../../../core/mod.ts";
import { type Change, writeChange } from "../bookings/changing.ts";
import { recordChanges } from "../bookings/history.ts";
import { noSuchGuest, pmsProblems } from "../errors.ts";
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
     SELECT guest_id, name_key FROM pms.guests
     WHERE hotel_id = ${hotel} AND email_key = pms.fold_text(${email}) AND anonymised_at IS NULL
     UNION ALL
     SELECT guest_id, name_key FROM pms.guests
     WHERE hotel_id = ${hotel} AND phone_key = ANY (pms.phone_keys(${phone})) AND pms.same_phone(phone, ${phone})
       AND anonymised_at IS NULL
   ) AS known WHERE known.name_key = pms.fold_text(${name}) ORDER BY known.guest_id LIMIT 1`;

const findStatement = prepare<{ guest_id: string }>(
  "pms_known_guest",
  knownGuestSql("$1", "$2::text", "$3::text", "$4::text"),
);

const holdStatement = prepare(
  "pms_hold_name",
  "SELECT pg_advisory_xact_lock(hashtextextended('pms guest ' || $1::text || ' ' || pms.fold_text($2::text), 0))",
);

/**
 * Keeps others from linking or forgetting a guest of this name until the end of the transaction: no row can be locked for
 * one who is not there yet. What looks for the guest after it sees whom another has just made. A name alone is nobody who
 * could be found again, so nothing is held for it. Before any room is locked, for a booking holds the name first, too.
 */
export async function holdName(trx: Trx, hotelId: string, { name, email, phone }: Contact): Promise<void> {
  if (email !== null || phone !== null) await holdStatement.run(trx, [hotelId, name]);
}

/** The guest of a contact: one who is known, or a new one. @returns the id */
export async function linkGuest(trx: Trx, hotelId: string, contact: Contact): Promise<string> {
  const { name, email, phone } = contact;
  const [, [known]] = await Promise.all([
    holdName(trx, hotelId, contact),
    findStatement.run(trx, [hotelId, name, email, phone]),
  ]);
  if (known !== undefined) return known.guest_id;
  const guestId = newId();
  await Guest.query(trx).insert({ hotel_id: hotelId, guest_id: guestId, name, email, phone });
  return guestId;
}

/**
 * A guest who is not forgotten, and can't be until the end of the transaction.
 * @throws Problem NOT_FOUND, GUEST_ANONYMOUS
 */
export async function holdGuest(trx: Trx, hotelId: string, guestId: string): Promise<Guest> {
  const guest = await Guest.query(trx).findById([hotelId, guestId]).forKeyShare();
  if (guest === undefined) throw noSuchGuest();
  return requireKnown(guest);
}

function requireKnown(guest: Guest): Guest {
  if (guest.anonymised_at === null) return guest;
  throw pmsProblems.GUEST_ANONYMOUS("Who the guest was is forgotten. Book for a guest with a name.");
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
  await writeContact(trx, change, requireKnown(await lockGuest(trx, change, guestId)), contact);
}

/** Writes into a guest, and into the bookings ahead, what of a contact is told. @param except a booking to leave alone */
export async function writeContact(
  trx: Trx,
  change: Change,
  guest: Guest,
  { name, email, phone }: { readonly [K in keyof Contact]?: Contact[K] | undefined },
  except?: string,
): Promise<void> {
  await guest.$query(trx).patch({ ...defined({ name, email, phone }), version: Guest.raw("version + 1") });
  const copies = defined({ guest_name: name, guest_email: email, guest_phone: phone });
  if (Object.keys(copies).length === 0) return;
  const bookings = await Booking.query(trx)
    .where({ hotel_id: guest.hotel_id, guest_id: guest.guest_id })
    .whereIn("status", ["confirmed", "in_house"])
    .orderBy("booking_id")
    .forUpdate();
  for (const booking of bookings) {
    if (booking.booking_id !== except) await writeChange(trx, change, "guest", booking, copies);
  }
}

/** What stands for a name that is not kept. */
export const anonymousName = "Anonymous";

/**
 * Forgets who a guest was: in the profile, in every booking and in their histories, those included of bookings that were
 * handed on to somebody else. Dates, rooms and amounts stay, so the figures do too. There is no way back.
 * @returns the ids by which answers that were given before can tell of the guest
 * @throws Problem NOT_FOUND, GUEST_EXPECTED
 */
export async function anonymise(trx: Trx, change: Change, guestId: string): Promise<string[]> {
  const mine = { hotel_id: change.actor.tenantId, guest_id: guestId };
  const called = await Guest.query(trx).findById([mine.hotel_id, guestId]);
  if (called === undefined) throw noSuchGuest();
  // The order in which a booking and an amendment take them: the name, the bookings, the guest. Who books meanwhile by the
  // name waits for the first, who books by the id for the last.
  await holdName(trx, mine.hotel_id, called);
  const lockBookings = () => Booking.query(trx).where(mine).orderBy("booking_id").forUpdate();
  await lockBookings();
  const guest = await lockGuest(trx, change, guestId);
  const bookings = await lockBookings();
  const expected = bookings.find(({ status }) => status === "confirmed" || status === "in_house");
  if (expected !== undefined) {
    throw pmsProblems.GUEST_EXPECTED("The desk needs the name until the guest has left.", {
      members: { booking_id: expected.booking_id },
    });
  }
  // Called otherwise since the name was held: who books by the new name waits for it, and the guest is in hand already.
  if (guest.name !== called.name) await holdName(trx, mine.hotel_id, guest);
  const nobody = { name: anonymousName, email: null, phone: null };
  await guest.$query(trx).patch({ ...nobody, anonymised_at: new Date(), version: guest.version + 1 });
  const gone = { guest_name: anonymousName, guest_email: null, guest_phone: null, notes: null };
  await trx("pms.bookings")
    .where(mine)
    .update({ ...gone, version: trx.raw("version + 1") });
  const ids = bookings.map(({ booking_id: id }) => id);
  await forgetHistory(trx, mine.hotel_id, guestId, ids, gone);
  const forgotten = bookings.map((booking) => booking.$clone().$set(gone));
  await recordChanges(
    trx,
    change.actor.name,
    "anonymise",
    forgotten.map((booking) => ({ before: booking, after: booking })),
  );
  return [guestId, ...ids];
}

/** The histories of the guest's bookings, and of what was the guest's in those of others. */
async function forgetHistory(trx: Trx, hotelId: string, guestId: string, ids: readonly string[], gone: object) {
  await trx.raw(
    `UPDATE pms.booking_history SET
       before = CASE WHEN booking_id = ANY(ids) OR before ->> 'guest_id' = guest THEN before || gone ELSE before END,
       after = CASE WHEN booking_id = ANY(ids) OR after ->> 'guest_id' = guest THEN after || gone ELSE after END,
       -- That there was a reason stays; its words may name the guest.
       reasons = CASE WHEN reasons IS NULL THEN NULL
         ELSE (SELECT jsonb_object_agg(reason, NULL::text) FROM jsonb_object_keys(reasons) AS reason) END
     FROM (SELECT ?::uuid AS hotel, ?::text AS guest, ?::uuid[] AS ids, ?::jsonb AS gone) AS asked
     WHERE hotel_id = hotel AND (booking_id = ANY(ids) OR before ->> 'guest_id' = guest OR after ->> 'guest_id' = guest)`,
    [hotelId, guestId, ids as string[], JSON.stringify(gone)],
  );
}

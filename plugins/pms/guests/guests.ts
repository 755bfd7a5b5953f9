/**
 * Recognizes and changes guests. Two bookings belong to one guest if the name is the same, and also the e-mail address
 * or the phone number. PostgreSQL folds them for the comparison (docs/decisions/0013). Many people share a name, and a
 * family shares an address, so neither is enough alone.
 */
import { defined, newId, prepare, requireMatch, type Trx, queryOne } from "../../../core/mod.ts";
import { type ChangeContext, updateBookings } from "../booking_record/change.ts";
import { deriveContacts } from "./contacts.ts";
import { noSuchGuest, pmsProblems } from "../errors.ts";
import { Guest } from "../models/guest.ts";

/** A guest's name, e-mail address and phone number. */
export interface Contact {
  readonly name: string;
  readonly email: string | null;
  readonly phone: string | null;
}

/** Makes SQL that finds the guest of a contact, by profiles first and former contacts second. The arguments are SQL. */
export const knownGuestSql = (hotel: string, name: string, email: string, phone: string): string =>
  `SELECT known.guest_id FROM (
     SELECT guest_id, name_key, false AS former FROM pms.guests
     WHERE hotel_id = ${hotel} AND email_key = pms.fold_text(${email}) AND anonymized_at IS NULL AND merged_into IS NULL
     UNION ALL
     SELECT guest_id, name_key, false FROM pms.guests
     WHERE hotel_id = ${hotel} AND phone_key = ANY (pms.phone_keys(${phone})) AND pms.same_phone(phone, ${phone})
       AND anonymized_at IS NULL AND merged_into IS NULL
     UNION ALL
     SELECT guest_id, name_key, true FROM pms.guest_contacts
     WHERE hotel_id = ${hotel} AND email_key = pms.fold_text(${email})
     UNION ALL
     SELECT guest_id, name_key, true FROM pms.guest_contacts
     WHERE hotel_id = ${hotel} AND phone_key = ANY (pms.phone_keys(${phone})) AND pms.same_phone(phone, ${phone})
   ) AS known WHERE known.name_key = pms.fold_text(${name}) ORDER BY known.former, known.guest_id LIMIT 1`;

const findStatement = prepare<{ guest_id: string }>(
  "pms_known_guest",
  knownGuestSql("$1", "$2::text", "$3::text", "$4::text"),
);

const lockIdentityStatement = prepare(
  "pms_lock_guest_identity",
  "SELECT pg_advisory_xact_lock(hashtextextended('pms guest ' || $1::text || ' ' || pms.fold_text($2::text), 0))",
);

/**
 * Locks the name of a guest until the end of the transaction, so that no other transaction creates or
 * anonymizes a guest of this name. A row lock can't do this, because the guest might not exist yet.
 *
 * A search after this lock sees guests that other transactions created before. A contact without e-mail and phone takes
 * no lock, because such a guest is never recognized. Call it before any room is locked, as bookings do.
 */
export async function lockGuestIdentity(trx: Trx, hotelId: string, { name, email, phone }: Contact): Promise<void> {
  if (email !== null || phone !== null) await lockIdentityStatement.run(trx, [hotelId, name]);
}

const lockIdentitiesStatement = prepare(
  "pms_lock_guest_identities",
  `SELECT pg_advisory_xact_lock(hashtextextended('pms guest ' || $1::text || ' ' || name_key, 0)) FROM (
     SELECT name_key FROM pms.guests
     WHERE hotel_id = $1::uuid AND (guest_id = ANY ($2::uuid[]) OR merged_into = ANY ($2::uuid[]))
     UNION SELECT name_key FROM pms.guest_contacts WHERE hotel_id = $1::uuid AND guest_id = ANY ($2::uuid[])
     ORDER BY 1 OFFSET 0) AS names`,
);

/**
 * Locks all names by which guests are recognized, as `lockGuestIdentity` does. These include the names of merged guests
 * and of former contacts.
 */
export async function lockGuestIdentitiesOf(trx: Trx, hotelId: string, guestIds: readonly string[]): Promise<void> {
  await lockIdentitiesStatement.run(trx, [hotelId, guestIds]);
}

/** Finds the guest of a contact, or creates one. @returns the guest's id */
export async function linkGuest(trx: Trx, hotelId: string, contact: Contact): Promise<string> {
  const { name, email, phone } = contact;
  const [, [known]] = await Promise.all([
    lockGuestIdentity(trx, hotelId, contact),
    findStatement.run(trx, [hotelId, name, email, phone]),
  ]);
  if (known !== undefined) return known.guest_id;
  const guestId = newId();
  await Guest.query(trx).insert({ hotel_id: hotelId, guest_id: guestId, name, email, phone });
  return guestId;
}

/**
 * Locks a guest against anonymization and merging until the end of the transaction.
 * Other transactions can take the same lock.
 * @param strength "share" also locks the profile against corrections
 * @throws Problem NOT_FOUND, GUEST_ANONYMOUS, GUEST_MERGED
 */
export async function shareLockGuest(
  trx: Trx,
  hotelId: string,
  guestId: string,
  strength: "key share" | "share" = "key share",
): Promise<Guest> {
  const query = Guest.query(trx).findById([hotelId, guestId]);
  const guest = await (strength === "share" ? query.forShare() : query.forKeyShare());
  if (guest === undefined) throw noSuchGuest();
  return requireKnown(guest);
}

/**
 * Locks a guest whose profile the caller is about to correct. Bookings of the guest do not wait for it.
 * @throws Problem NOT_FOUND, GUEST_ANONYMOUS, GUEST_MERGED
 */
export async function lockKnownGuest(trx: Trx, hotelId: string, guestId: string): Promise<Guest> {
  const guest = await Guest.query(trx).findById([hotelId, guestId]).forNoKeyUpdate();
  if (guest === undefined) throw noSuchGuest();
  return requireKnown(guest);
}

/** @throws Problem GUEST_ANONYMOUS, GUEST_MERGED */
export function requireKnown(guest: Guest): Guest {
  if (guest.anonymized_at !== null) {
    throw pmsProblems.GUEST_ANONYMOUS("The guest is anonymized. Book for a guest with a name.");
  }
  if (guest.merged_into === null) return guest;
  throw pmsProblems.GUEST_MERGED(`Use the guest ${guest.merged_into}, or unmerge this one first.`, {
    members: { guest_id: guest.merged_into },
  });
}

/** @throws Problem NOT_FOUND, PRECONDITION_FAILED */
export async function lockGuest(trx: Trx, { actor, ifMatch }: ChangeContext, guestId: string): Promise<Guest> {
  const guest = await Guest.query(trx).findById([actor.tenantId, guestId]).forUpdate();
  if (guest === undefined) throw noSuchGuest();
  requireMatch(ifMatch, guest.version);
  return guest;
}

/** Corrects a guest's contact, also in confirmed and in-house bookings. @returns the contact before */
export async function changeGuest(
  trx: Trx,
  change: ChangeContext,
  guestId: string,
  contact: { readonly [K in keyof Contact]?: Contact[K] | undefined },
): Promise<Contact> {
  const guest = requireKnown(await lockGuest(trx, change, guestId));
  const { name, email, phone } = guest;
  await writeContact(trx, change, guest, contact);
  await deriveContacts(trx, change.actor.tenantId, [guestId]);
  return { name, email, phone };
}

/**
 * Writes the given parts of a contact into a guest, and into confirmed and in-house bookings.
 * The caller must call `deriveContacts` after it.
 * @param except a booking that does not change
 */
export async function writeContact(
  trx: Trx,
  change: ChangeContext,
  guest: Guest,
  { name, email, phone }: { readonly [K in keyof Contact]?: Contact[K] | undefined },
  except?: string,
): Promise<void> {
  await guest.$query(trx).patch({ ...defined({ name, email, phone }), version: Guest.raw("version + 1") });
  const copies = defined({ guest_name: name, guest_email: email, guest_phone: phone });
  if (Object.keys(copies).length === 0) return;
  const ids = await lockBookingsOf(trx, guest, { areOpen: true });
  const others = ids.filter((id) => id !== except);
  await updateBookings(trx, change, "guest", others, copies);
}

/**
 * Locks all bookings of a guest, or some of them, ordered by id so that transactions do not deadlock.
 * @returns their ids only, because a guest can have more bookings than fit into memory
 */
export async function lockBookingsOf(
  trx: Trx,
  { hotel_id, guest_id }: Pick<Guest, "hotel_id" | "guest_id">,
  some: { readonly areOpen?: true; readonly ids?: readonly string[] } = {},
): Promise<string[]> {
  const { areOpen = false, ids } = some;
  const rows = await trx("pms.bookings")
    .where({ hotel_id, guest_id })
    .modify((list) => {
      if (areOpen) void list.whereIn("status", ["confirmed", "in_house"]);
      if (ids !== undefined) void list.whereRaw("booking_id = ANY (?::uuid[])", [[...ids]]);
    })
    .orderBy("booking_id")
    .forUpdate()
    .select<{ booking_id: string }[]>("booking_id");
  return rows.map(({ booking_id: id }) => id);
}

/** Says whether a name is another spelling of the name in a booking, and of the name in its guest's profile. */
export async function compareNames(
  trx: Trx,
  name: string,
  { shown, profile }: { readonly shown: string; readonly profile: string },
): Promise<{ readonly isShown: boolean; readonly isProfiles: boolean }> {
  return queryOne<{ isShown: boolean; isProfiles: boolean }>(
    trx,
    `SELECT pms.fold_text(:name) = pms.fold_text(:shown) AS "isShown",
       pms.fold_text(:name) = pms.fold_text(:profile) AS "isProfiles"`,
    { name, shown, profile },
  );
}

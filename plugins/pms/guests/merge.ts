/** Merges two guests who are one person, and undoes it. */
import { newId, type Trx } from "../../../core/mod.ts";
import { type ChangeContext, updateBookings } from "../booking_record/change.ts";
import { fieldFault, noSuchGuest, pmsProblems } from "../errors.ts";
import { Guest } from "../models/guest.ts";
import { deriveContacts } from "./contacts.ts";
import { lockGuestIdentitiesOf, lockBookingsOf, lockGuest, requireKnown } from "./guests.ts";

/** The most bookings of a duplicate. A person has fewer. To move these takes PostgreSQL a third of a second. */
const maxBookings = 1000;

/**
 * Gives the bookings of a duplicate to the surviving guest, and records it in the history of each. The bookings keep
 * their contact. Searches and new bookings also find the survivor by the contact of the duplicate.
 * @throws Problem NOT_FOUND, GUEST_ANONYMOUS, GUEST_MERGED, TOO_MANY_BOOKINGS, PRECONDITION_FAILED, VALIDATION_FAILED
 */
export async function merge(trx: Trx, change: ChangeContext, survivorId: string, duplicateId: string): Promise<void> {
  if (survivorId === duplicateId) throw fieldFault("body", "/duplicate_id", "must be another guest");
  const both = [survivorId, duplicateId];
  const hotelId = change.actor.tenantId;
  const theirs = { hotel_id: hotelId, guest_id: duplicateId };
  // Locks in the same order as anonymization: names, bookings, guests, and then bookings made since by the guest's id.
  await lockGuestIdentitiesOf(trx, hotelId, both);
  await lockBookingsOf(trx, theirs);
  await lockGuests(trx, hotelId, both);
  const survivor = requireKnown(await lockGuest(trx, change, survivorId));
  const duplicate = requireKnown(await lockGuest(trx, { ...change, ifMatch: undefined }, duplicateId));
  await lockGuestIdentitiesOf(trx, hotelId, both);
  const ids = await lockBookingsOf(trx, theirs);
  if (ids.length > maxBookings) {
    throw pmsProblems.TOO_MANY_BOOKINGS(
      `The duplicate has ${ids.length} bookings; the limit is ${maxBookings}. ` +
        "Merge in the other direction if the other guest has fewer.",
    );
  }
  await updateBookings(trx, change, "merge", ids, { guest_id: survivor.guest_id });
  const into = { merged_into: survivorId, version: Guest.raw("version + 1") };
  await Guest.query(trx).where({ hotel_id: hotelId, merged_into: duplicateId }).patch(into);
  await Guest.query(trx).findById([hotelId, duplicate.guest_id]).patch(into);
  await addVersion(trx, survivor);
  await trx("pms.guest_merges").insert({
    hotel_id: hotelId,
    merge_id: newId(),
    guest_id: duplicateId,
    survivor_id: survivorId,
    booking_ids: ids,
    merged_by: change.actor.name,
  });
  await deriveContacts(trx, hotelId, both);
}

/**
 * Undoes a merge. The guest gets back the bookings that the merge moved, if the other guest still has them. It also
 * gets back the guests that were merged into it before. Bookings made since the merge stay with the other guest.
 * @returns the id of the other guest
 * @throws Problem NOT_FOUND, GUEST_ANONYMOUS, GUEST_NOT_MERGED, PRECONDITION_FAILED
 */
export async function unmerge(trx: Trx, change: ChangeContext, guestId: string): Promise<string> {
  const hotelId = change.actor.tenantId;
  // Each merge of the other guest locks this name too, so after this lock `merged_into` does not change.
  await lockGuestIdentitiesOf(trx, hotelId, [guestId]);
  const found = await Guest.query(trx).findById([hotelId, guestId]);
  if (found === undefined) throw noSuchGuest();
  const ownerId = found.merged_into;
  const merged = await readMerge(trx, hotelId, guestId);
  if (ownerId === null || merged === undefined) {
    throw pmsProblems.GUEST_NOT_MERGED("The guest is not merged into another guest, so there is no merge to undo.");
  }
  await lockGuestIdentitiesOf(trx, hotelId, [ownerId]);
  const ids = await lockBookingsOf(trx, { hotel_id: hotelId, guest_id: ownerId }, { ids: merged.booking_ids });
  await lockGuests(trx, hotelId, [guestId, ownerId]);
  const guest = await lockGuest(trx, change, guestId);
  if (guest.anonymized_at !== null) requireKnown(guest);
  await updateBookings(trx, change, "unmerge", ids, { guest_id: guest.guest_id });
  await Guest.query(trx)
    .findById([hotelId, guestId])
    .patch({ merged_into: null, version: Guest.raw("version + 1") });
  await returnFollowers(trx, hotelId, guestId, ownerId);
  await addVersion(trx, { hotel_id: hotelId, guest_id: ownerId });
  await trx("pms.guest_merges")
    .where({ hotel_id: hotelId, merge_id: merged.merge_id })
    .update({ unmerged_at: trx.fn.now(), unmerged_by: change.actor.name });
  await deriveContacts(trx, hotelId, [guestId, ownerId]);
  return ownerId;
}

/** Locks guests ordered by id, so that transactions do not deadlock. */
async function lockGuests(trx: Trx, hotelId: string, ids: readonly string[]): Promise<void> {
  await Guest.query(trx).where({ hotel_id: hotelId }).whereIn("guest_id", ids).orderBy("guest_id").forUpdate();
}

type GuestKey = Pick<Guest, "hotel_id" | "guest_id">;

/** Gives a profile a new ETag, because a merge changes its number of bookings. */
async function addVersion(trx: Trx, { hotel_id, guest_id }: GuestKey): Promise<void> {
  await Guest.query(trx)
    .findById([hotel_id, guest_id])
    .patch({ version: Guest.raw("version + 1") });
}

interface Merge {
  readonly merge_id: string;
  readonly booking_ids: readonly string[];
}

async function readMerge(trx: Trx, hotelId: string, guestId: string): Promise<Merge | undefined> {
  const [row] = await trx("pms.guest_merges")
    .where({ hotel_id: hotelId, guest_id: guestId })
    .whereNull("unmerged_at")
    .select<Merge[]>("merge_id", "booking_ids");
  return row;
}

/** Gives a guest back the guests that were merged into it, directly or through other merges. */
async function returnFollowers(trx: Trx, hotelId: string, guestId: string, ownerId: string): Promise<void> {
  await trx.raw(
    `WITH RECURSIVE followers AS (
       SELECT m.guest_id FROM pms.guest_merges m
       WHERE m.hotel_id = :hotelId AND m.survivor_id = :guestId AND m.unmerged_at IS NULL
       UNION
       SELECT m.guest_id FROM pms.guest_merges m JOIN followers f ON m.survivor_id = f.guest_id
       WHERE m.hotel_id = :hotelId AND m.unmerged_at IS NULL
     )
     UPDATE pms.guests g SET merged_into = :guestId, version = version + 1 FROM followers f
     WHERE g.hotel_id = :hotelId AND g.guest_id = f.guest_id AND g.merged_into = :ownerId`,
    { hotelId, guestId, ownerId },
  );
}

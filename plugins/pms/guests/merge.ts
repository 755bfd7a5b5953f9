/** Merging two guests who are one person, and the way back. */
import { newId, type Trx } from "../../../core/mod.ts";
import { type ChangeContext, updateBookings } from "../booking_record/change.ts";
import { fieldFault, noSuchGuest, pmsProblems } from "../errors.ts";
import { Guest } from "../models/guest.ts";
import { deriveContacts } from "./contacts.ts";
import { lockGuestIdentitiesOf, lockBookingsOf, lockGuest, requireKnown } from "./guests.ts";

/** Bookings of a duplicate: a person has fewer, and these take a third of a second of the database. */
const mostBookings = 1000;

/**
 * Gives the bookings of a duplicate to the guest who survives, with a line in the history of each. The bookings show what
 * they showed, and the survivor is found and recognized by what the duplicate was called and reached by.
 * @throws Problem NOT_FOUND, GUEST_ANONYMOUS, GUEST_MERGED, TOO_MANY_BOOKINGS, PRECONDITION_FAILED, VALIDATION_FAILED
 */
export async function merge(trx: Trx, change: ChangeContext, survivorId: string, duplicateId: string): Promise<void> {
  if (survivorId === duplicateId) throw fieldFault("body", "/duplicate_id", "must be another guest");
  const both = [survivorId, duplicateId];
  const hotelId = change.actor.tenantId;
  const theirs = { hotel_id: hotelId, guest_id: duplicateId };
  // As forgetting does: the names, the bookings, the guests, and the bookings that were made meanwhile by the guest's id.
  await lockGuestIdentitiesOf(trx, hotelId, both);
  await lockBookingsOf(trx, theirs);
  await lockGuests(trx, hotelId, both);
  const survivor = requireKnown(await lockGuest(trx, change, survivorId));
  const duplicate = requireKnown(await lockGuest(trx, { ...change, ifMatch: undefined }, duplicateId));
  await lockGuestIdentitiesOf(trx, hotelId, both);
  const ids = await lockBookingsOf(trx, theirs);
  if (ids.length > mostBookings) {
    throw pmsProblems.TOO_MANY_BOOKINGS(
      `The duplicate has ${ids.length} bookings; ${mostBookings} are the most. Merge the other way round if that guest has fewer.`,
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
 * Takes a merge back: the guest is one of its own again, with the bookings that the merge gave away and the other guest
 * still has, and with the guests who had been merged into it before. Bookings made since stay where they are.
 * @returns the guest into whom it was merged
 * @throws Problem NOT_FOUND, GUEST_ANONYMOUS, GUEST_NOT_MERGED, PRECONDITION_FAILED
 */
export async function unmerge(trx: Trx, change: ChangeContext, guestId: string): Promise<string> {
  const hotelId = change.actor.tenantId;
  // Each merge of the guest who has the bookings holds this name, too: who that is does not change any more.
  await lockGuestIdentitiesOf(trx, hotelId, [guestId]);
  const called = await Guest.query(trx).findById([hotelId, guestId]);
  if (called === undefined) throw noSuchGuest();
  const ownerId = called.merged_into;
  const merged = await readMerge(trx, hotelId, guestId);
  if (ownerId === null || merged === undefined) {
    throw pmsProblems.GUEST_NOT_MERGED("There is no merge to take back.");
  }
  await lockGuestIdentitiesOf(trx, hotelId, [ownerId]);
  const ids = await lockBookingsOf(trx, { hotel_id: hotelId, guest_id: ownerId }, { ids: merged.booking_ids });
  await lockGuests(trx, hotelId, [guestId, ownerId]);
  const guest = await lockGuest(trx, change, guestId);
  if (guest.anonymised_at !== null) requireKnown(guest);
  await updateBookings(trx, change, "unmerge", ids, { guest_id: guest.guest_id });
  await Guest.query(trx)
    .findById([hotelId, guestId])
    .patch({ merged_into: null, version: Guest.raw("version + 1") });
  await takeAlong(trx, hotelId, guestId, ownerId);
  await addVersion(trx, { hotel_id: hotelId, guest_id: ownerId });
  await trx("pms.guest_merges")
    .where({ hotel_id: hotelId, merge_id: merged.merge_id })
    .update({ unmerged_at: trx.fn.now(), unmerged_by: change.actor.name });
  await deriveContacts(trx, hotelId, [guestId, ownerId]);
  return ownerId;
}

/** Locks guests by id, in one order for all. */
async function lockGuests(trx: Trx, hotelId: string, ids: readonly string[]): Promise<void> {
  await Guest.query(trx).where({ hotel_id: hotelId }).whereIn("guest_id", ids).orderBy("guest_id").forUpdate();
}

type GuestKey = Pick<Guest, "hotel_id" | "guest_id">;

/** A merge changes the bookings in a guest's profile, so the profile needs another ETag. */
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
  const [row] = (await trx("pms.guest_merges")
    .where({ hotel_id: hotelId, guest_id: guestId })
    .whereNull("unmerged_at")
    .select("merge_id", "booking_ids")) as Merge[];
  return row;
}

/** Returns to a guest those who had been merged into it, and those who had been merged into them. */
async function takeAlong(trx: Trx, hotelId: string, guestId: string, ownerId: string): Promise<void> {
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

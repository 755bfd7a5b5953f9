/** Anonymizes a guest on request. */
import type { Trx } from "../../../core/mod.ts";
import { type ChangeContext, readBookings } from "../booking_record/change.ts";
import { inBatches, recordHistory } from "../booking_record/history.ts";
import { pmsProblems } from "../errors.ts";
import { Guest } from "../models/guest.ts";
import { deriveContacts } from "./contacts.ts";
import { lockGuestIdentitiesOf, lockBookingsOf, lockGuest, requireKnown } from "./guests.ts";

/** Replaces the guest's name. */
const anonymousName = "Anonymous";

/**
 * Removes a guest's personal data. Dates, rooms and amounts stay, so the figures stay too. This can't be undone.
 *
 * It covers:
 * - the profile, and the profiles of guests merged into it,
 * - all bookings of the guest,
 * - their histories, also of bookings that another guest has now.
 * @returns the ids of the guests and bookings whose stored answers contain the data
 * @throws Problem NOT_FOUND, GUEST_EXPECTED, GUEST_MERGED
 */
export async function anonymize(trx: Trx, change: ChangeContext, guestId: string): Promise<string[]> {
  const mine = { hotel_id: change.actor.tenantId, guest_id: guestId };
  // Bookings and amendments lock in the same order: the name, the bookings, the guest. A concurrent booking by name
  // waits for the name's lock, and one by guest id waits for the guest's row.
  await lockGuestIdentitiesOf(trx, mine.hotel_id, [guestId]);
  await lockBookingsOf(trx, mine);
  const guest = await lockGuest(trx, change, guestId);
  if (guest.merged_into !== null) requireKnown(guest);
  const [expected] = await lockBookingsOf(trx, mine, { areOpen: true });
  if (expected !== undefined) {
    throw pmsProblems.GUEST_EXPECTED("The desk needs the name until the guest has left.", {
      members: { booking_id: expected },
    });
  }
  const ids = await lockBookingsOf(trx, mine);
  // The name can have changed before its lock. A booking by the new name waits for this lock.
  await lockGuestIdentitiesOf(trx, mine.hotel_id, [guestId]);
  const anonymous = { name: anonymousName, email: null, phone: null };
  const people = await Guest.query(trx)
    .where({ hotel_id: mine.hotel_id })
    .whereRaw("(guest_id = :guestId OR merged_into = :guestId)", { guestId })
    .patch({ ...anonymous, anonymized_at: new Date(), version: Guest.raw("version + 1") })
    .returning("guest_id");
  const guestIds = people.map(({ guest_id: id }) => id);
  await deriveContacts(trx, mine.hotel_id, guestIds);
  const gone = { guest_name: anonymousName, guest_email: null, guest_phone: null, notes: null };
  await trx("pms.bookings")
    .where(mine)
    .update({ ...gone, version: trx.raw("version + 1") });
  await forgetHistory(trx, mine.hotel_id, guestIds, ids, gone);
  for (const batch of inBatches(ids)) {
    const forgotten = await readBookings(trx, mine.hotel_id, batch);
    const entries = forgotten.map((booking) => ({ before: booking, after: booking }));
    await recordHistory(trx, change.actor.name, "anonymize", entries);
  }
  return [...guestIds, ...ids];
}

/** Removes the data from the histories of the guest's bookings, and from the guest's part of other histories. */
async function forgetHistory(
  trx: Trx,
  hotelId: string,
  guestIds: readonly string[],
  ids: readonly string[],
  gone: object,
): Promise<void> {
  await trx.raw(
    `UPDATE pms.booking_history SET
       before = CASE WHEN booking_id = ANY(ids) OR before ->> 'guest_id' = ANY(guests)
         THEN before || gone ELSE before END,
       after = CASE WHEN booking_id = ANY(ids) OR after ->> 'guest_id' = ANY(guests)
         THEN after || gone ELSE after END,
       -- The kinds of reasons stay. Their words can contain the guest's name.
       reasons = CASE WHEN reasons IS NULL THEN NULL
         ELSE (SELECT jsonb_object_agg(reason, NULL::text) FROM jsonb_object_keys(reasons) AS reason) END
     FROM (SELECT ?::uuid AS hotel, ?::text[] AS guests, ?::uuid[] AS ids, ?::jsonb AS gone) AS request
     WHERE hotel_id = hotel
       AND (booking_id = ANY(ids) OR before ->> 'guest_id' = ANY(guests) OR after ->> 'guest_id' = ANY(guests))`,
    [hotelId, [...guestIds], [...ids], JSON.stringify(gone)],
  );
}

/** Deletes a guest profile that a correction left without bookings. */
import type { Trx } from "../../../core/mod.ts";
import { Guest } from "../models/guest.ts";
import { type Contact, lockGuestIdentitiesOf } from "./guests.ts";

/**
 * Deletes a guest whose last booking was given to another guest, if the profile shows nothing that the booking does not
 * show. Such a profile is personal data that no one needs.
 *
 * A profile stays if:
 * - it has its own e-mail address or phone number, because it then belongs to another person,
 * - it was ever part of a merge.
 * @param shown the contact in the booking
 */
export async function deleteLeftover(trx: Trx, hotelId: string, guestId: string, shown: Contact): Promise<void> {
  // A concurrent booking for the guest has locked the name or the guest's row. Both locks must come before the DELETE.
  await lockGuestIdentitiesOf(trx, hotelId, [guestId]);
  const guest = await Guest.query(trx).findById([hotelId, guestId]).forUpdate();
  if (guest === undefined || guest.anonymized_at !== null || guest.merged_into !== null) return;
  await trx.raw(
    `DELETE FROM pms.guests g WHERE g.hotel_id = :hotelId AND g.guest_id = :guestId
       AND NOT EXISTS (SELECT FROM pms.bookings b WHERE b.hotel_id = g.hotel_id AND b.guest_id = g.guest_id)
       AND NOT EXISTS (SELECT FROM pms.guest_merges m
         WHERE m.hotel_id = g.hotel_id AND g.guest_id IN (m.guest_id, m.survivor_id))
       AND (g.email IS NULL OR g.email_key IS NOT DISTINCT FROM pms.fold_text(:email))
       AND (g.phone IS NULL OR coalesce(pms.same_phone(g.phone, :phone), false))`,
    { hotelId, guestId, email: shown.email, phone: shown.phone },
  );
}

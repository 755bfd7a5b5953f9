/** A profile that a correction has left without bookings. */
import type { Trx } from "../../../core/mod.ts";
import { Guest } from "../models/guest.ts";
import { type Contact, lockGuestIdentitiesOf } from "./guests.ts";

/**
 * Deletes a guest whose last booking has got another one, where the profile says nothing that the booking does not show:
 * personal data that would be found and never needed. A profile with an e-mail address or a phone of its own is another
 * person's, and stays. So does one that was ever a part of a merge.
 * @param shown what the booking shows now
 */
export async function deleteLeftover(trx: Trx, hotelId: string, guestId: string, shown: Contact): Promise<void> {
  // Who books for the guest meanwhile holds the name, or the guest's row: each is waited for before the look for bookings.
  await lockGuestIdentitiesOf(trx, hotelId, [guestId]);
  const guest = await Guest.query(trx).findById([hotelId, guestId]).forUpdate();
  if (guest === undefined || guest.anonymised_at !== null || guest.merged_into !== null) return;
  await trx.raw(
    `DELETE FROM pms.guests g WHERE g.hotel_id = :hotelId AND g.guest_id = :guestId
       AND NOT EXISTS (SELECT FROM pms.bookings b WHERE b.hotel_id = g.hotel_id AND b.guest_id = g.guest_id)
       AND NOT EXISTS (SELECT FROM pms.guest_merges m WHERE m.hotel_id = g.hotel_id AND g.guest_id IN (m.guest_id, m.survivor_id))
       AND (g.email IS NULL OR g.email_key IS NOT DISTINCT FROM pms.fold_text(:email))
       AND (g.phone IS NULL OR coalesce(pms.same_phone(g.phone, :phone), false))`,
    { hotelId, guestId, email: shown.email, phone: shown.phone },
  );
}

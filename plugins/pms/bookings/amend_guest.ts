/** Amends the guest of a booking, and updates the guest profiles that the amendment concerns. */
import type { Trx } from "../../../core/mod.ts";
import type { ChangeContext } from "../booking_record/change.ts";
import { deriveContacts } from "../guests/contacts.ts";
import { compareNames, lockKnownGuest, linkGuest, writeContact } from "../guests/guests.ts";
import { deleteLeftover } from "../guests/leftover.ts";
import type { Booking } from "../models/booking.ts";
import type { Amendment } from "./amendment.ts";

/**
 * Returns the booking's columns for an amended guest. Another name links another guest. Another spelling of the name
 * corrects the profile. The same name with other contacts is the same guest. A correction also applies to the guest's
 * future bookings.
 */
export async function amendGuest(
  trx: Trx,
  change: ChangeContext,
  booking: Booking,
  guest: NonNullable<Amendment["guest"]>,
): Promise<Partial<Booking>> {
  const profile = await lockKnownGuest(trx, booking.hotel_id, booking.guest_id);
  const contact = {
    name: guest.name ?? booking.guest_name,
    email: guest.email === undefined ? booking.guest_email : guest.email,
    phone: guest.phone === undefined ? booking.guest_phone : guest.phone,
  };
  const copies = { guest_name: contact.name, guest_email: contact.email, guest_phone: contact.phone };
  const names = { shown: booking.guest_name, profile: profile.name };
  const { isShown, isProfiles } = await compareNames(trx, contact.name, names);
  if (!isShown) return { ...copies, guest_id: await linkGuest(trx, booking.hotel_id, contact) };
  // If the booking shows a former name, its spelling must not replace the present name.
  const name = isProfiles && guest.name !== profile.name ? guest.name : undefined;
  await writeContact(trx, change, profile, { name, email: guest.email, phone: guest.phone }, booking.booking_id);
  return copies;
}

/** Updates the search contacts of the booking's guests, and deletes the former guest if no booking is left. */
export async function updateGuestRecords(trx: Trx, before: Booking, after: Booking): Promise<void> {
  await deriveContacts(trx, after.hotel_id, [before.guest_id, after.guest_id]);
  if (before.guest_id === after.guest_id) return;
  const shown = { name: after.guest_name, email: after.guest_email, phone: after.guest_phone };
  await deleteLeftover(trx, after.hotel_id, before.guest_id, shown);
}

/** Models guests: finds a known guest, and changes, merges and anonymizes guests. */
import { type ModelBooking, type ModelGuest, Refusal } from "./data.ts";
import type { ModelHotel } from "./hotel.ts";

type Body = Readonly<Record<string, unknown>>;

const guestOf = (hotel: ModelHotel, id: unknown): ModelGuest => {
  const guest = hotel.guests.find((one) => one.id === id);
  if (guest === undefined) throw new Refusal("NOT_FOUND");
  return guest;
};

function requireKnown({ isAnonymous, mergedInto }: ModelGuest): void {
  if (isAnonymous) throw new Refusal("GUEST_ANONYMOUS");
  if (mergedInto !== null) throw new Refusal("GUEST_MERGED");
}

/**
 * Finds the guest with a name and an e-mail address, or makes a new one. A match with a profile is preferred to a match
 * with a guest's bookings or with a guest that was merged into the guest. The oldest of several matches wins.
 */
export function guestFor(hotel: ModelHotel, name: string, email: string | null): ModelGuest {
  const hasContact = (contact: { name: string; email: string | null }): boolean =>
    email !== null && contact.email === email && contact.name === name;
  const guests = hotel.guests
    .filter(({ isAnonymous, mergedInto }) => !isAnonymous && mergedInto === null)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const former = guests.find(
    (guest) =>
      hotel.bookings.some((booking) => booking.guest === guest && hasContact(booking)) ||
      hotel.guests.some((other) => other.mergedInto === guest && hasContact(other)),
  );
  return (
    guests.find(hasContact) ?? former ?? { id: "", name, email, isAnonymous: false, mergedInto: null, wasMerged: false }
  );
}

/**
 * Deletes the guest that an amendment left without bookings. Keeps a guest that was part of a merge. Also keeps a guest
 * with an e-mail address that differs from the amended booking's, because only the profile has that address.
 */
export function deleteGuestWithoutBookings(hotel: ModelHotel, guest: ModelGuest, { email }: ModelBooking): void {
  if (guest.isAnonymous || guest.wasMerged || hotel.bookings.some((booking) => booking.guest === guest)) return;
  if (guest.email === null || guest.email === email) hotel.guests.splice(hotel.guests.indexOf(guest), 1);
}

const isExpected = ({ status }: ModelBooking): boolean => status === "confirmed" || status === "in_house";

export function changeGuest(hotel: ModelHotel, id: unknown, body: Body): void {
  const guest = guestOf(hotel, id);
  requireKnown(guest);
  const contact = body as { name: string; email: string };
  Object.assign(guest, contact);
  for (const booking of hotel.bookings)
    if (booking.guest === guest && isExpected(booking)) Object.assign(booking, contact);
}

/** Anonymizes a guest, and all guests that are merged into it. */
export function anonymize(hotel: ModelHotel, id: unknown): void {
  const guest = guestOf(hotel, id);
  if (guest.mergedInto !== null) requireKnown(guest);
  const bookings = hotel.bookings.filter((booking) => booking.guest === guest);
  if (bookings.some(isExpected)) throw new Refusal("GUEST_EXPECTED");
  const noContact = { name: "Anonymous", email: null };
  for (const one of hotel.guests)
    if (one === guest || one.mergedInto === guest) Object.assign(one, noContact, { isAnonymous: true });
  for (const booking of bookings) Object.assign(booking, noContact);
}

/** Gives the bookings of a duplicate, and the guests that were merged into the duplicate, to another guest. */
export function merge(hotel: ModelHotel, id: unknown, duplicateId: unknown): void {
  if (id === duplicateId) throw new Refusal("VALIDATION_FAILED");
  const [survivor, duplicate] = [guestOf(hotel, id), guestOf(hotel, duplicateId)];
  requireKnown(survivor);
  requireKnown(duplicate);
  const bookings = hotel.bookings.filter(({ guest }) => guest === duplicate);
  for (const booking of bookings) booking.guest = survivor;
  for (const one of hotel.guests) if (one === duplicate || one.mergedInto === duplicate) one.mergedInto = survivor;
  survivor.wasMerged = true;
  duplicate.wasMerged = true;
  hotel.merges.push({ duplicate, survivor, bookings });
}

/**
 * Undoes a merge. The guest gets its bookings back, if they still belong to the guest that it was merged into. It also
 * gets back the guests that had been merged into it, directly or through another guest.
 */
export function unmerge(hotel: ModelHotel, id: unknown): void {
  const guest = guestOf(hotel, id);
  const { mergedInto: owner } = guest;
  const merged = hotel.merges.find(({ duplicate }) => duplicate === guest);
  if (owner === null || merged === undefined) throw new Refusal("GUEST_NOT_MERGED");
  if (guest.isAnonymous) throw new Refusal("GUEST_ANONYMOUS");
  for (const booking of merged.bookings) if (booking.guest === owner) booking.guest = guest;
  hotel.merges = hotel.merges.filter((one) => one !== merged);
  guest.mergedInto = null;
  const returnDuplicates = (survivor: ModelGuest): void => {
    for (const { duplicate } of hotel.merges.filter((one) => one.survivor === survivor)) {
      if (duplicate.mergedInto !== owner) continue;
      duplicate.mergedInto = guest;
      returnDuplicates(duplicate);
    }
  };
  returnDuplicates(guest);
}
